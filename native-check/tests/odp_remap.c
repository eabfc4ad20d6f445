// SPDX-License-Identifier: MIT
/* munmap and map again at the same address: in between, access is an error; afterwards, the new page is the one. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "../harness.h"
#include "../traffic.h"

TEST(odp_remap)
{
	struct stage stage = stage_open(PAGES, ODP_READ | ODP_WRITE);
	struct mem other = mem_absent_with_data(1, 9);

	stage_write(&stage, 1, 1);
	stage_write(&stage, 2, 2);
	CHECK(munmap(target_page(&stage, 1), page_size()) == 0, "munmap: %s", strerror(errno));
	stage_write_fails(&stage, 1, IBV_WC_REM_ACCESS_ERR, "write to a page after munmap");
	stage_read(&stage, 2, 2, "its neighbour after munmap");

	CHECK(mmap(target_page(&stage, 1), page_size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		   -1, 0) != MAP_FAILED,
	      "mmap: %s", strerror(errno));
	stage_read(&stage, 1, 0, "page mapped again");
	stage_write(&stage, 1, 3);
	expect_page(&stage, 1, 3, "page mapped again, written");

	/* The other way round: a mapping laid over the old one, with data in it. */
	CHECK(mmap(target_page(&stage, 2), page_size(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, other.fd, 0) !=
		      MAP_FAILED,
	      "mmap: %s", strerror(errno));
	stage_read(&stage, 2, 9, "file laid over the page");
	stage_write(&stage, 2, 4);
	expect_pattern(other.at, stage.chunk, 4, 0, "the file, seen through another mapping");
	mem_free(&other);
	stage_close(&stage);
}
