// SPDX-License-Identifier: MIT
/* An MR gives what its access flags say and no more: the rest is refused as remote access error, and nothing moves. */
#include "../harness.h"
#include "../mem.h"
#include "../qp.h"

static void refused(struct pair *pair, struct request request, const char *what)
{
	post(pair, request);
	wait_status(pair->a.send_cq, request.id, IBV_WC_REM_ACCESS_ERR, what);
	expect_state(pair->a.qp, IBV_QPS_ERR, what);
	pair_reset(pair);
}

TEST(rc_access)
{
	struct device *device = device_open();
	struct pair pair = pair_open(device, (struct pair_wish){ .type = IBV_QPT_RC });
	struct mem here = mem_absent_with_data(1, 1), there = mem_absent_with_data(1, 2);
	struct ibv_mr *mine = mr_pinned(device, &here, IBV_ACCESS_LOCAL_WRITE);
	struct ibv_mr *closed = mr_pinned(device, &there, IBV_ACCESS_LOCAL_WRITE);
	struct ibv_mr *readable = mr_pinned(device, &there, IBV_ACCESS_REMOTE_READ);
	struct ibv_mr *writable = mr_pinned(device, &there, IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE);
	struct request write = { .opcode = IBV_WR_RDMA_WRITE, .id = 1, .local = here.at, .length = 64,
				 .lkey = mine->lkey, .remote = there.at };
	struct request read = write;

	read.opcode = IBV_WR_RDMA_READ;
	write.rkey = closed->rkey;
	refused(&pair, write, "write to an MR without remote access");
	write.rkey = readable->rkey;
	refused(&pair, write, "write to an MR with remote read alone");
	read.rkey = closed->rkey;
	refused(&pair, read, "read of an MR without remote access");
	read.rkey = writable->rkey;
	refused(&pair, read, "read of an MR with remote write alone");
	write.rkey = writable->rkey;
	write.remote = there.at + there.length - 32;
	refused(&pair, write, "write off the end of an MR");
	expect_pattern(here.at, here.length, 1, 0, "local memory after what was refused");
	expect_pattern(there.at, there.length, 2, 0, "remote memory after what was refused");
	read.rkey = readable->rkey;
	do_request(&pair, read, "read of an MR with remote read");
	expect_pattern(here.at, 64, 2, 0, "what was read");
	pair_close(&pair);
	mr_close(mine);
	mr_close(closed);
	mr_close(readable);
	mr_close(writable);
	mem_free(&here);
	mem_free(&there);
	device_close(device);
}
