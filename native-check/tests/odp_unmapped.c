// SPDX-License-Identifier: MIT
/*
 * Access to remote memory that is not mapped: remote access error (ibv_poll_cq(3)), the QP in error, what was queued
 * behind it flushed; reset, the same QP and MR work again.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "../harness.h"
#include "../traffic.h"

TEST(odp_unmapped)
{
	struct stage stage = stage_open(PAGES, ODP_READ | ODP_WRITE);
	struct request request = { .local = stage.source.at, .length = stage.chunk, .lkey = stage.source_mr->lkey,
				   .rkey = stage.target_mr->rkey };

	CHECK(munmap(target_page(&stage, 2), page_size()) == 0, "munmap: %s", strerror(errno));
	for (uint32_t round = 1; round <= 3; round++) {
		request.opcode = round == 2 ? IBV_WR_RDMA_READ : IBV_WR_RDMA_WRITE;
		request.id = 1;
		request.remote = target_page(&stage, 2);
		post(&stage.pair, request);
		request.id = 2;
		request.remote = target_page(&stage, 0);
		post(&stage.pair, request);
		wait_status(stage.pair.a.send_cq, 1, IBV_WC_REM_ACCESS_ERR, "access to what is not mapped");
		wait_status(stage.pair.a.send_cq, 2, IBV_WC_WR_FLUSH_ERR, "request behind the failed one");
		expect_state(stage.pair.a.qp, IBV_QPS_ERR, "after the failed access");
		pair_reset(&stage.pair);
		stage_write(&stage, 1, round);
		expect_page(&stage, 1, round, "page written over the QP after its reset");
	}
	stage_close(&stage);
}
