/* SPDX-License-Identifier: MIT */
/* Memory whose pages are known to be there or not, patterns, and MRs over it. */
#ifndef NATIVE_CHECK_MEM_H
#define NATIVE_CHECK_MEM_H

#include <infiniband/verbs.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "device.h"

struct mem {
	uint8_t *at;
	size_t length; /* whole pages */
	int fd; /* of the memfd behind it, or -1 */
};

size_t page_size(void);

/* Private anonymous pages that nobody has touched: they read as zeros. */
struct mem mem_untouched(size_t pages);

/*
 * Pages with the pattern of `seed` in them, of which this mapping has none: the bytes were written to a memfd. Only
 * thus can a page be absent and yet hold data that is not zero, without swap.
 */
struct mem mem_absent_with_data(size_t pages, uint32_t seed);

void mem_free(struct mem *mem);

/* Pages present in this process's page table (/proc/self/pagemap; proc_pid_pagemap(5)). */
size_t pages_present(const void *at, size_t pages);
void expect_present(const struct mem *mem, size_t first, size_t pages, const char *when);
void expect_absent(const struct mem *mem, size_t first, size_t pages, const char *when);

/* A byte that depends on seed and index both, so that neither a shifted nor a stale page can match. */
uint8_t pattern(uint32_t seed, size_t index);
void fill(void *at, size_t length, uint32_t seed, size_t first);

/* FAIL with the first byte that is wrong. `first` is the index into the pattern of the byte at `at`. */
void expect_pattern(const void *at, size_t length, uint32_t seed, size_t first, const char *what);
void expect_zeros(const void *at, size_t length, const char *what);

/* A pinned MR; FAILs where it cannot be registered. */
struct ibv_mr *mr_pinned(struct device *device, const struct mem *mem, int access);

/*
 * An MR with IBV_ACCESS_ON_DEMAND. FAILs where registration brought in even one page that was absent: then it was
 * pinned, whatever its flags said.
 */
struct ibv_mr *mr_on_demand(struct device *device, const struct mem *mem, int access);

/* One of the two. */
struct ibv_mr *mr_of_kind(struct device *device, const struct mem *mem, int access, bool on_demand);
void mr_close(struct ibv_mr *mr);

#endif
