// SPDX-License-Identifier: MIT
/* The page table's rights count at the time of access: a device may not write where mprotect(2) took the right away. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "../harness.h"
#include "../traffic.h"

static void protect(struct stage *stage, size_t page, int rights)
{
	CHECK(mprotect(target_page(stage, page), page_size(), rights) == 0, "mprotect: %s", strerror(errno));
}

TEST(odp_mprotect)
{
	struct stage stage = stage_open(PAGES, ODP_READ | ODP_WRITE);

	stage_write(&stage, 1, 1);
	protect(&stage, 1, PROT_READ);
	stage_read(&stage, 1, 1, "read of a read-only page");
	stage_write_fails(&stage, 1, IBV_WC_REM_ACCESS_ERR, "write to a read-only page");
	expect_page(&stage, 1, 1, "read-only page after the write");

	protect(&stage, 1, PROT_NONE);
	stage_write_fails(&stage, 1, IBV_WC_REM_ACCESS_ERR, "write to a page without rights");

	protect(&stage, 1, PROT_READ | PROT_WRITE);
	stage_read(&stage, 1, 1, "read of a page with its rights back");
	stage_write(&stage, 1, 2);
	expect_page(&stage, 1, 2, "page with its rights back");
	stage_close(&stage);
}
