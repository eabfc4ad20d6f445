// SPDX-License-Identifier: MIT
/* A second MR over the same pages comes and goes, used each time, while another thread writes through the first. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "../harness.h"
#include "../traffic.h"

enum { ROUNDS = 20 };

struct writer {
	struct stage *stage;
	atomic_bool stop;
	atomic_uint writes;
};

/* Pages 0 and 1 are the writer's. */
static void *write_on(void *argument)
{
	struct writer *writer = argument;

	for (uint32_t seed = 1; !atomic_load(&writer->stop); seed++) {
		stage_write(writer->stage, seed % 2, seed);
		expect_page(writer->stage, seed % 2, seed, "page of the first MR");
		atomic_fetch_add(&writer->writes, 1);
	}
	return NULL;
}

TEST(odp_rereg_traffic)
{
	struct stage stage = stage_open(PAGES, ODP_READ | ODP_WRITE);
	struct writer writer = { .stage = &stage };
	struct pair second = pair_open(stage.device, (struct pair_wish){ .type = IBV_QPT_RC });
	struct mem from = mem_absent_with_data(1, 40);
	struct ibv_mr *from_mr = mr_pinned(stage.device, &from, 0);
	pthread_t thread;
	unsigned int before;

	CHECK(pthread_create(&thread, NULL, write_on, &writer) == 0, "pthread_create: %s", strerror(errno));
	for (uint64_t round = 1; round <= ROUNDS; round++) {
		struct ibv_mr *again = ibv_reg_mr(stage.device->pd, stage.target.at, stage.target.length,
						  ALL_REMOTE | IBV_ACCESS_ON_DEMAND);

		CHECK(again, "ibv_reg_mr under traffic: %s", strerror(errno));
		memset(target_page(&stage, 2), 0, stage.chunk);
		do_request(&second,
			   (struct request){ .opcode = IBV_WR_RDMA_WRITE, .id = round, .local = from.at,
					     .length = stage.chunk, .lkey = from_mr->lkey,
					     .remote = target_page(&stage, 2), .rkey = again->rkey },
			   "write through the second MR");
		expect_page(&stage, 2, 40, "page written through the second MR");
		before = atomic_load(&writer.writes);
		CHECK(ibv_dereg_mr(again) == 0, "ibv_dereg_mr under traffic: %s", strerror(errno));
		for (int i = 0; i < 100000 && atomic_load(&writer.writes) == before; i++)
			sched_yield();
	}
	atomic_store(&writer.stop, true);
	CHECK(pthread_join(thread, NULL) == 0, "pthread_join failed");
	test_note("%u writes through the first MR meanwhile", atomic_load(&writer.writes));
	CHECK(atomic_load(&writer.writes) > 1, "the writer did not get on");
	pair_close(&second);
	mr_close(from_mr);
	mem_free(&from);
	stage_close(&stage);
}
