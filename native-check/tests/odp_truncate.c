// SPDX-License-Identifier: MIT
/* A file under the MR is cut off: where a process would get SIGBUS (mmap(2)), the device's access is an error. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "../harness.h"
#include "../traffic.h"

TEST(odp_truncate)
{
	struct stage stage = stage_open(PAGES, ODP_READ | ODP_WRITE);

	mr_close(stage.target_mr);
	mem_free(&stage.target);
	stage.target = mem_absent_with_data(PAGES, 0x77);
	stage.target_mr = mr_on_demand(stage.device, &stage.target, ALL_REMOTE);
	stage_write(&stage, 0, 1);
	/* The file's pages stand in reverse order: the first page of the target is the last one of the file. */
	CHECK(ftruncate(stage.target.fd, (PAGES - 1) * page_size()) == 0, "ftruncate: %s", strerror(errno));
	expect_absent(&stage.target, 0, 1, "after ftruncate");
	stage_write_fails(&stage, 0, IBV_WC_REM_ACCESS_ERR, "write behind the end of the file");
	stage_write(&stage, 1, 2);
	expect_page(&stage, 1, 2, "page that is left");
	CHECK(ftruncate(stage.target.fd, PAGES * page_size()) == 0, "ftruncate: %s", strerror(errno));
	stage_read(&stage, 0, 0, "file grown again");
	stage_close(&stage);
}
