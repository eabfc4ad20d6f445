// SPDX-License-Identifier: MIT
/* Two connected queue pairs on one device, and posting to them. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <time.h>

#include "harness.h"
#include "qp.h"

enum { PSN = 0x123456, QKEY = 0x11111111, COMPLETION_SECONDS = 5 };

static void modify(struct ibv_qp *qp, struct ibv_qp_attr *attr, int mask, const char *to)
{
	int ret = ibv_modify_qp(qp, attr, mask);

	CHECK(ret == 0, "ibv_modify_qp to %s: %s", to, strerror(ret));
}

static void to_init(const struct pair *pair, struct ibv_qp *qp)
{
	struct ibv_qp_attr attr = {
		.qp_state = IBV_QPS_INIT,
		.port_num = pair->device->port,
		.qkey = QKEY,
		.qp_access_flags = IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE,
	};
	int mask = IBV_QP_STATE | IBV_QP_PKEY_INDEX | IBV_QP_PORT;

	if (pair->type == IBV_QPT_RC)
		attr.qp_access_flags |= IBV_ACCESS_REMOTE_READ | IBV_ACCESS_REMOTE_ATOMIC;
	/* The flush bits of a QP are there only where the device has flush (ibv_modify_qp(3)). */
	if (pair->type == IBV_QPT_RC && (pair->device->attr.device_cap_flags_ex & CAP_FLUSH_GLOBAL))
		attr.qp_access_flags |= IBV_ACCESS_FLUSH_GLOBAL;
	modify(qp, &attr, mask | (pair->type == IBV_QPT_UD ? IBV_QP_QKEY : IBV_QP_ACCESS_FLAGS), "INIT");
}

static struct ibv_ah_attr to_ourselves(const struct device *device)
{
	return (struct ibv_ah_attr){
		.is_global = 1,
		.grh = { .dgid = device->gid, .sgid_index = device->gid_index, .hop_limit = 64 },
		.dlid = device->port_attr.lid,
		.port_num = device->port,
	};
}

static void to_rtr(const struct pair *pair, struct ibv_qp *qp, struct ibv_qp *peer)
{
	struct ibv_qp_attr attr = {
		.qp_state = IBV_QPS_RTR,
		.path_mtu = pair->device->port_attr.active_mtu,
		.dest_qp_num = peer->qp_num,
		.rq_psn = PSN,
		.max_dest_rd_atomic = 1,
		.min_rnr_timer = 1,
		.ah_attr = to_ourselves(pair->device),
	};
	int mask = IBV_QP_STATE;

	if (pair->type != IBV_QPT_UD)
		mask |= IBV_QP_AV | IBV_QP_PATH_MTU | IBV_QP_DEST_QPN | IBV_QP_RQ_PSN;
	if (pair->type == IBV_QPT_RC)
		mask |= IBV_QP_MAX_DEST_RD_ATOMIC | IBV_QP_MIN_RNR_TIMER;
	modify(qp, &attr, mask, "RTR");
}

static void to_rts(const struct pair *pair, struct ibv_qp *qp)
{
	struct ibv_qp_attr attr = {
		.qp_state = IBV_QPS_RTS,
		.sq_psn = PSN,
		.timeout = 17, /* 0.5 s: a slow guest is no reason to send again */
		.retry_cnt = 6,
		.rnr_retry = 6,
		.max_rd_atomic = 1,
	};
	int mask = IBV_QP_STATE | IBV_QP_SQ_PSN;

	if (pair->type == IBV_QPT_RC)
		mask |= IBV_QP_TIMEOUT | IBV_QP_RETRY_CNT | IBV_QP_RNR_RETRY | IBV_QP_MAX_QP_RD_ATOMIC;
	modify(qp, &attr, mask, "RTS");
}

static void connect_both(const struct pair *pair)
{
	test_step("connecting the queue pairs");
	to_init(pair, pair->a.qp);
	to_init(pair, pair->b.qp);
	to_rtr(pair, pair->a.qp, pair->b.qp);
	to_rtr(pair, pair->b.qp, pair->a.qp);
	to_rts(pair, pair->a.qp);
	to_rts(pair, pair->b.qp);
}

static struct ibv_cq *create_cq(struct device *device)
{
	struct ibv_cq *cq = ibv_create_cq(device->context, QUEUE_DEPTH, NULL, NULL, 0);

	CHECK(cq, "ibv_create_cq: %s", strerror(errno));
	return cq;
}

static struct ibv_qp *create_qp(struct pair *pair, const struct end *end, struct ibv_srq *srq,
				const struct pair_wish *wish)
{
	uint64_t send_ops = wish->send_ops;
	struct ibv_qp_init_attr_ex attr = {
		.send_cq = end->send_cq,
		.recv_cq = end->recv_cq,
		.srq = srq,
		.cap = { .max_send_wr = QUEUE_DEPTH,
			 .max_recv_wr = srq ? 0 : QUEUE_DEPTH,
			 .max_send_sge = 2,
			 .max_recv_sge = srq ? 0 : 2,
			 .max_inline_data = wish->inline_bytes },
		.qp_type = pair->type,
	};
	struct ibv_qp *qp;

	if (!send_ops) {
		/* The old call; struct ibv_qp_init_attr is the head of the new struct (libibverbs/verbs.h). */
		struct ibv_qp_init_attr old = { .send_cq = attr.send_cq, .recv_cq = attr.recv_cq, .srq = srq,
						.cap = attr.cap, .qp_type = attr.qp_type };

		qp = ibv_create_qp(pair->device->pd, &old);
		CHECK(qp, "ibv_create_qp: %s", strerror(errno));
		return qp;
	}
	attr.comp_mask = IBV_QP_INIT_ATTR_PD | IBV_QP_INIT_ATTR_SEND_OPS_FLAGS;
	attr.pd = pair->device->pd;
	attr.send_ops_flags = send_ops;
	qp = ibv_create_qp_ex(pair->device->context, &attr);
	if (!qp && (errno == EOPNOTSUPP || errno == ENOSYS))
		SKIP("provider has no ibv_wr_* for send operations 0x%llx", (unsigned long long)send_ops);
	CHECK(qp, "ibv_create_qp_ex with send operations 0x%llx: %s", (unsigned long long)send_ops, strerror(errno));
	return qp;
}

struct pair pair_open(struct device *device, struct pair_wish wish)
{
	struct ibv_srq_init_attr srq = { .attr = { .max_wr = QUEUE_DEPTH, .max_sge = 2 } };
	struct pair pair = { .device = device, .type = wish.type, .through_wr = wish.send_ops != 0,
			     .foreign_cq = wish.recv_cq != NULL };

	test_step("creating queues");
	pair.a = (struct end){ .send_cq = create_cq(device), .recv_cq = create_cq(device) };
	pair.b = (struct end){ .send_cq = create_cq(device), .recv_cq = wish.recv_cq ? wish.recv_cq : create_cq(device) };
	if (wish.srq) {
		pair.srq = ibv_create_srq(device->pd, &srq);
		CHECK(pair.srq, "ibv_create_srq: %s", strerror(errno));
	}
	pair.a.qp = create_qp(&pair, &pair.a, NULL, &wish);
	pair.b.qp = create_qp(&pair, &pair.b, pair.srq, &(struct pair_wish){ 0 });
	connect_both(&pair);
	if (wish.type == IBV_QPT_UD) {
		struct ibv_ah_attr attr = to_ourselves(device);

		pair.ah = ibv_create_ah(device->pd, &attr);
		CHECK(pair.ah, "ibv_create_ah: %s", strerror(errno));
	}
	return pair;
}

void pair_close(struct pair *pair)
{
	test_step("destroying queues");
	CHECK(!pair->ah || ibv_destroy_ah(pair->ah) == 0, "ibv_destroy_ah failed");
	CHECK(ibv_destroy_qp(pair->a.qp) == 0 && ibv_destroy_qp(pair->b.qp) == 0, "ibv_destroy_qp failed");
	CHECK(!pair->srq || ibv_destroy_srq(pair->srq) == 0, "ibv_destroy_srq failed");
	CHECK(ibv_destroy_cq(pair->a.send_cq) == 0 && ibv_destroy_cq(pair->a.recv_cq) == 0 &&
		      ibv_destroy_cq(pair->b.send_cq) == 0 &&
		      (pair->foreign_cq || ibv_destroy_cq(pair->b.recv_cq) == 0),
	      "ibv_destroy_cq failed");
}

static void drain(struct ibv_cq *cq)
{
	struct ibv_wc wc;

	while (ibv_poll_cq(cq, 1, &wc) > 0)
		;
}

void pair_reset(struct pair *pair)
{
	struct ibv_qp_attr attr = { .qp_state = IBV_QPS_RESET };

	test_step("resetting the queue pairs");
	modify(pair->a.qp, &attr, IBV_QP_STATE, "RESET");
	modify(pair->b.qp, &attr, IBV_QP_STATE, "RESET");
	drain(pair->a.send_cq);
	drain(pair->b.recv_cq);
	connect_both(pair);
}

void expect_state(struct ibv_qp *qp, enum ibv_qp_state state, const char *when)
{
	struct ibv_qp_init_attr init;
	struct ibv_qp_attr attr;
	int ret = ibv_query_qp(qp, &attr, IBV_QP_STATE, &init);

	CHECK(ret == 0, "ibv_query_qp: %s", strerror(ret));
	CHECK(attr.qp_state == state, "%s: the QP is in state %d, not %d", when, attr.qp_state, state);
}

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
		wr.wr.ud.remote_qkey = QKEY;
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
