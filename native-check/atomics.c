// SPDX-License-Identifier: MIT
/* The operations on one word, end to end, each over pinned or on-demand memory. */
#include "harness.h"
#include "traffic.h"

enum { SEED = 7 };

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
