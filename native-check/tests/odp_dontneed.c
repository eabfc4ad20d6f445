// SPDX-License-Identifier: MIT
/* MADV_DONTNEED takes written pages away: the device must see the fresh zeros (madvise(2)), never the old page. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "../harness.h"
#include "../traffic.h"

TEST(odp_dontneed)
{
	struct stage stage = stage_open(PAGES, ODP_READ | ODP_WRITE);

	for (uint32_t round = 1; round <= 20; round++) {
		size_t page = round % PAGES;

		stage_write(&stage, page, round);
		expect_page(&stage, page, round, "written page");
		CHECK(madvise(target_page(&stage, page), page_size(), MADV_DONTNEED) == 0, "madvise: %s", strerror(errno));
		expect_absent(&stage.target, page, 1, "after MADV_DONTNEED");
		if (round % 2)
			stage_read(&stage, page, 0, "read after MADV_DONTNEED");
		stage_write(&stage, page, round + 1000);
		expect_page(&stage, page, round + 1000, "page written after MADV_DONTNEED");
	}
	stage_close(&stage);
}
