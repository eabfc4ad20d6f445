// SPDX-License-Identifier: MIT
/*
 * What library and provider report is what the kernel says: neither more nor less. Catches a capability that a provider
 * drops or invents, which every other test would take for the truth.
 */
#include <string.h>

#include "../device.h"
#include "../harness.h"

#define SAME(NAME, REPORTED, KERNEL)                                                                        \
	CHECK((unsigned long long)(REPORTED) == (unsigned long long)(KERNEL),                               \
	      NAME ": ibv_query_device_ex says 0x%llx, the kernel 0x%llx", (unsigned long long)(REPORTED), \
	      (unsigned long long)(KERNEL))
#define SAME_BASE(FIELD) SAME(#FIELD, attr->orig_attr.FIELD, kernel.base.FIELD)

TEST(caps_kernel)
{
	struct device *device = device_open();
	const struct ibv_device_attr_ex *attr = &device->attr;
	struct ib_uverbs_ex_query_device_resp kernel;
	int ret = kernel_query(device, &kernel);

	if (ret)
		SKIP("the kernel does not answer QUERY_DEVICE by write(2): %s", strerror(ret));
	SAME("odp_caps.general_caps", attr->odp_caps.general_caps, kernel.odp_caps.general_caps);
	SAME("rc_odp_caps", attr->odp_caps.per_transport_caps.rc_odp_caps,
	     kernel.odp_caps.per_transport_caps.rc_odp_caps);
	SAME("uc_odp_caps", attr->odp_caps.per_transport_caps.uc_odp_caps,
	     kernel.odp_caps.per_transport_caps.uc_odp_caps);
	SAME("ud_odp_caps", attr->odp_caps.per_transport_caps.ud_odp_caps,
	     kernel.odp_caps.per_transport_caps.ud_odp_caps);
	SAME("xrc_odp_caps", attr->xrc_odp_caps, kernel.xrc_odp_caps);
	SAME("device_cap_flags_ex", attr->device_cap_flags_ex, kernel.device_cap_flags_ex);
	SAME_BASE(max_mr_size);
	SAME_BASE(max_qp);
	SAME_BASE(max_qp_wr);
	SAME_BASE(max_sge);
	SAME_BASE(max_cq);
	SAME_BASE(max_cqe);
	SAME_BASE(max_mr);
	SAME_BASE(max_pd);
	SAME_BASE(max_qp_rd_atom);
	SAME_BASE(max_qp_init_rd_atom);
	SAME_BASE(atomic_cap);
	SAME_BASE(max_srq);
	SAME_BASE(max_srq_wr);
	SAME_BASE(max_srq_sge);
	SAME_BASE(max_ah);
	SAME_BASE(max_pkeys);
	SAME_BASE(phys_port_cnt);
	test_note("kernel: ODP 0x%llx, RC 0x%x, UC 0x%x, UD 0x%x, XRC 0x%x",
		  (unsigned long long)kernel.odp_caps.general_caps, kernel.odp_caps.per_transport_caps.rc_odp_caps,
		  kernel.odp_caps.per_transport_caps.uc_odp_caps, kernel.odp_caps.per_transport_caps.ud_odp_caps,
		  kernel.xrc_odp_caps);
	device_close(device);
}
