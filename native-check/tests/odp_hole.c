// SPDX-License-Identifier: MIT
/* One MR over 2048 pages with a hole, registered with the hole in it: all but the hole works; filled, it works too. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "../harness.h"
#include "../traffic.h"

enum { MANY = 2048, HOLE = 1000, HOLE_PAGES = 16 };

TEST(odp_hole)
{
	static const size_t around[] = { 0, 1, 511, 512, HOLE - 1, HOLE + HOLE_PAGES, 1536, MANY - 1 };
	struct stage stage = stage_open(MANY, ODP_READ | ODP_WRITE);
	uint8_t *hole = target_page(&stage, HOLE);

	mr_close(stage.target_mr);
	CHECK(munmap(hole, HOLE_PAGES * page_size()) == 0, "munmap: %s", strerror(errno));
	stage.target_mr = mr_on_demand(stage.device, &stage.target, ALL_REMOTE);
	for (size_t i = 0; i < sizeof(around) / sizeof(*around); i++)
		stage_write(&stage, around[i], 1 + i);
	stage_write_fails(&stage, HOLE, IBV_WC_REM_ACCESS_ERR, "write to the hole's first page");
	stage_write_fails(&stage, HOLE + HOLE_PAGES - 1, IBV_WC_REM_ACCESS_ERR, "write to the hole's last page");
	for (size_t i = 0; i < sizeof(around) / sizeof(*around); i++) {
		expect_page(&stage, around[i], 1 + i, "page outside the hole");
		stage_read(&stage, around[i], 1 + i, "read outside the hole");
	}
	CHECK(mmap(hole, HOLE_PAGES * page_size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		   0) == hole,
	      "mmap: %s", strerror(errno));
	stage_write(&stage, HOLE, 50);
	expect_page(&stage, HOLE, 50, "the hole, filled");
	CHECK(pages_present(stage.target.at, MANY) == 9, "%zu pages are present, not the 9 that were accessed",
	      pages_present(stage.target.at, MANY));
	stage_close(&stage);
}
