// SPDX-License-Identifier: MIT
/* Prefetch with IBV_ADVISE_MR_FLAG_FLUSH: when the call returns, the pages are there, and no others. */
#include <errno.h>
#include <string.h>

#include "../harness.h"
#include "../prefetch.h"

TEST(odp_prefetch_sync)
{
	struct stage stage = stage_open(16, ODP_READ | ODP_WRITE);

	prefetch_ok(&stage, IBV_ADVISE_MR_ADVICE_PREFETCH_WRITE, IBV_ADVISE_MR_FLAG_FLUSH, 2, 4);
	expect_present(&stage.target, 2, 4, "after a prefetch for writing");
	expect_absent(&stage.target, 0, 2, "before what was prefetched");
	expect_absent(&stage.target, 6, 10, "behind what was prefetched");
	prefetch_ok(&stage, IBV_ADVISE_MR_ADVICE_PREFETCH, IBV_ADVISE_MR_FLAG_FLUSH, 10, 2);
	expect_present(&stage.target, 10, 2, "after a prefetch for reading");
	expect_absent(&stage.target, 12, 4, "behind what was prefetched for reading");
	stage_write(&stage, 3, 1);
	expect_page(&stage, 3, 1, "page prefetched for writing");
	stage_read(&stage, 10, 0, "page prefetched for reading");
	stage_write(&stage, 10, 2);
	expect_page(&stage, 10, 2, "page prefetched for reading, written");
	stage_close(&stage);
}
