// SPDX-License-Identifier: MIT
/* ibv_rereg_mr(3) of an on-demand MR takes a right away and gives it back; a provider without the verb says so. */
#include <errno.h>
#include <string.h>

#include "../harness.h"
#include "../traffic.h"

static void change_access(struct stage *stage, int access)
{
	int ret;

	errno = 0;
	test_step("ibv_rereg_mr to access 0x%x", access);
	ret = ibv_rereg_mr(stage->target_mr, IBV_REREG_MR_CHANGE_ACCESS, NULL, NULL, 0, access | IBV_ACCESS_ON_DEMAND);
	if (ret && (errno == EOPNOTSUPP || errno == ENOSYS))
		SKIP("provider does not support ibv_rereg_mr of an on-demand MR (%s)", strerror(errno));
	CHECK(ret == 0, "ibv_rereg_mr: %d, %s", ret, strerror(errno));
}

TEST(odp_rereg_mr)
{
	struct stage stage = stage_open(PAGES, ODP_READ | ODP_WRITE);

	stage_write(&stage, 1, 1);
	change_access(&stage, IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_READ);
	stage_read(&stage, 1, 1, "read of an MR that lost remote write");
	stage_write_fails(&stage, 1, IBV_WC_REM_ACCESS_ERR, "write to an MR that lost remote write");
	change_access(&stage, ALL_REMOTE);
	stage_write(&stage, 1, 2);
	expect_page(&stage, 1, 2, "page of an MR that has remote write again");
	stage_close(&stage);
}
