// SPDX-License-Identifier: MIT
/* The operations end to end, each over pinned or on-demand memory. */
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

/* What the atomics stand on: a target of one word a page, and the word that comes back. */
struct words {
	struct device *device;
	struct pair pair;
	struct mem target, result;
	struct ibv_mr *target_mr, *result_mr;
};

static uint64_t *word(const struct mem *mem, size_t page)
{
	return (uint64_t *)(mem->at + page * page_size());
}

static struct words words_open(struct scene scene)
{
	struct words w = { .device = device_open() };

	if (w.device->attr.orig_attr.atomic_cap == IBV_ATOMIC_NONE)
		SKIP("device does not report atomics");
	if (scene.on_demand)
		need_odp(w.device, scene.type, ODP_ATOMIC);
	w.pair = pair_open(w.device, (struct pair_wish){ .type = scene.type });
	w.target = mem_absent_with_data(PAGES + 1, SEED);
	w.result = mem_untouched(PAGES + 1);
	w.target_mr = mr_of_kind(w.device, &w.target, IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_ATOMIC, scene.on_demand);
	w.result_mr = mr_of_kind(w.device, &w.result, IBV_ACCESS_LOCAL_WRITE, scene.on_demand);
	return w;
}

static void words_close(struct words *w, struct scene scene)
{
	for (size_t i = 0; i < PAGES; i++)
		expect_pattern(w->target.at + i * page_size() + 8, page_size() - 8, SEED, i * page_size() + 8,
			       "target behind the word");
	if (scene.on_demand) {
		expect_absent(&w->target, PAGES, 1, "target, page after the last");
		expect_absent(&w->result, PAGES, 1, "result, page after the last");
	}
	pair_close(&w->pair);
	mr_close(w->target_mr);
	mr_close(w->result_mr);
	mem_free(&w->target);
	mem_free(&w->result);
	device_close(w->device);
}

static uint64_t old_word(size_t page)
{
	uint64_t value;

	fill(&value, sizeof(value), SEED, page * page_size());
	return value;
}

static void atomic(struct words *w, enum ibv_wr_opcode opcode, size_t page, uint64_t compare_add, uint64_t swap)
{
	do_request(&w->pair,
		   (struct request){ .opcode = opcode, .id = page, .local = word(&w->result, page), .length = 8,
				     .lkey = w->result_mr->lkey, .remote = word(&w->target, page),
				     .rkey = w->target_mr->rkey, .compare_add = compare_add, .swap = swap },
		   "atomic");
}

static void expect_word(const struct mem *mem, size_t page, uint64_t value, const char *what)
{
	CHECK(*word(mem, page) == value, "%s, page %zu: 0x%016llx, not 0x%016llx", what, page,
	      (unsigned long long)*word(mem, page), (unsigned long long)value);
}

void traffic_compare_swap(struct scene scene)
{
	struct words w = words_open(scene);

	for (size_t i = 0; i < PAGES; i++) {
		bool matches = i % 2 == 0;

		atomic(&w, IBV_WR_ATOMIC_CMP_AND_SWP, i, old_word(i) + !matches, 0x1122334455667788ULL + i);
		expect_word(&w.result, i, old_word(i), "what compare-and-swap returned");
		expect_word(&w.target, i, matches ? 0x1122334455667788ULL + i : old_word(i), "target");
	}
	words_close(&w, scene);
}

void traffic_fetch_add(struct scene scene)
{
	struct words w = words_open(scene);
	const uint64_t add = 0x0102030405060708ULL;

	for (size_t i = 0; i < PAGES; i++) {
		atomic(&w, IBV_WR_ATOMIC_FETCH_AND_ADD, i, add, 0);
		expect_word(&w.result, i, old_word(i), "what the first fetch-and-add returned");
		atomic(&w, IBV_WR_ATOMIC_FETCH_AND_ADD, i, add, 0);
		expect_word(&w.result, i, old_word(i) + add, "what the second fetch-and-add returned");
		expect_word(&w.target, i, old_word(i) + 2 * add, "target");
	}
	words_close(&w, scene);
}

void traffic_atomic_write(struct scene scene)
{
	struct device *device = device_open();
	struct mem target = mem_absent_with_data(PAGES + 1, SEED);
	struct ibv_mr *mr;
	struct pair pair;

	if (!(device->attr.device_cap_flags_ex & CAP_ATOMIC_WRITE))
		SKIP("device does not report atomic write");
	if (scene.on_demand)
		need_odp(device, scene.type, ODP_ATOMIC_WRITE);
	pair = pair_open(device, (struct pair_wish){ .type = scene.type, .send_ops = IBV_QP_EX_WITH_ATOMIC_WRITE });
	mr = mr_of_kind(device, &target, IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE, scene.on_demand);
	for (size_t i = 0; i < PAGES; i++) {
		uint64_t value = 0x8877665544332211ULL + i;

		do_request(&pair,
			   (struct request){ .opcode = IBV_WR_ATOMIC_WRITE, .id = i, .local = &value, .length = 8,
					     .remote = word(&target, i), .rkey = mr->rkey },
			   "atomic write");
		expect_word(&target, i, value, "target");
		expect_pattern(target.at + i * page_size() + 8, page_size() - 8, SEED, i * page_size() + 8,
			       "target behind the word");
	}
	if (scene.on_demand)
		expect_absent(&target, PAGES, 1, "target, page after the last");
	pair_close(&pair);
	mr_close(mr);
	mem_free(&target);
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
