// SPDX-License-Identifier: MIT
/* The ODP caps agree with one another, and with whether an on-demand MR can be had at all. */
#include <errno.h>
#include <string.h>

#include "../harness.h"
#include "../mem.h"

TEST(caps_odp)
{
	struct device *device = device_open();
	const struct ibv_odp_caps *caps = &device->attr.odp_caps;
	bool any = caps->per_transport_caps.rc_odp_caps || caps->per_transport_caps.uc_odp_caps ||
		   caps->per_transport_caps.ud_odp_caps || device->attr.xrc_odp_caps;
	struct mem mem = mem_untouched(1);
	struct ibv_mr *mr;

	if (caps->general_caps & IBV_ODP_SUPPORT) {
		CHECK(any, "ODP is reported, and for no transport");
		mr_close(mr_on_demand(device, &mem, IBV_ACCESS_LOCAL_WRITE));
	} else {
		CHECK(!any && !(caps->general_caps & IBV_ODP_SUPPORT_IMPLICIT),
		      "ODP is not reported, but kinds of it are");
		errno = 0;
		mr = ibv_reg_mr(device->pd, mem.at, mem.length, IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_ON_DEMAND);
		CHECK(!mr, "ODP is not reported, but an on-demand MR can be registered");
		/* EINVAL before Linux 6.2, EOPNOTSUPP since (ib_check_mr_access() of the kernel). */
		CHECK(errno == EOPNOTSUPP || errno == EINVAL, "an on-demand MR is refused with '%s'", strerror(errno));
	}
	mem_free(&mem);
	device_close(device);
}
