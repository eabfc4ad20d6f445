// SPDX-License-Identifier: MIT
/* Where the device counts page faults by MR, access to absent pages counts, and access to present ones does not. */
#include "../faults.h"
#include "../harness.h"
#include "../traffic.h"

static unsigned long long faults(const struct stage *stage)
{
	unsigned long long sum;

	if (!faults_counted(ibv_get_device_index(stage->device->context->device), &sum))
		SKIP("device does not report page faults of MRs (rdma statistic show mr)");
	return sum;
}

TEST(odp_page_faults)
{
	struct stage stage = stage_open(PAGES, ODP_READ | ODP_WRITE);
	unsigned long long start = faults(&stage), now;

	for (size_t page = 0; page < PAGES; page++)
		stage_write(&stage, page, 1 + page);
	now = faults(&stage);
	CHECK(now > start, "%d absent pages were written, and page_faults stays at %llu", PAGES, now);
	test_note("%llu page faults for %d pages", now - start, PAGES);
	start = now;
	stage_write(&stage, 0, 9);
	now = faults(&stage);
	CHECK(now == start, "a present page was written, and page_faults went from %llu to %llu", start, now);
	stage_close(&stage);
}
