// SPDX-License-Identifier: MIT
/* IBV_SEND_INLINE takes the data when it is posted: no MR, and the buffer may be used again at once (ibv_post_send(3)). */
#include <string.h>

#include "../harness.h"
#include "../mem.h"
#include "../qp.h"

enum { FIRST = 24, SECOND = 40 };

TEST(rc_inline)
{
	struct device *device = device_open();
	struct pair pair = pair_open(device, (struct pair_wish){ .type = IBV_QPT_RC, .inline_bytes = FIRST + SECOND });
	struct mem to = mem_untouched(1);
	struct ibv_mr *mr = mr_pinned(device, &to, IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE);
	uint8_t data[FIRST + SECOND];
	struct ibv_sge sge[2] = { { (uintptr_t)data, FIRST, 0 }, { (uintptr_t)data + FIRST, SECOND, 0 } };
	struct ibv_send_wr wr = { .sg_list = sge, .num_sge = 2, .opcode = IBV_WR_RDMA_WRITE,
				  .send_flags = IBV_SEND_SIGNALED | IBV_SEND_INLINE }, *bad;

	for (wr.wr_id = 0; wr.wr_id < 8; wr.wr_id++) {
		int ret;

		fill(data, sizeof(data), 1 + wr.wr_id, 0);
		wr.wr.rdma.remote_addr = (uintptr_t)to.at + wr.wr_id * 100;
		wr.wr.rdma.rkey = mr->rkey;
		ret = ibv_post_send(pair.a.qp, &wr, &bad);
		CHECK(ret == 0, "ibv_post_send of inline data: %s", strerror(ret));
		memset(data, 0xee, sizeof(data));
	}
	for (uint64_t id = 0; id < 8; id++)
		wait_ok(pair.a.send_cq, id, IBV_WC_RDMA_WRITE, "inline write");
	for (size_t i = 0; i < 8; i++) {
		expect_pattern(to.at + i * 100, sizeof(data), 1 + i, 0, "inline data");
		expect_zeros(to.at + i * 100 + sizeof(data), 100 - sizeof(data), "behind inline data");
	}
	pair_close(&pair);
	mr_close(mr);
	mem_free(&to);
	device_close(device);
}
