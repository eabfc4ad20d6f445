// SPDX-License-Identifier: MIT
/* Prefetch without the flush flag may come later or never (ibv_advise_mr(3): best effort); access works meanwhile. */
#include <time.h>

#include "../harness.h"
#include "../prefetch.h"

TEST(odp_prefetch_async)
{
	struct stage stage = stage_open(64, ODP_READ | ODP_WRITE);
	const struct timespec pause = { .tv_nsec = 2000000 };
	size_t present = 0;

	prefetch_ok(&stage, IBV_ADVISE_MR_ADVICE_PREFETCH_WRITE, 0, 0, 32);
	stage_write(&stage, 31, 1);
	expect_page(&stage, 31, 1, "page written while it is prefetched");
	for (int i = 0; i < 500 && present < 32; i++) {
		present = pages_present(stage.target.at, 32);
		nanosleep(&pause, NULL);
	}
	test_note("%zu of 32 pages came", present);
	expect_absent(&stage.target, 32, 32, "behind what was prefetched");
	/* The MR goes while a prefetch of it may still be on its way. */
	prefetch_ok(&stage, IBV_ADVISE_MR_ADVICE_PREFETCH_WRITE, 0, 32, 32);
	stage_close(&stage);
}
