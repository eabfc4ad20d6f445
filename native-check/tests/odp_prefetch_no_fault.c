// SPDX-License-Identifier: MIT
/* IBV_ADVISE_MR_ADVICE_PREFETCH_NO_FAULT takes what the process has and brings in nothing. */
#include <string.h>

#include "../harness.h"
#include "../prefetch.h"

TEST(odp_prefetch_no_fault)
{
	struct stage stage = stage_open(16, ODP_READ | ODP_WRITE);

	fill(target_page(&stage, 4), stage.chunk, 6, 0);
	fill(target_page(&stage, 5), stage.chunk, 7, 0);
	prefetch_ok(&stage, IBV_ADVISE_MR_ADVICE_PREFETCH_NO_FAULT, IBV_ADVISE_MR_FLAG_FLUSH, 4, 2);
	stage_read(&stage, 4, 6, "page the process had");
	/* A range with pages that are absent may be refused or taken (ibv_advise_mr(3) does not say): it may not fault. */
	test_note("over absent pages: %s",
		  strerror(prefetch(&stage, IBV_ADVISE_MR_ADVICE_PREFETCH_NO_FAULT, IBV_ADVISE_MR_FLAG_FLUSH, 0, 16)));
	expect_absent(&stage.target, 0, 4, "pages before, after a prefetch without fault");
	expect_absent(&stage.target, 6, 10, "pages behind, after a prefetch without fault");
	stage_read(&stage, 5, 7, "the process's other page");
	stage_write(&stage, 8, 8);
	expect_page(&stage, 8, 8, "page that was absent, written");
	stage_close(&stage);
}
