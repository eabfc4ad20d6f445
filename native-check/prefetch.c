// SPDX-License-Identifier: MIT
/* ibv_advise_mr(3) over pages of a stage's target. */
#include <errno.h>
#include <string.h>

#include "harness.h"
#include "prefetch.h"

int prefetch(struct stage *stage, enum ibv_advise_mr_advice advice, uint32_t flags, size_t first, size_t pages)
{
	struct ibv_sge sge = { .addr = (uintptr_t)target_page(stage, first), .length = pages * page_size(),
			       .lkey = stage->target_mr->lkey };
	int ret;

	test_step("prefetching %zu pages from page %zu, advice %d", pages, first, advice);
	ret = ibv_advise_mr(stage->pair.device->pd, advice, flags, &sge, 1);
	if (ret == EOPNOTSUPP || ret == ENOSYS || ret == ENOTSUP)
		SKIP("device does not support advice %d of ibv_advise_mr (%s)", advice, strerror(ret));
	return ret;
}

void prefetch_ok(struct stage *stage, enum ibv_advise_mr_advice advice, uint32_t flags, size_t first, size_t pages)
{
	int ret = prefetch(stage, advice, flags, first, pages);

	CHECK(ret == 0, "ibv_advise_mr, advice %d, flags %u: %s", advice, flags, strerror(ret));
}
