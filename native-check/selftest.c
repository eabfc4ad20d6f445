// SPDX-License-Identifier: MIT
/* Tests of the harness itself, run with --self-test. Those named bad_ must come out as failures. Needs no device. */
#define _GNU_SOURCE
#include <linux/netlink.h>
#include <pthread.h>
#include <rdma/rdma_netlink.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "faults.h"
#include "harness.h"
#include "mem.h"

SELFTEST(bad_abort)
{
	test_step("calling abort");
	abort();
}

SELFTEST(bad_bytes)
{
	uint8_t bytes[64];

	fill(bytes, sizeof(bytes), 1, 0);
	bytes[40] ^= 1;
	expect_pattern(bytes, sizeof(bytes), 1, 0, "bytes");
}

SELFTEST(bad_exit)
{
	exit(0); /* without a verdict, status 0 is no pass */
}

SELFTEST(bad_fail)
{
	FAIL("two lines\nok 1 forged # \033[31mred");
}

SELFTEST(bad_hang)
{
	test_step("sleeping for ever");
	if (fork() == 0)
		for (;;)
			pause(); /* must be gone with its parent */
	for (;;)
		pause();
}

SELFTEST(bad_kill)
{
	kill(getpid(), SIGKILL);
}

SELFTEST(bad_presence)
{
	struct mem mem = mem_untouched(4);

	mem.at[2 * page_size()] = 1;
	expect_absent(&mem, 0, 4, "pages of which one was touched");
}

static void *fail_in_thread(void *argument)
{
	(void)argument;
	FAIL("from a thread");
}

SELFTEST(bad_thread)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, fail_in_thread, NULL) == 0)
		pthread_join(thread, NULL);
}

SELFTEST(good_memory)
{
	struct mem untouched = mem_untouched(8), data = mem_absent_with_data(8, 3);

	expect_absent(&untouched, 0, 8, "untouched pages");
	expect_absent(&data, 0, 8, "pages with data");
	untouched.at[0] = 1;
	expect_pattern(data.at + 5 * page_size(), page_size(), 3, 5 * page_size(), "page with data");
	expect_present(&untouched, 0, 1, "touched page");
	expect_absent(&untouched, 1, 7, "the others");
	expect_present(&data, 5, 1, "page that was read");
	expect_absent(&data, 0, 5, "pages before it");
	expect_absent(&data, 6, 2, "pages behind it");
	expect_pattern(data.at, data.length, 3, 0, "all pages with data");
	mem_free(&untouched);
	mem_free(&data);
}

SELFTEST(good_noise)
{
	puts("not ok 1 what a library prints is not a result");
	fflush(stdout);
	test_note("a note");
}

SELFTEST(good_pattern)
{
	int same_shifted = 0, same_seed = 0;

	for (size_t i = 0; i < 4096; i++) {
		same_shifted += pattern(1, i) == pattern(1, i + 4096);
		same_seed += pattern(1, i) == pattern(2, i);
	}
	CHECK(same_shifted < 100 && same_seed < 100, "patterns look alike: %d, %d", same_shifted, same_seed);
}

/* One nested answer as mlx5 gives it: two MRs, each with two counters. */
static size_t add(char *at, uint16_t type, const void *data, size_t length)
{
	struct nlattr attribute = { .nla_len = NLA_HDRLEN + length, .nla_type = type };

	memcpy(at, &attribute, sizeof(attribute));
	if (length)
		memmove(at + NLA_HDRLEN, data, length);
	return NLA_ALIGN(attribute.nla_len);
}

static size_t add_counter(char *at, const char *name, uint64_t value)
{
	char inner[128] = { 0 };
	size_t used = add(inner, RDMA_NLDEV_ATTR_STAT_HWCOUNTER_ENTRY_NAME, name, strlen(name) + 1);

	used += add(inner + used, RDMA_NLDEV_ATTR_STAT_HWCOUNTER_ENTRY_VALUE, &value, sizeof(value));
	return add(at, RDMA_NLDEV_ATTR_STAT_HWCOUNTER_ENTRY | NLA_F_NESTED, inner, used);
}

SELFTEST(good_statistics)
{
	char counters[512] = { 0 }, entry[600] = { 0 }, table[1400] = { 0 }, answer[1500] = { 0 };
	size_t used = add_counter(counters, "page_faults", 20);
	unsigned long long sum = 0;
	int found;

	used += add_counter(counters + used, "page_invalidations", 300);
	used = add(entry, RDMA_NLDEV_ATTR_STAT_HWCOUNTERS | NLA_F_NESTED, counters, used);
	used = add(table, RDMA_NLDEV_ATTR_RES_MR_ENTRY | NLA_F_NESTED, entry, used);
	memcpy(table + used, table, used);
	used = add(answer, RDMA_NLDEV_ATTR_RES_MR | NLA_F_NESTED, table, 2 * used);
	found = faults_in_attributes(answer, used, &sum);
	CHECK(found == 2 && sum == 40, "%d counters, sum %llu", found, sum);
	for (size_t cut = 0; cut < used; cut++) {
		char *part = malloc(cut + 1);

		memcpy(part, answer, cut);
		faults_in_attributes(part, cut, &sum); /* may not read past the end: the sanitizers watch */
		free(part);
	}
}

SELFTEST(skip_with_reason)
{
	SKIP("because it is a test of skipping");
}
