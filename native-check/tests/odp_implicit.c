// SPDX-License-Identifier: MIT
/* An implicit MR covers the whole address space (ibv_reg_mr(3)): it works where it is reported, and is refused else. */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "../harness.h"
#include "../traffic.h"

TEST(odp_implicit)
{
	struct stage stage = stage_open(PAGES, ODP_READ | ODP_WRITE);
	bool reported = stage.device->attr.odp_caps.general_caps & IBV_ODP_SUPPORT_IMPLICIT;
	struct ibv_mr *mr;

	errno = 0;
	mr = ibv_reg_mr(stage.device->pd, NULL, SIZE_MAX, ALL_REMOTE | IBV_ACCESS_ON_DEMAND);
	if (!reported) {
		CHECK(!mr, "implicit ODP is not reported, but an implicit MR can be registered");
		CHECK(errno == EOPNOTSUPP || errno == EINVAL, "an implicit MR is refused with '%s'", strerror(errno));
		SKIP("device does not report implicit ODP (and refuses it)");
	}
	CHECK(mr, "ibv_reg_mr of an implicit MR: %s", strerror(errno));
	expect_absent(&stage.target, 0, PAGES, "after registering an implicit MR");
	mr_close(stage.target_mr);
	stage.target_mr = mr;
	stage_write(&stage, 1, 1);
	expect_page(&stage, 1, 1, "page written through an implicit MR");
	stage_read(&stage, 2, 0, "untouched page read through an implicit MR");
	expect_absent(&stage.target, 3, 1, "page nobody accessed");
	stage_close(&stage);
}
