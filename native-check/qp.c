// SPDX-License-Identifier: MIT
/* Making, connecting, resetting and destroying two queue pairs on one device. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "qp.h"

enum { PSN = 0x123456, RESETS = 10, SETTLE_US = 2000 };

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
		.qkey = UD_QKEY,
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

/*
 * A packet or a timer that was under way when the QP was reset may move it to the error state just after it (seen with rxe
 * of Linux 7.3 on a busy host: the next step, to INIT, is then EINVAL). What is under way ends soon, so a few times will do;
 * a QP that cannot be reset still fails.
 */
static void to_reset(struct ibv_qp *qp)
{
	for (int attempt = 0; attempt < RESETS; attempt++) {
		struct ibv_qp_attr attr = { .qp_state = IBV_QPS_RESET };
		struct ibv_qp_init_attr init;

		modify(qp, &attr, IBV_QP_STATE, "RESET");
		usleep(SETTLE_US);
		if (ibv_query_qp(qp, &attr, IBV_QP_STATE, &init) == 0 && attr.qp_state == IBV_QPS_RESET)
			return;
	}
	FAIL("the QP does not stay in the reset state");
}

void pair_reset(struct pair *pair)
{
	test_step("resetting the queue pairs");
	to_reset(pair->a.qp);
	to_reset(pair->b.qp);
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
