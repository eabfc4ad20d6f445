// SPDX-License-Identifier: MIT
/* Posting requests to a pair of queue pairs, and waiting for their completions. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <sched.h>
#include <string.h>
#include <time.h>

#include "harness.h"
#include "qp.h"

enum { COMPLETION_SECONDS = 8 };

/* Flush and atomic write exist only in the new interface (ibv_wr_post(3)). */
static void post_through_wr(struct ibv_qp *qp, const struct request *request, const struct ibv_sge *sge)
{
	struct ibv_qp_ex *ex = ibv_qp_to_qp_ex(qp);
	uint64_t remote = (uintptr_t)request->remote;
	int ret;

	ibv_wr_start(ex);
	ex->wr_id = request->id;
	ex->wr_flags = request->quiet ? 0 : IBV_SEND_SIGNALED;
	if (request->opcode == IBV_WR_FLUSH) {
		ibv_wr_flush(ex, request->rkey, remote, request->length, IBV_FLUSH_GLOBAL, IBV_FLUSH_RANGE);
	} else if (request->opcode == IBV_WR_ATOMIC_WRITE) {
		ibv_wr_atomic_write(ex, request->rkey, remote, request->local);
	} else {
		ibv_wr_rdma_write(ex, request->rkey, remote);
		ibv_wr_set_sge_list(ex, 1, sge);
	}
	ret = ibv_wr_complete(ex);
	CHECK(ret == 0, "ibv_wr_complete: %s", strerror(ret));
}

static bool is_atomic(enum ibv_wr_opcode opcode)
{
	return opcode == IBV_WR_ATOMIC_CMP_AND_SWP || opcode == IBV_WR_ATOMIC_FETCH_AND_ADD;
}

void post(struct pair *pair, struct request request)
{
	struct ibv_sge sge = { .addr = (uintptr_t)request.local, .length = request.length, .lkey = request.lkey };
	struct ibv_send_wr wr = {
		.wr_id = request.id,
		.sg_list = &sge,
		.num_sge = request.length ? 1 : 0,
		.opcode = request.opcode,
		.send_flags = request.quiet ? 0 : IBV_SEND_SIGNALED,
		.imm_data = htonl(request.imm),
	};
	struct ibv_send_wr *bad = NULL;
	int ret;

	test_step("posting request %llu, opcode %d", (unsigned long long)request.id, request.opcode);
	if (pair->through_wr) {
		post_through_wr(pair->a.qp, &request, &sge);
		return;
	}
	if (pair->type == IBV_QPT_UD) {
		wr.wr.ud.ah = pair->ah;
		wr.wr.ud.remote_qpn = pair->b.qp->qp_num;
		wr.wr.ud.remote_qkey = UD_QKEY;
	} else if (is_atomic(request.opcode)) {
		wr.wr.atomic.remote_addr = (uintptr_t)request.remote;
		wr.wr.atomic.rkey = request.rkey;
		wr.wr.atomic.compare_add = request.compare_add;
		wr.wr.atomic.swap = request.swap;
	} else {
		wr.wr.rdma.remote_addr = (uintptr_t)request.remote;
		wr.wr.rdma.rkey = request.rkey;
	}
	ret = ibv_post_send(pair->a.qp, &wr, &bad);
	CHECK(ret == 0, "ibv_post_send of opcode %d: %s", request.opcode, strerror(ret));
}

void post_recv(struct pair *pair, uint64_t id, struct ibv_sge *sge, int count)
{
	struct ibv_recv_wr wr = { .wr_id = id, .sg_list = sge, .num_sge = count }, *bad = NULL;
	int ret = pair->srq ? ibv_post_srq_recv(pair->srq, &wr, &bad) : ibv_post_recv(pair->b.qp, &wr, &bad);

	CHECK(ret == 0, "%s: %s", pair->srq ? "ibv_post_srq_recv" : "ibv_post_recv", strerror(ret));
}

static long elapsed_ms(const struct timespec *since)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - since->tv_sec) * 1000 + (now.tv_nsec - since->tv_nsec) / 1000000;
}

struct ibv_wc wait_any(struct ibv_cq *cq, const char *what)
{
	struct timespec start;
	struct ibv_wc wc;
	int got;

	clock_gettime(CLOCK_MONOTONIC, &start);
	test_step("waiting for the completion of %s", what);
	while ((got = ibv_poll_cq(cq, 1, &wc)) == 0) {
		CHECK(elapsed_ms(&start) < COMPLETION_SECONDS * 1000, "%s: no completion within %d s", what,
		      COMPLETION_SECONDS);
		sched_yield();
	}
	CHECK(got == 1, "%s: ibv_poll_cq returned %d", what, got);
	return wc;
}

struct ibv_wc wait_for_id(struct ibv_cq *cq, uint64_t id, const char *what)
{
	struct ibv_wc wc = wait_any(cq, what);

	CHECK(wc.wr_id == id, "%s: completion of request %llu, not %llu (%s)", what, (unsigned long long)wc.wr_id,
	      (unsigned long long)id, ibv_wc_status_str(wc.status));
	return wc;
}

struct ibv_wc wait_ok(struct ibv_cq *cq, uint64_t id, enum ibv_wc_opcode opcode, const char *what)
{
	struct ibv_wc wc = wait_for_id(cq, id, what);

	CHECK(wc.status == IBV_WC_SUCCESS, "%s: completed with '%s'", what, ibv_wc_status_str(wc.status));
	CHECK(wc.opcode == opcode, "%s: the completion's opcode is %d, not %d", what, wc.opcode, opcode);
	return wc;
}

void wait_status(struct ibv_cq *cq, uint64_t id, enum ibv_wc_status status, const char *what)
{
	struct ibv_wc wc = wait_for_id(cq, id, what);

	CHECK(wc.status == status, "%s: completed with '%s', not '%s'", what, ibv_wc_status_str(wc.status),
	      ibv_wc_status_str(status));
}

void expect_no_completion(struct ibv_cq *cq, const char *what)
{
	struct ibv_wc wc;

	CHECK(ibv_poll_cq(cq, 1, &wc) == 0, "%s: a completion of request %llu that nobody asked for", what,
	      (unsigned long long)wc.wr_id);
}

static enum ibv_wc_opcode completion_of(enum ibv_wr_opcode opcode)
{
	switch ((int)opcode) {
	case IBV_WR_RDMA_WRITE:
	case IBV_WR_RDMA_WRITE_WITH_IMM: return IBV_WC_RDMA_WRITE;
	case IBV_WR_RDMA_READ: return IBV_WC_RDMA_READ;
	case IBV_WR_ATOMIC_CMP_AND_SWP: return IBV_WC_COMP_SWAP;
	case IBV_WR_ATOMIC_FETCH_AND_ADD: return IBV_WC_FETCH_ADD;
	case IBV_WR_FLUSH: return IBV_WC_FLUSH;
	case IBV_WR_ATOMIC_WRITE: return IBV_WC_ATOMIC_WRITE;
	default: return IBV_WC_SEND;
	}
}

void do_request(struct pair *pair, struct request request, const char *what)
{
	request.quiet = false;
	post(pair, request);
	wait_ok(pair->a.send_cq, request.id, completion_of(request.opcode), what);
}
