// SPDX-License-Identifier: MIT
/*
 * Memory that nobody ever touched: an RDMA read gives zeros and brings in one page; a write to what was only read
 * leaves the kernel's shared page of zeros alone (do_anonymous_page() in mm/memory.c).
 */
#include "../harness.h"
#include "../traffic.h"

TEST(odp_untouched)
{
	struct stage stage = stage_open(64, ODP_READ | ODP_WRITE);

	stage_read(&stage, 5, 0, "read of an untouched page");
	expect_present(&stage.target, 5, 1, "after the read");
	expect_absent(&stage.target, 0, 5, "pages before it");
	expect_absent(&stage.target, 6, 58, "pages behind it");
	stage_write(&stage, 5, 1);
	expect_page(&stage, 5, 1, "page that was read, then written");
	stage_write(&stage, 63, 2);
	expect_page(&stage, 63, 2, "last page, written without a read");
	stage_read(&stage, 40, 0, "another untouched page");
	expect_page(&stage, 5, 1, "page 5 at the end");
	CHECK(pages_present(stage.target.at, 64) == 3, "%zu pages are present, not the 3 that were accessed",
	      pages_present(stage.target.at, 64));
	stage_close(&stage);
}
