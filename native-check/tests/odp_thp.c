// SPDX-License-Identifier: MIT
/* On-demand memory that the kernel may make a transparent huge page of, collapsed and split under the MR (madvise(2)). */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "../harness.h"
#include "../traffic.h"

enum { HUGE = 2 << 20 };

TEST(odp_thp)
{
	struct stage stage = stage_open(2 * HUGE / page_size(), ODP_READ | ODP_WRITE);
	size_t in_page = (uintptr_t)stage.target.at % HUGE;
	size_t first = in_page ? (HUGE - in_page) / page_size() : 0; /* of the aligned 2 MiB */
	uint8_t *huge = target_page(&stage, first);

	if (madvise(huge, HUGE, MADV_HUGEPAGE) != 0)
		SKIP("the kernel has no transparent huge pages: %s", strerror(errno));
	stage_write(&stage, first, 1);
	stage_write(&stage, first + 300, 2);
	expect_page(&stage, first, 1, "start of a huge page");
	expect_page(&stage, first + 300, 2, "middle of a huge page");
	test_note("%zu of %zu pages came with two accesses", pages_present(huge, HUGE / page_size()), HUGE / page_size());
	/* Splits it: one small page in its middle goes. */
	CHECK(madvise(target_page(&stage, first + 300), page_size(), MADV_DONTNEED) == 0, "madvise: %s", strerror(errno));
	stage_read(&stage, first + 300, 0, "page cut out of a huge page");
	stage_read(&stage, first, 1, "rest of the huge page");
	stage_write(&stage, first + 300, 3);
	stage_write(&stage, first + 301, 4);
	expect_page(&stage, first + 300, 3, "page cut out, written");
	expect_page(&stage, first + 301, 4, "its neighbour, written");
	expect_page(&stage, first, 1, "start of the split huge page");
	stage_close(&stage);
}
