// SPDX-License-Identifier: MIT
/* Prefetch that cannot be is refused with an errno of ibv_advise_mr(3): a wrong key, no right to write, a hole. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "../harness.h"
#include "../prefetch.h"

TEST(odp_prefetch_refused)
{
	struct stage stage = stage_open(PAGES, ODP_READ | ODP_WRITE);
	struct mem other = mem_untouched(1);
	struct ibv_mr *read_only = mr_on_demand(stage.device, &other, IBV_ACCESS_REMOTE_READ);
	struct ibv_sge sge = { .addr = (uintptr_t)other.at, .length = page_size(), .lkey = read_only->lkey };
	int ret;

	/* Past this, the verb is there. */
	prefetch_ok(&stage, IBV_ADVISE_MR_ADVICE_PREFETCH, IBV_ADVISE_MR_FLAG_FLUSH, 0, 1);
	ret = ibv_advise_mr(stage.device->pd, IBV_ADVISE_MR_ADVICE_PREFETCH_WRITE, IBV_ADVISE_MR_FLAG_FLUSH, &sge, 1);
	CHECK(ret == EPERM || ret == EFAULT || ret == EINVAL, "prefetch for writing of a read-only MR: %s", strerror(ret));
	CHECK(pages_present(other.at, 1) == 0, "the refused prefetch brought the page in");
	mr_close(read_only);
	ret = ibv_advise_mr(stage.device->pd, IBV_ADVISE_MR_ADVICE_PREFETCH, IBV_ADVISE_MR_FLAG_FLUSH, &sge, 1);
	CHECK(ret == EFAULT || ret == ENOENT || ret == EINVAL, "prefetch with the key of an MR that is gone: %s",
	      strerror(ret));
	CHECK(munmap(target_page(&stage, 2), page_size()) == 0, "munmap: %s", strerror(errno));
	ret = prefetch(&stage, IBV_ADVISE_MR_ADVICE_PREFETCH, IBV_ADVISE_MR_FLAG_FLUSH, 2, 1);
	CHECK(ret == EFAULT, "prefetch of what is not mapped: %s, not EFAULT", strerror(ret));
	stage_write(&stage, 1, 1);
	expect_page(&stage, 1, 1, "page written after the refusals");
	mem_free(&other);
	stage_close(&stage);
}
