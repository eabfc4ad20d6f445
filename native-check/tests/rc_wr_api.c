// SPDX-License-Identifier: MIT
/* Each operation of the ibv_wr_*(3) interface, from one buffer and from a list of two. */
#include <arpa/inet.h>
#include <string.h>

#include "../harness.h"
#include "../mem.h"
#include "../qp.h"

enum {
	OPS = IBV_QP_EX_WITH_SEND | IBV_QP_EX_WITH_SEND_WITH_IMM | IBV_QP_EX_WITH_RDMA_WRITE |
	      IBV_QP_EX_WITH_RDMA_WRITE_WITH_IMM | IBV_QP_EX_WITH_RDMA_READ | IBV_QP_EX_WITH_ATOMIC_CMP_AND_SWP |
	      IBV_QP_EX_WITH_ATOMIC_FETCH_AND_ADD,
};

struct world {
	struct pair pair;
	struct ibv_qp_ex *qp;
	struct mem from, to;
	struct ibv_mr *from_mr, *to_mr;
	uint64_t id;
};

static void begin(struct world *w)
{
	memset(w->to.at, 0, w->to.length);
	w->qp->wr_id = ++w->id;
	w->qp->wr_flags = IBV_SEND_SIGNALED;
	ibv_wr_start(w->qp);
}

static void finish(struct world *w, enum ibv_wc_opcode opcode, const char *what)
{
	int ret = ibv_wr_complete(w->qp);

	CHECK(ret == 0, "%s: ibv_wr_complete: %s", what, strerror(ret));
	wait_ok(w->pair.a.send_cq, w->id, opcode, what);
}

/* Names the data: so many bytes of the pattern from its start. */
static size_t set_data(struct world *w, bool list)
{
	struct ibv_sge sge[2] = { { (uintptr_t)w->from.at, 100, w->from_mr->lkey },
				  { (uintptr_t)w->from.at + 100, 5000, w->from_mr->lkey } };

	if (!list) {
		ibv_wr_set_sge(w->qp, w->from_mr->lkey, (uintptr_t)w->from.at, 3000);
		return 3000;
	}
	ibv_wr_set_sge_list(w->qp, 2, sge);
	return 5100;
}

static void arrived(struct world *w, size_t length, const char *what)
{
	expect_pattern(w->to.at, length, 1, 0, what);
	expect_zeros(w->to.at + length, w->to.length - length, what);
}

static void received(struct world *w, enum ibv_wc_opcode opcode, size_t length, const char *what)
{
	struct ibv_wc wc = wait_ok(w->pair.b.recv_cq, w->id, opcode, what);

	CHECK(wc.byte_len == length, "%s: byte_len is %u, not %zu", what, wc.byte_len, length);
	CHECK((wc.wc_flags & IBV_WC_WITH_IMM) && ntohl(wc.imm_data) == 7777, "%s: no immediate data 7777", what);
}

static void writes(struct world *w, bool list)
{
	struct ibv_sge whole = { (uintptr_t)w->to.at, w->to.length, w->to_mr->lkey };
	size_t length;

	begin(w);
	ibv_wr_rdma_write(w->qp, w->to_mr->rkey, (uintptr_t)w->to.at);
	length = set_data(w, list);
	finish(w, IBV_WC_RDMA_WRITE, "ibv_wr_rdma_write");
	arrived(w, length, "ibv_wr_rdma_write");

	begin(w);
	post_recv(&w->pair, w->id, NULL, 0);
	ibv_wr_rdma_write_imm(w->qp, w->to_mr->rkey, (uintptr_t)w->to.at, htonl(7777));
	length = set_data(w, list);
	finish(w, IBV_WC_RDMA_WRITE, "ibv_wr_rdma_write_imm");
	received(w, IBV_WC_RECV_RDMA_WITH_IMM, length, "ibv_wr_rdma_write_imm");
	arrived(w, length, "ibv_wr_rdma_write_imm");

	begin(w);
	post_recv(&w->pair, w->id, &whole, 1);
	ibv_wr_send_imm(w->qp, htonl(7777));
	length = set_data(w, list);
	finish(w, IBV_WC_SEND, "ibv_wr_send_imm");
	received(w, IBV_WC_RECV, length, "ibv_wr_send_imm");
	arrived(w, length, "ibv_wr_send_imm");
}

static void read_and_atomics(struct world *w)
{
	uint64_t *local = (uint64_t *)w->to.at, before;

	begin(w);
	ibv_wr_rdma_read(w->qp, w->from_mr->rkey, (uintptr_t)w->from.at);
	ibv_wr_set_sge(w->qp, w->to_mr->lkey, (uintptr_t)w->to.at, 5000);
	finish(w, IBV_WC_RDMA_READ, "ibv_wr_rdma_read");
	arrived(w, 5000, "ibv_wr_rdma_read");
	if (w->pair.device->attr.orig_attr.atomic_cap == IBV_ATOMIC_NONE)
		return;
	memcpy(&before, w->from.at, 8);
	begin(w);
	ibv_wr_atomic_cmp_swp(w->qp, w->from_mr->rkey, (uintptr_t)w->from.at, before, 1000);
	ibv_wr_set_sge(w->qp, w->to_mr->lkey, (uintptr_t)w->to.at, 8);
	finish(w, IBV_WC_COMP_SWAP, "ibv_wr_atomic_cmp_swp");
	CHECK(*local == before, "ibv_wr_atomic_cmp_swp returned another value than the old one");
	begin(w);
	ibv_wr_atomic_fetch_add(w->qp, w->from_mr->rkey, (uintptr_t)w->from.at, 1);
	ibv_wr_set_sge(w->qp, w->to_mr->lkey, (uintptr_t)w->to.at, 8);
	finish(w, IBV_WC_FETCH_ADD, "ibv_wr_atomic_fetch_add");
	CHECK(*local == 1000, "ibv_wr_atomic_fetch_add returned another value than the one that was swapped in");
	memcpy(&before, w->from.at, 8);
	CHECK(before == 1001, "the word is %llu, not 1001", (unsigned long long)before);
}

TEST(rc_wr_api)
{
	struct device *device = device_open();
	struct world w = { .pair = pair_open(device, (struct pair_wish){ .type = IBV_QPT_RC, .send_ops = OPS }),
			   .from = mem_absent_with_data(2, 1), .to = mem_untouched(2) };
	const int all = IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_READ |
			IBV_ACCESS_REMOTE_ATOMIC;

	w.qp = ibv_qp_to_qp_ex(w.pair.a.qp);
	CHECK(w.qp, "a QP made with send operations has no struct ibv_qp_ex");
	w.from_mr = mr_pinned(device, &w.from, all);
	w.to_mr = mr_pinned(device, &w.to, all);
	writes(&w, false);
	writes(&w, true);
	read_and_atomics(&w);
	pair_close(&w.pair);
	mr_close(w.from_mr);
	mr_close(w.to_mr);
	mem_free(&w.from);
	mem_free(&w.to);
	device_close(device);
}
