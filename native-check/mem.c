// SPDX-License-Identifier: MIT
/* Memory whose pages are known to be there or not, patterns, and MRs over it. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness.h"
#include "mem.h"

size_t page_size(void)
{
	return sysconf(_SC_PAGESIZE);
}

/* Room for a mapping, with an inaccessible page on either side, so that an access off the end is seen. */
static uint8_t *reserve(size_t length)
{
	uint8_t *at = mmap(NULL, length + 2 * page_size(), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(at != MAP_FAILED, "mmap: %s", strerror(errno));
	return at + page_size();
}

static void map_at(uint8_t *at, size_t length, int flags, int fd, off_t offset)
{
	CHECK(mmap(at, length, PROT_READ | PROT_WRITE, flags | MAP_FIXED, fd, offset) == at, "mmap: %s",
	      strerror(errno));
	/* A transparent huge page would bring in the neighbours (madvise(2)); kernels without it refuse: fine. */
	madvise(at, length, MADV_NOHUGEPAGE);
}

struct mem mem_untouched(size_t pages)
{
	struct mem mem = { .length = pages * page_size(), .fd = -1 };

	mem.at = reserve(mem.length);
	map_at(mem.at, mem.length, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return mem;
}

/*
 * A read fault on a file also maps the pages around it, as far as the mapping goes (do_fault_around() in mm/memory.c
 * of the kernel). The file's pages stand in reverse order here, so that each page is a mapping of its own.
 */
struct mem mem_absent_with_data(size_t pages, uint32_t seed)
{
	struct mem mem = { .length = pages * page_size(), .fd = memfd_create("native-check", MFD_CLOEXEC) };
	uint8_t *bytes = malloc(page_size());

	CHECK(bytes && mem.fd >= 0, "memfd_create: %s", strerror(errno));
	mem.at = reserve(mem.length);
	for (size_t i = 0; i < pages; i++) {
		off_t offset = (pages - 1 - i) * page_size();

		fill(bytes, page_size(), seed, i * page_size());
		CHECK(pwrite(mem.fd, bytes, page_size(), offset) == (ssize_t)page_size(), "pwrite to a memfd: %s",
		      strerror(errno));
		map_at(mem.at + i * page_size(), page_size(), MAP_SHARED, mem.fd, offset);
	}
	free(bytes);
	return mem;
}

void mem_free(struct mem *mem)
{
	munmap(mem->at - page_size(), mem->length + 2 * page_size());
	if (mem->fd >= 0)
		close(mem->fd);
}

size_t pages_present(const void *at, size_t pages)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	size_t present = 0;
	uint64_t entry;

	CHECK(fd >= 0, "/proc/self/pagemap: %s (is /proc mounted?)", strerror(errno));
	for (size_t i = 0; i < pages; i++) {
		off_t offset = ((uintptr_t)at / page_size() + i) * sizeof(entry);

		CHECK(pread(fd, &entry, sizeof(entry), offset) == sizeof(entry), "/proc/self/pagemap: short read");
		present += entry >> 63; /* bit 63: page present */
	}
	close(fd);
	return present;
}

void expect_present(const struct mem *mem, size_t first, size_t pages, const char *when)
{
	size_t present = pages_present(mem->at + first * page_size(), pages);

	CHECK(present == pages, "%s: only %zu of %zu pages are present", when, present, pages);
}

void expect_absent(const struct mem *mem, size_t first, size_t pages, const char *when)
{
	size_t present = pages_present(mem->at + first * page_size(), pages);

	CHECK(present == 0, "%s: %zu of %zu pages are present that nobody touched", when, present, pages);
}

/* The finaliser of MurmurHash3 over seed and index. */
uint8_t pattern(uint32_t seed, size_t index)
{
	uint32_t hash = seed * 0x9e3779b1U ^ (uint32_t)index;

	hash = (hash ^ hash >> 16) * 0x85ebca6bU;
	hash = (hash ^ hash >> 13) * 0xc2b2ae35U;
	return hash ^ hash >> 16;
}

void fill(void *at, size_t length, uint32_t seed, size_t first)
{
	uint8_t *bytes = at;

	for (size_t i = 0; i < length; i++)
		bytes[i] = pattern(seed, first + i);
}

void expect_pattern(const void *at, size_t length, uint32_t seed, size_t first, const char *what)
{
	const uint8_t *bytes = at;

	for (size_t i = 0; i < length; i++)
		CHECK(bytes[i] == pattern(seed, first + i), "%s: byte %zu of %zu is 0x%02x, not 0x%02x", what, i, length,
		      bytes[i], pattern(seed, first + i));
}

void expect_zeros(const void *at, size_t length, const char *what)
{
	const uint8_t *bytes = at;

	for (size_t i = 0; i < length; i++)
		CHECK(bytes[i] == 0, "%s: byte %zu of %zu is 0x%02x, not 0", what, i, length, bytes[i]);
}

struct ibv_mr *mr_pinned(struct device *device, const struct mem *mem, int access)
{
	struct ibv_mr *mr;

	test_step("registering %zu pages with access 0x%x", mem->length / page_size(), access);
	mr = ibv_reg_mr(device->pd, mem->at, mem->length, access);
	CHECK(mr, "ibv_reg_mr of %zu pages with access 0x%x: %s", mem->length / page_size(), access, strerror(errno));
	CHECK(mr->addr == mem->at && mr->length == mem->length && mr->pd == device->pd,
	      "ibv_reg_mr: addr, length or pd of the MR are not what was asked for");
	return mr;
}

struct ibv_mr *mr_on_demand(struct device *device, const struct mem *mem, int access)
{
	size_t pages = mem->length / page_size();
	size_t before = pages_present(mem->at, pages), after;
	struct ibv_mr *mr = mr_pinned(device, mem, access | IBV_ACCESS_ON_DEMAND);

	after = pages_present(mem->at, pages);
	CHECK(after <= before, "registering brought in %zu absent pages: the MR is pinned, not on demand", after - before);
	return mr;
}

struct ibv_mr *mr_of_kind(struct device *device, const struct mem *mem, int access, bool on_demand)
{
	return on_demand ? mr_on_demand(device, mem, access) : mr_pinned(device, mem, access);
}

void mr_close(struct ibv_mr *mr)
{
	int ret;

	test_step("deregistering");
	ret = ibv_dereg_mr(mr);
	CHECK(ret == 0, "ibv_dereg_mr: %s", strerror(ret));
}
