// SPDX-License-Identifier: MIT
/* An on-demand MR without IBV_ACCESS_LOCAL_WRITE: it can be read and sent from, and nothing can be written to it. */
#include "../harness.h"
#include "../traffic.h"

TEST(odp_read_only)
{
	struct stage stage = stage_open(PAGES, ODP_READ | ODP_WRITE | ODP_SEND);
	struct ibv_sge into;

	mr_close(stage.target_mr);
	mem_free(&stage.target);
	stage.target = mem_absent_with_data(PAGES, 8);
	stage.target_mr = mr_on_demand(stage.device, &stage.target, IBV_ACCESS_REMOTE_READ);
	stage_read(&stage, 0, 8, "read of a read-only MR"); /* page 0 starts the pattern */
	stage_write_fails(&stage, 1, IBV_WC_REM_ACCESS_ERR, "write to a read-only MR");
	expect_absent(&stage.target, 1, 1, "page of the refused write");
	expect_pattern(stage.target.at, stage.target.length, 8, 0, "read-only MR after the refused write");

	into = (struct ibv_sge){ .addr = (uintptr_t)stage.source.at, .length = stage.chunk,
				 .lkey = stage.source_mr->lkey };
	post_recv(&stage.pair, 1, &into, 1);
	do_request(&stage.pair,
		   (struct request){ .opcode = IBV_WR_SEND, .id = 2, .local = stage.target.at, .length = stage.chunk,
				     .lkey = stage.target_mr->lkey },
		   "send from a read-only MR");
	wait_ok(stage.pair.b.recv_cq, 1, IBV_WC_RECV, "receive");
	expect_pattern(stage.source.at, stage.chunk, 8, 0, "what was sent from a read-only MR");
	stage_close(&stage);
}
