// SPDX-License-Identifier: MIT
/*
 * Inline data of the ibv_wr_*(3) interface, from one buffer and from a list: no MR, and the buffer may be used again at
 * once; the setter alone says that the data is inline (ibv_wr_post(3): "identical to the IBV_SEND_INLINE flag"). The
 * rxe provider of rdma-core up to at least v64 forgets to tell the kernel, which then finds no data and flushes the
 * request. Where that is so, the same is tested with the flag added, and the test skipped if all else is right.
 */
#include <string.h>

#include "../harness.h"
#include "../mem.h"
#include "../qp.h"

enum { FIRST = 24, LENGTH = 64 };

static void write_inline(struct pair *pair, const struct mem *to, const struct ibv_mr *mr, bool list, unsigned int flags)
{
	struct ibv_qp_ex *qp = ibv_qp_to_qp_ex(pair->a.qp);
	uint8_t data[LENGTH];
	struct ibv_data_buf parts[2] = { { data, FIRST }, { data + FIRST, LENGTH - FIRST } };
	int ret;

	memset(to->at, 0, to->length);
	fill(data, LENGTH, 1 + list, 0);
	ibv_wr_start(qp);
	qp->wr_id = list;
	qp->wr_flags = IBV_SEND_SIGNALED | flags;
	ibv_wr_rdma_write(qp, mr->rkey, (uintptr_t)to->at + 8);
	if (list)
		ibv_wr_set_inline_data_list(qp, 2, parts);
	else
		ibv_wr_set_inline_data(qp, data, LENGTH);
	memset(data, 0xee, LENGTH);
	ret = ibv_wr_complete(qp);
	CHECK(ret == 0, "ibv_wr_complete: %s", strerror(ret));
}

static void arrived(struct pair *pair, const struct mem *to, bool list)
{
	wait_ok(pair->a.send_cq, list, IBV_WC_RDMA_WRITE, "inline write");
	expect_zeros(to->at, 8, "before inline data");
	expect_pattern(to->at + 8, LENGTH, 1 + list, 0, "inline data");
	expect_zeros(to->at + 8 + LENGTH, to->length - 8 - LENGTH, "behind inline data");
}

TEST(rc_wr_inline)
{
	struct device *device = device_open();
	struct pair pair = pair_open(device, (struct pair_wish){ .type = IBV_QPT_RC, .inline_bytes = LENGTH,
								 .send_ops = IBV_QP_EX_WITH_RDMA_WRITE });
	struct mem to = mem_untouched(1);
	struct ibv_mr *mr = mr_pinned(device, &to, IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE);
	bool needs_flag;
	struct ibv_wc wc;

	write_inline(&pair, &to, mr, false, 0);
	wc = wait_for_id(pair.a.send_cq, 0, "inline write");
	needs_flag = wc.status == IBV_WC_WR_FLUSH_ERR;
	CHECK(needs_flag || wc.status == IBV_WC_SUCCESS, "inline write: completed with '%s'", ibv_wc_status_str(wc.status));
	if (needs_flag)
		pair_reset(&pair);
	for (int list = 0; list < 2; list++) {
		write_inline(&pair, &to, mr, list, needs_flag ? IBV_SEND_INLINE : 0);
		arrived(&pair, &to, list);
	}
	pair_close(&pair);
	mr_close(mr);
	mem_free(&to);
	device_close(device);
	if (needs_flag)
		SKIP("the provider takes ibv_wr_set_inline_data as inline only with IBV_SEND_INLINE in wr_flags");
}
