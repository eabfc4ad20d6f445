// SPDX-License-Identifier: MIT
/* Several threads, each with queue pairs of its own, on one on-demand MR: each writes, reads, loses and refills pages. */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

#include "../harness.h"
#include "../traffic.h"

enum { THREADS = 4, ROUNDS = 16, OWN_PAGES = 4 };

struct worker {
	struct stage stage; /* the shared MR, with a pair and a source of its own */
	size_t first;
	pthread_t thread;
};

static void *work(void *argument)
{
	struct worker *worker = argument;
	struct stage *stage = &worker->stage;

	for (uint32_t round = 0; round < ROUNDS; round++) {
		size_t page = worker->first + round % OWN_PAGES;
		uint32_t seed = 1 + worker->first * 1000 + round;

		stage_write(stage, page, seed);
		expect_page(stage, page, seed, "a thread's own page");
		stage_read(stage, page, seed, "a thread's own page, read");
		if (round % 3 == 0) {
			CHECK(madvise(target_page(stage, page), page_size(), MADV_DONTNEED) == 0, "madvise: %s",
			      strerror(errno));
			stage_read(stage, page, 0, "a thread's own page, taken away");
		}
	}
	return NULL;
}

TEST(odp_threads)
{
	struct stage stage = stage_open(THREADS * OWN_PAGES, ODP_READ | ODP_WRITE);
	struct worker workers[THREADS];

	for (size_t i = 0; i < THREADS; i++) {
		struct worker *worker = &workers[i];

		*worker = (struct worker){ .stage = stage, .first = i * OWN_PAGES };
		worker->stage.pair = pair_open(stage.device, (struct pair_wish){ .type = IBV_QPT_RC });
		worker->stage.source = mem_untouched(2);
		worker->stage.source_mr = mr_pinned(stage.device, &worker->stage.source, ALL_REMOTE);
	}
	expect_absent(&stage.target, 0, THREADS * OWN_PAGES, "before the threads");
	for (size_t i = 0; i < THREADS; i++)
		CHECK(pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0, "pthread_create: %s",
		      strerror(errno));
	for (size_t i = 0; i < THREADS; i++)
		CHECK(pthread_join(workers[i].thread, NULL) == 0, "pthread_join failed");
	for (size_t i = 0; i < THREADS; i++) {
		pair_close(&workers[i].stage.pair);
		mr_close(workers[i].stage.source_mr);
		mem_free(&workers[i].stage.source);
	}
	stage_close(&stage);
}
