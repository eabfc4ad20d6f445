// SPDX-License-Identifier: MIT
/* ibv_query_device and ibv_query_device_ex tell one story: the same struct is the head of the new one. */
#include <string.h>

#include "../device.h"
#include "../harness.h"

#define SAME(FIELD)                                                                                         \
	CHECK(old.FIELD == now->FIELD, #FIELD ": ibv_query_device says %llu, ibv_query_device_ex %llu",      \
	      (unsigned long long)old.FIELD, (unsigned long long)now->FIELD)

TEST(caps_legacy)
{
	struct device *device = device_open();
	const struct ibv_device_attr *now = &device->attr.orig_attr;
	struct ibv_device_attr old;
	int ret;

	memset(&old, 0xa5, sizeof(old));
	ret = ibv_query_device(device->context, &old);
	CHECK(ret == 0, "ibv_query_device: %s", strerror(ret));
	CHECK(strncmp(old.fw_ver, now->fw_ver, sizeof(old.fw_ver)) == 0, "fw_ver: ibv_query_device says '%.64s', ibv_query_device_ex '%.64s'",
	      old.fw_ver, now->fw_ver);
	SAME(node_guid); SAME(sys_image_guid); SAME(max_mr_size); SAME(page_size_cap);
	SAME(vendor_id); SAME(vendor_part_id); SAME(hw_ver); SAME(device_cap_flags); SAME(phys_port_cnt);
	SAME(max_qp); SAME(max_qp_wr); SAME(max_sge); SAME(max_sge_rd); SAME(max_cq); SAME(max_cqe);
	SAME(max_mr); SAME(max_pd); SAME(max_mw); SAME(max_ah);
	SAME(max_qp_rd_atom); SAME(max_ee_rd_atom); SAME(max_res_rd_atom); SAME(max_qp_init_rd_atom);
	SAME(max_ee_init_rd_atom); SAME(atomic_cap); SAME(max_ee); SAME(max_rdd);
	SAME(max_raw_ipv6_qp); SAME(max_raw_ethy_qp);
	SAME(max_mcast_grp); SAME(max_mcast_qp_attach); SAME(max_total_mcast_qp_attach);
	SAME(max_srq); SAME(max_srq_wr); SAME(max_srq_sge); SAME(max_pkeys); SAME(local_ca_ack_delay);
	/* The low word of the new flags is the old field (ibv_query_device_ex(3)). */
	CHECK((uint32_t)device->attr.device_cap_flags_ex == old.device_cap_flags,
	      "device_cap_flags is 0x%x, device_cap_flags_ex 0x%llx", old.device_cap_flags,
	      (unsigned long long)device->attr.device_cap_flags_ex);
	device_close(device);
}
