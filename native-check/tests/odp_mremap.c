// SPDX-License-Identifier: MIT
/* mremap(2) takes pages elsewhere. The MR stays with the address: the moved page must never be written again. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "../harness.h"
#include "../traffic.h"

TEST(odp_mremap)
{
	struct stage stage = stage_open(PAGES, ODP_READ | ODP_WRITE);
	struct mem elsewhere = mem_untouched(1);
	uint8_t *old = target_page(&stage, 1);

	stage_write(&stage, 1, 1);
	CHECK(mremap(old, page_size(), page_size(), MREMAP_MAYMOVE | MREMAP_FIXED, elsewhere.at) == elsewhere.at,
	      "mremap: %s", strerror(errno));
	expect_pattern(elsewhere.at, stage.chunk, 1, 0, "moved page");
	stage_write_fails(&stage, 1, IBV_WC_REM_ACCESS_ERR, "write to where a page was");
	expect_pattern(elsewhere.at, stage.chunk, 1, 0, "moved page after a write to its old address");

	CHECK(mmap(old, page_size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == old,
	      "mmap: %s", strerror(errno));
	stage_write(&stage, 1, 2);
	expect_page(&stage, 1, 2, "new page at the old address");
	expect_pattern(elsewhere.at, stage.chunk, 1, 0, "moved page after the new one was written");

	/* And back, over the new one: the device must find the page that came. */
	CHECK(mremap(elsewhere.at, page_size(), page_size(), MREMAP_MAYMOVE | MREMAP_FIXED, old) == old, "mremap: %s",
	      strerror(errno));
	stage_read(&stage, 1, 1, "page that was moved back");
	stage_write(&stage, 1, 3);
	expect_page(&stage, 1, 3, "page that was moved back, written");
	munmap(elsewhere.at - page_size(), page_size());
	munmap(elsewhere.at + page_size(), page_size());
	stage_close(&stage);
}
