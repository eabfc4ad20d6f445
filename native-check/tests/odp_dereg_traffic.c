// SPDX-License-Identifier: MIT
/*
 * The target's MR goes while writes to it are under way: each write completes, first with success, then one with remote
 * access error, then flushed; none after the deregistration reaches the memory; a new MR works over the QP, reset.
 */
#include <string.h>

#include "../harness.h"
#include "../traffic.h"

enum { WRITES = 32, ROUNDS = 4 };

static void round_of_writes(struct stage *stage)
{
	enum { SUCCESS, ERROR, FLUSHED } now = SUCCESS;
	struct request request = { .opcode = IBV_WR_RDMA_WRITE, .local = stage->source.at, .length = stage->chunk,
				   .lkey = stage->source_mr->lkey, .rkey = stage->target_mr->rkey };

	fill(stage->source.at, stage->chunk, 5, 0);
	for (request.id = 0; request.id < WRITES; request.id++) {
		request.remote = target_page(stage, request.id % PAGES);
		post(&stage->pair, request);
		if (request.id == WRITES / 4) {
			mr_close(stage->target_mr);
			memset(stage->target.at, 0, stage->target.length);
		}
	}
	for (uint64_t id = 0; id < WRITES; id++) {
		struct ibv_wc wc = wait_for_id(stage->pair.a.send_cq, id, "write under deregistration");

		if (wc.status == IBV_WC_REM_ACCESS_ERR && now == SUCCESS)
			now = ERROR;
		else if (wc.status == IBV_WC_WR_FLUSH_ERR && now != SUCCESS)
			now = FLUSHED;
		else
			CHECK(wc.status == IBV_WC_SUCCESS && now == SUCCESS, "write %d of %d: '%s' out of order", (int)id,
			      WRITES, ibv_wc_status_str(wc.status));
	}
	CHECK(now != SUCCESS, "writes to an MR that was deregistered succeeded");
	expect_zeros(stage->target.at, stage->target.length, "memory after its MR was deregistered");
	pair_reset(&stage->pair);
}

TEST(odp_dereg_traffic)
{
	struct stage stage = stage_open(PAGES, ODP_WRITE);

	for (uint32_t round = 1; round <= ROUNDS; round++) {
		round_of_writes(&stage);
		stage.target_mr = mr_on_demand(stage.device, &stage.target, ALL_REMOTE);
		stage_write(&stage, 0, round);
		expect_page(&stage, 0, round, "page written through the new MR");
	}
	stage_close(&stage);
}
