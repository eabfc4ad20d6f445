// SPDX-License-Identifier: MIT
/* The stage of the tests that play tricks with the pages behind an on-demand MR. Posts nothing but reads and writes. */
#include <string.h>

#include "harness.h"
#include "traffic.h"

struct stage stage_open(size_t pages, unsigned int odp_bits)
{
	struct stage stage = { .device = device_open() };

	need_odp(stage.device, IBV_QPT_RC, odp_bits);
	stage.pair = pair_open(stage.device, (struct pair_wish){ .type = IBV_QPT_RC });
	stage.chunk = one_packet(stage.device);
	stage.source = mem_untouched(2);
	stage.source_mr = mr_pinned(stage.device, &stage.source, ALL_REMOTE);
	stage.target = mem_untouched(pages);
	stage.target_mr = mr_on_demand(stage.device, &stage.target, ALL_REMOTE);
	return stage;
}

void stage_close(struct stage *stage)
{
	pair_close(&stage->pair);
	if (stage->target_mr)
		mr_close(stage->target_mr);
	mr_close(stage->source_mr);
	mem_free(&stage->source);
	mem_free(&stage->target);
	device_close(stage->device);
}

uint8_t *target_page(const struct stage *stage, size_t page)
{
	return stage->target.at + page * page_size();
}

static struct request access_page(struct stage *stage, enum ibv_wr_opcode opcode, uint8_t *local, size_t page)
{
	return (struct request){ .opcode = opcode, .id = 1000 + page, .local = local, .length = stage->chunk,
				 .lkey = stage->source_mr->lkey, .remote = target_page(stage, page),
				 .rkey = stage->target_mr->rkey };
}

void stage_write(struct stage *stage, size_t page, uint32_t seed)
{
	fill(stage->source.at, stage->chunk, seed, 0);
	do_request(&stage->pair, access_page(stage, IBV_WR_RDMA_WRITE, stage->source.at, page), "RDMA write");
}

void stage_read(struct stage *stage, size_t page, uint32_t seed, const char *what)
{
	uint8_t *into = stage->source.at + page_size();

	memset(into, 0xa5, stage->chunk);
	do_request(&stage->pair, access_page(stage, IBV_WR_RDMA_READ, into, page), what);
	if (seed)
		expect_pattern(into, stage->chunk, seed, 0, what);
	else
		expect_zeros(into, stage->chunk, what);
}

void stage_write_fails(struct stage *stage, size_t page, enum ibv_wc_status status, const char *what)
{
	struct request request = access_page(stage, IBV_WR_RDMA_WRITE, stage->source.at, page);

	post(&stage->pair, request);
	wait_status(stage->pair.a.send_cq, request.id, status, what);
	expect_state(stage->pair.a.qp, IBV_QPS_ERR, what);
	pair_reset(&stage->pair);
}

void expect_page(const struct stage *stage, size_t page, uint32_t seed, const char *what)
{
	if (seed)
		expect_pattern(target_page(stage, page), stage->chunk, seed, 0, what);
	else
		expect_zeros(target_page(stage, page), stage->chunk, what);
}
