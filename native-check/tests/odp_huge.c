// SPDX-License-Identifier: MIT
/* On-demand memory in huge pages: of hugetlbfs where some are reserved, with and without IBV_ACCESS_HUGETLB. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "../harness.h"
#include "../traffic.h"

enum { HUGE = 2 << 20 };

static void use(struct stage *stage)
{
	size_t middle = HUGE / page_size() / 2;

	stage_write(stage, 0, 1);
	stage_write(stage, middle, 2);
	expect_page(stage, 0, 1, "first page of a huge page");
	expect_page(stage, middle, 2, "middle of a huge page");
	stage_read(stage, middle + 1, 0, "huge page where nobody wrote");
	CHECK(madvise(stage->target.at, HUGE, MADV_DONTNEED) == 0 || errno == EINVAL, "madvise: %s", strerror(errno));
	stage_write(stage, 1, 3);
	expect_page(stage, 1, 3, "huge page after MADV_DONTNEED");
}

/* MAP_HUGETLB with a size that fits other architectures too would need to look into /sys: 2 MiB, or none. */
static uint8_t *map_huge(void)
{
	uint8_t *at = mmap(NULL, HUGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | (21 << MAP_HUGE_SHIFT), -1, 0);

	if (at == MAP_FAILED)
		SKIP("no huge pages of 2 MiB are reserved (/proc/sys/vm/nr_hugepages): %s", strerror(errno));
	return at;
}

TEST(odp_huge)
{
	struct stage stage = stage_open(PAGES, ODP_READ | ODP_WRITE);
	struct mem small = stage.target;

	mr_close(stage.target_mr);
	stage.target = (struct mem){ .at = map_huge(), .length = HUGE, .fd = -1 };
	stage.target_mr = mr_on_demand(stage.device, &stage.target, ALL_REMOTE);
	use(&stage);
	mr_close(stage.target_mr);
	munmap(stage.target.at, HUGE);

	stage.target.at = map_huge();
	stage.target_mr = ibv_reg_mr(stage.device->pd, stage.target.at, HUGE,
				     ALL_REMOTE | IBV_ACCESS_ON_DEMAND | IBV_ACCESS_HUGETLB);
	if (stage.target_mr) {
		use(&stage);
		mr_close(stage.target_mr);
	} else {
		/* No capability bit says whether IBV_ACCESS_HUGETLB is taken. */
		CHECK(errno == EOPNOTSUPP || errno == EINVAL, "IBV_ACCESS_HUGETLB is refused with '%s'", strerror(errno));
		test_note("IBV_ACCESS_HUGETLB is refused: %s", strerror(errno));
	}
	munmap(stage.target.at, HUGE);
	stage.target = small;
	stage.target_mr = NULL;
	stage_close(&stage);
}
