// SPDX-License-Identifier: MIT
/*
 * Pages vanish under a running stream of writes and reads: a thread takes them away with MADV_DONTNEED as fast as it
 * can. Each packet must find a page, and a page holds either the last packet or fresh zeros, never a mixture.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#include "../harness.h"
#include "../traffic.h"

enum { ROUNDS = 150 };

struct taker {
	struct stage *stage;
	atomic_bool stop;
	atomic_uint taken;
};

static void *take_away(void *argument)
{
	struct taker *taker = argument;

	for (size_t i = 0; !atomic_load(&taker->stop); i++) {
		CHECK(madvise(target_page(taker->stage, i % PAGES), page_size(), MADV_DONTNEED) == 0, "madvise: %s",
		      strerror(errno));
		atomic_fetch_add(&taker->taken, 1);
		if (i % PAGES == 0)
			sched_yield();
	}
	return NULL;
}

/* The page as the device sees it: all zeros, or all of the pattern. */
static bool read_survived(struct stage *stage, size_t page, uint32_t seed)
{
	uint8_t *into = stage->source.at + page_size();

	do_request(&stage->pair,
		   (struct request){ .opcode = IBV_WR_RDMA_READ, .id = 1, .local = into, .length = stage->chunk,
				     .lkey = stage->source_mr->lkey, .remote = target_page(stage, page),
				     .rkey = stage->target_mr->rkey },
		   "read under invalidation");
	for (size_t i = 0; i < stage->chunk; i++)
		if (into[i] != 0) {
			expect_pattern(into, stage->chunk, seed, 0, "page under invalidation");
			return true;
		}
	return false;
}

TEST(odp_invalidate_traffic)
{
	struct stage stage = stage_open(PAGES, ODP_READ | ODP_WRITE);
	struct taker taker = { .stage = &stage };
	unsigned int survived = 0;
	pthread_t thread;

	CHECK(pthread_create(&thread, NULL, take_away, &taker) == 0, "pthread_create: %s", strerror(errno));
	for (uint32_t round = 1; round <= ROUNDS; round++) {
		stage_write(&stage, round % PAGES, round);
		survived += read_survived(&stage, round % PAGES, round);
	}
	atomic_store(&taker.stop, true);
	CHECK(pthread_join(thread, NULL) == 0, "pthread_join failed");
	test_note("%u pages taken away, %u of %d writes seen by the read behind them", atomic_load(&taker.taken), survived,
		  ROUNDS);
	CHECK(atomic_load(&taker.taken) > 0, "no page was taken away");
	for (size_t page = 0; page < PAGES; page++) {
		stage_write(&stage, page, 5000 + page);
		expect_page(&stage, page, 5000 + page, "page after it all");
	}
	stage_close(&stage);
}
