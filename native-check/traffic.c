// SPDX-License-Identifier: MIT
/* Send, write, read and flush end to end, each over pinned or on-demand memory. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "traffic.h"

enum { GRH = sizeof(struct ibv_grh), SEED = 7, IMM = 0xabcd1234 };

size_t one_packet(const struct device *device)
{
	return device->mtu < page_size() ? device->mtu : page_size();
}

/* Where access i starts, and how long it is. */
static size_t offset_of(const struct scene *scene, size_t i)
{
	return scene->on_demand ? i * page_size() : i * page_size() + 13;
}

static size_t length_of(const struct scene *scene, const struct device *device)
{
	if (scene->on_demand || scene->type == IBV_QPT_UD)
		return one_packet(device);
	return page_size() - 100; /* with offset 13: odd at both ends; with an MTU of 1024, four packets */
}

static unsigned int count_of(const struct scene *scene)
{
	return scene->on_demand ? PAGES : PAGES - 1;
}

struct buffers {
	struct mem from, to;
	struct ibv_mr *from_mr, *to_mr;
};

/* PAGES pages each, and one more that no access may reach. */
static struct buffers open_buffers(struct device *device, const struct scene *scene, int from_access, int to_access)
{
	struct buffers b = { .from = mem_absent_with_data(PAGES + 1, SEED), .to = mem_untouched(PAGES + 1) };

	b.from_mr = mr_of_kind(device, &b.from, from_access, scene->on_demand);
	b.to_mr = mr_of_kind(device, &b.to, to_access, scene->on_demand);
	if (scene->on_demand) {
		expect_absent(&b.from, 0, PAGES + 1, "source before the access");
		expect_absent(&b.to, 0, PAGES + 1, "target before the access");
	}
	return b;
}

static void check_buffers(const struct device *device, const struct scene *scene, const struct buffers *b)
{
	size_t length = length_of(scene, device), done = 0;

	if (scene->on_demand) {
		expect_present(&b->from, 0, PAGES, "source after the access");
		expect_present(&b->to, 0, PAGES, "target after the access");
		expect_absent(&b->from, PAGES, 1, "source, page after the last");
		expect_absent(&b->to, PAGES, 1, "target, page after the last");
	}
	for (size_t i = 0; i < count_of(scene); i++) {
		size_t at = offset_of(scene, i);

		expect_zeros(b->to.at + done, at - done, "target, before what was transferred");
		expect_pattern(b->to.at + at, length, SEED, at, "target");
		done = at + length;
	}
	expect_zeros(b->to.at + done, b->to.length - done, "target, behind what was transferred");
}

static void close_buffers(struct buffers *b)
{
	mr_close(b->from_mr);
	mr_close(b->to_mr);
	mem_free(&b->from);
	mem_free(&b->to);
}

static unsigned int receive_bit(const struct scene *scene)
{
	return scene->srq ? ODP_SRQ_RECV : ODP_RECV;
}

void traffic_send(struct scene scene)
{
	struct device *device = device_open();
	struct mem grh = mem_untouched(1);
	struct ibv_mr *grh_mr;
	struct buffers b;
	struct pair pair;
	size_t length;

	if (scene.on_demand)
		need_odp(device, scene.type, ODP_SEND | receive_bit(&scene));
	pair = pair_open(device, (struct pair_wish){ .type = scene.type, .srq = scene.srq });
	b = open_buffers(device, &scene, IBV_ACCESS_LOCAL_WRITE, IBV_ACCESS_LOCAL_WRITE);
	grh_mr = mr_of_kind(device, &grh, IBV_ACCESS_LOCAL_WRITE, scene.on_demand);
	length = length_of(&scene, device);
	for (size_t i = 0; i < count_of(&scene); i++) {
		/* A UD receive starts with the GRH, which goes into a buffer of its own (ibv_post_recv(3)). */
		struct ibv_sge sge[2] = {
			{ .addr = (uintptr_t)grh.at, .length = GRH, .lkey = grh_mr->lkey },
			{ .addr = (uintptr_t)b.to.at + offset_of(&scene, i), .length = length, .lkey = b.to_mr->lkey },
		};
		bool ud = scene.type == IBV_QPT_UD;
		struct ibv_wc wc;

		post_recv(&pair, 100 + i, ud ? sge : sge + 1, ud ? 2 : 1);
		do_request(&pair,
			   (struct request){ .opcode = i % 2 ? IBV_WR_SEND_WITH_IMM : IBV_WR_SEND, .id = i,
					     .local = b.from.at + offset_of(&scene, i), .length = length,
					     .lkey = b.from_mr->lkey, .imm = IMM + i },
			   "send");
		wc = wait_ok(pair.b.recv_cq, 100 + i, IBV_WC_RECV, "receive");
		CHECK(wc.byte_len == length + (ud ? GRH : 0), "byte_len of the receive is %u", wc.byte_len);
		CHECK(wc.qp_num == pair.b.qp->qp_num, "qp_num of the receive is 0x%x", wc.qp_num);
		CHECK(!ud || wc.src_qp == pair.a.qp->qp_num, "src_qp of the receive is 0x%x", wc.src_qp);
		CHECK(!!(wc.wc_flags & IBV_WC_WITH_IMM) == i % 2, "wc_flags of the receive are 0x%x", wc.wc_flags);
		CHECK(!(i % 2) || ntohl(wc.imm_data) == IMM + i, "immediate data is 0x%x", ntohl(wc.imm_data));
	}
	check_buffers(device, &scene, &b);
	expect_no_completion(pair.b.recv_cq, "receive queue");
	pair_close(&pair);
	mr_close(grh_mr);
	mem_free(&grh);
	close_buffers(&b);
	device_close(device);
}

void traffic_write(struct scene scene, bool with_imm)
{
	struct device *device = device_open();
	struct buffers b;
	struct pair pair;

	if (scene.on_demand)
		need_odp(device, scene.type, ODP_WRITE);
	pair = pair_open(device, (struct pair_wish){ .type = scene.type, .srq = scene.srq });
	/* No local write on the source: a read-only MR is enough to write from (ibv_reg_mr(3)). */
	b = open_buffers(device, &scene, 0, IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE);
	for (size_t i = 0; i < count_of(&scene); i++) {
		if (with_imm)
			post_recv(&pair, 100 + i, NULL, 0);
		do_request(&pair,
			   (struct request){ .opcode = with_imm ? IBV_WR_RDMA_WRITE_WITH_IMM : IBV_WR_RDMA_WRITE,
					     .id = i, .local = b.from.at + offset_of(&scene, i),
					     .length = length_of(&scene, device), .lkey = b.from_mr->lkey,
					     .remote = b.to.at + offset_of(&scene, i), .rkey = b.to_mr->rkey,
					     .imm = IMM + i },
			   "RDMA write");
		if (with_imm) {
			struct ibv_wc wc = wait_ok(pair.b.recv_cq, 100 + i, IBV_WC_RECV_RDMA_WITH_IMM, "immediate");

			CHECK(wc.wc_flags & IBV_WC_WITH_IMM, "wc_flags are 0x%x", wc.wc_flags);
			CHECK(ntohl(wc.imm_data) == IMM + i, "immediate data is 0x%x", ntohl(wc.imm_data));
			CHECK(wc.byte_len == length_of(&scene, device), "byte_len is %u", wc.byte_len);
		}
	}
	/* An unreliable write is complete when it is sent: a send behind it is in order (ibv_modify_qp(3), UC). */
	if (scene.type == IBV_QPT_UC && !with_imm) {
		post_recv(&pair, 200, NULL, 0);
		do_request(&pair, (struct request){ .opcode = IBV_WR_SEND, .id = 200 }, "send behind the writes");
		wait_ok(pair.b.recv_cq, 200, IBV_WC_RECV, "receive behind the writes");
	}
	check_buffers(device, &scene, &b);
	pair_close(&pair);
	close_buffers(&b);
	device_close(device);
}

void traffic_read(struct scene scene)
{
	struct device *device = device_open();
	struct buffers b;
	struct pair pair;

	if (scene.on_demand)
		need_odp(device, scene.type, ODP_READ);
	pair = pair_open(device, (struct pair_wish){ .type = scene.type });
	b = open_buffers(device, &scene, IBV_ACCESS_REMOTE_READ, IBV_ACCESS_LOCAL_WRITE);
	for (size_t i = 0; i < count_of(&scene); i++)
		do_request(&pair,
			   (struct request){ .opcode = IBV_WR_RDMA_READ, .id = i, .local = b.to.at + offset_of(&scene, i),
					     .length = length_of(&scene, device), .lkey = b.to_mr->lkey,
					     .remote = b.from.at + offset_of(&scene, i), .rkey = b.from_mr->rkey },
			   "RDMA read");
	check_buffers(device, &scene, &b);
	pair_close(&pair);
	close_buffers(&b);
	device_close(device);
}

/* A flush has no effect that another process on the same memory could see: it must complete, behind a write. */
void traffic_flush(struct scene scene)
{
	struct device *device = device_open();
	struct buffers b;
	struct pair pair;

	if (!(device->attr.device_cap_flags_ex & CAP_FLUSH_GLOBAL))
		SKIP("device does not report flush");
	if (scene.on_demand)
		need_odp(device, scene.type, ODP_FLUSH | ODP_WRITE);
	pair = pair_open(device, (struct pair_wish){ .type = scene.type,
						     .send_ops = IBV_QP_EX_WITH_RDMA_WRITE | IBV_QP_EX_WITH_FLUSH });
	b = open_buffers(device, &scene, 0, IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_FLUSH_GLOBAL);
	for (size_t i = 0; i < count_of(&scene); i++) {
		struct request write = { .opcode = IBV_WR_RDMA_WRITE, .id = i, .quiet = true,
					 .local = b.from.at + offset_of(&scene, i), .length = length_of(&scene, device),
					 .lkey = b.from_mr->lkey, .remote = b.to.at + offset_of(&scene, i),
					 .rkey = b.to_mr->rkey };
		struct request flush = { .opcode = IBV_WR_FLUSH, .id = 100 + i, .remote = write.remote,
					 .length = write.length, .rkey = write.rkey };

		post(&pair, write);
		do_request(&pair, flush, "flush");
	}
	check_buffers(device, &scene, &b);
	pair_close(&pair);
	close_buffers(&b);
	device_close(device);
}
