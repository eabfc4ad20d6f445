// SPDX-License-Identifier: MIT
/* Completions read one field at a time through ibv_create_cq_ex(3), one by one and in a batch. */
#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <string.h>

#include "../harness.h"
#include "../mem.h"
#include "../qp.h"

enum { COUNT = 6, LENGTH = 40 };

static void expect_one(struct ibv_cq_ex *cq, const struct pair *pair, uint64_t id)
{
	CHECK(cq->status == IBV_WC_SUCCESS, "completion %d: '%s'", (int)id, ibv_wc_status_str(cq->status));
	CHECK(cq->wr_id == id, "completion of request %llu, not %llu", (unsigned long long)cq->wr_id,
	      (unsigned long long)id);
	CHECK(ibv_wc_read_opcode(cq) == IBV_WC_RECV, "opcode is %d", ibv_wc_read_opcode(cq));
	CHECK(ibv_wc_read_byte_len(cq) == LENGTH + id, "byte_len is %u", ibv_wc_read_byte_len(cq));
	CHECK(ibv_wc_read_wc_flags(cq) & IBV_WC_WITH_IMM, "wc_flags are 0x%x", ibv_wc_read_wc_flags(cq));
	CHECK(ntohl(ibv_wc_read_imm_data(cq)) == 500 + id, "immediate data is %u", ntohl(ibv_wc_read_imm_data(cq)));
	CHECK(ibv_wc_read_qp_num(cq) == pair->b.qp->qp_num, "qp_num is 0x%x", ibv_wc_read_qp_num(cq));
}

static void send_some(struct pair *pair, const struct mem *mem, const struct ibv_mr *mr)
{
	for (uint64_t i = 0; i < COUNT; i++) {
		struct ibv_sge sge = { (uintptr_t)mem->at + page_size(), page_size(), mr->lkey };

		post_recv(pair, i, &sge, 1);
		do_request(pair,
			   (struct request){ .opcode = IBV_WR_SEND_WITH_IMM, .id = i, .local = mem->at,
					     .length = LENGTH + i, .lkey = mr->lkey, .imm = 500 + i },
			   "send");
	}
}

/* The sender's completion may come before the receiver's is written: ENOENT is "not yet" (ibv_create_cq_ex(3)). */
static void start(struct ibv_cq_ex *cq)
{
	struct ibv_poll_cq_attr attr = { 0 };
	int ret;

	test_step("waiting for ibv_start_poll to find a completion");
	while ((ret = ibv_start_poll(cq, &attr)) == ENOENT)
		sched_yield();
	CHECK(ret == 0, "ibv_start_poll: %s", strerror(ret));
}

TEST(rc_cq_ex)
{
	struct device *device = device_open();
	struct ibv_cq_init_attr_ex attr = { .cqe = QUEUE_DEPTH, .wc_flags = IBV_WC_EX_WITH_BYTE_LEN |
									  IBV_WC_EX_WITH_IMM | IBV_WC_EX_WITH_QP_NUM };
	struct ibv_poll_cq_attr poll = { 0 };
	struct ibv_cq_ex *cq = ibv_create_cq_ex(device->context, &attr);
	struct mem mem = mem_absent_with_data(2, 1);
	struct ibv_mr *mr = mr_pinned(device, &mem, IBV_ACCESS_LOCAL_WRITE);
	struct pair pair;
	int ret;

	if (!cq && (errno == EOPNOTSUPP || errno == ENOSYS))
		SKIP("provider does not support ibv_create_cq_ex");
	CHECK(cq, "ibv_create_cq_ex: %s", strerror(errno));
	pair = pair_open(device, (struct pair_wish){ .type = IBV_QPT_RC, .recv_cq = ibv_cq_ex_to_cq(cq) });
	ret = ibv_start_poll(cq, &poll);
	CHECK(ret == ENOENT, "ibv_start_poll of an empty CQ: %s", strerror(ret));

	for (int round = 0; round < 3; round++) {
		send_some(&pair, &mem, mr);
		for (uint64_t i = 0; i < COUNT / 2; i++) {
			start(cq);
			expect_one(cq, &pair, i);
			ibv_end_poll(cq);
		}
		start(cq);
		for (uint64_t i = COUNT / 2; i < COUNT; i++) {
			expect_one(cq, &pair, i);
			while (i + 1 < COUNT && (ret = ibv_next_poll(cq)) == ENOENT)
				sched_yield();
			CHECK(i + 1 == COUNT || ret == 0, "ibv_next_poll: %s", strerror(ret));
		}
		ibv_end_poll(cq);
	}
	pair_close(&pair);
	CHECK(ibv_destroy_cq(ibv_cq_ex_to_cq(cq)) == 0, "ibv_destroy_cq failed");
	mr_close(mr);
	mem_free(&mem);
	device_close(device);
}
