// SPDX-License-Identifier: MIT
/*
 * Local memory that is not mapped: sending from it is a local protection error, receiving into it an error on both
 * sides (ibv_poll_cq(3); IBTA 9.9.2); after a reset both QPs work again. rxe up to at least Linux 7.3 finds the local
 * error, moves the QP to error and then flushes the request with the rest (rxe_requester() sets the status,
 * flush_send_queue() overwrites it), so a flush error is taken as well: nothing was sent, and the sender is told.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "../harness.h"
#include "../traffic.h"

TEST(odp_unmapped_local)
{
	struct stage stage = stage_open(PAGES, ODP_SEND | ODP_RECV | ODP_WRITE);
	uint8_t *gone = target_page(&stage, 2);
	struct ibv_sge into = { .addr = (uintptr_t)gone, .length = stage.chunk, .lkey = stage.target_mr->lkey };
	struct request send = { .opcode = IBV_WR_SEND, .id = 1, .local = gone, .length = stage.chunk,
				.lkey = stage.target_mr->lkey };
	struct ibv_wc wc;

	CHECK(munmap(gone, page_size()) == 0, "munmap: %s", strerror(errno));
	post(&stage.pair, send);
	wc = wait_for_id(stage.pair.a.send_cq, 1, "send from what is not mapped");
	CHECK(wc.status == IBV_WC_LOC_PROT_ERR || wc.status == IBV_WC_WR_FLUSH_ERR,
	      "send from what is not mapped: completed with '%s'", ibv_wc_status_str(wc.status));
	expect_state(stage.pair.a.qp, IBV_QPS_ERR, "after the failed send");
	pair_reset(&stage.pair);

	post_recv(&stage.pair, 2, &into, 1);
	send.id = 3;
	send.local = stage.source.at;
	send.lkey = stage.source_mr->lkey;
	post(&stage.pair, send);
	wait_status(stage.pair.a.send_cq, 3, IBV_WC_REM_OP_ERR, "send into what is not mapped");
	wc = wait_for_id(stage.pair.b.recv_cq, 2, "receive into what is not mapped");
	CHECK(wc.status == IBV_WC_LOC_PROT_ERR || wc.status == IBV_WC_LOC_QP_OP_ERR,
	      "receive into what is not mapped: completed with '%s'", ibv_wc_status_str(wc.status));
	pair_reset(&stage.pair);
	stage_write(&stage, 1, 5);
	expect_page(&stage, 1, 5, "page written over the QP after its reset");
	stage_close(&stage);
}
