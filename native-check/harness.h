/* SPDX-License-Identifier: MIT */
/*
 * The test harness: TEST(name) {...} registers itself, runs in a forked child with a timeout, and ends as one
 * KTAP line. Knows nothing about RDMA. The model is tools/testing/selftests/kselftest_harness.h of the kernel.
 */
#ifndef NATIVE_CHECK_HARNESS_H
#define NATIVE_CHECK_HARNESS_H

#include <stdbool.h>

/* Exit statuses of kselftest (Documentation/dev-tools/kselftest.rst); 2 is ours, for a wrong command line. */
enum { EXIT_PASS = 0, EXIT_FAIL = 1, EXIT_USAGE = 2, EXIT_SKIP = 4 };

struct test {
	const char *name;
	void (*run)(void);
	bool selftest; /* a test of the harness itself: only with --self-test */
	struct test *next;
};

struct options {
	const char *device; /* NULL: the first one */
	int port;
	int gid_index; /* -1: the first RoCE v2 GID that is an IPv4 address, else 0 */
	int timeout; /* seconds a test may take */
	int budget; /* seconds after which no further test is begun */
};

extern struct options options;

void test_register(struct test *test);

#define REGISTER_TEST(NAME, SELFTEST)                                                                       \
	static void NAME(void);                                                                             \
	static struct test NAME##_entry = { .name = #NAME, .run = NAME, .selftest = SELFTEST };             \
	__attribute__((constructor)) static void NAME##_register(void)                                      \
	{                                                                                                   \
		test_register(&NAME##_entry);                                                               \
	}                                                                                                   \
	static void NAME(void)

/* A test passes by returning. FAIL and SKIP end the child at once, from whatever thread; the kernel cleans up. */
#define TEST(NAME) REGISTER_TEST(NAME, false)
#define SELFTEST(NAME) REGISTER_TEST(NAME, true)

#define FAIL(...) test_fail(__FILE__, __LINE__, __VA_ARGS__)
#define SKIP(...) test_skip(__VA_ARGS__)
#define CHECK(CONDITION, ...)                                                                               \
	do {                                                                                                \
		if (!(CONDITION))                                                                           \
			FAIL(__VA_ARGS__);                                                                  \
	} while (0)

__attribute__((noreturn, format(printf, 3, 4))) void test_fail(const char *file, int line, const char *format, ...);
__attribute__((noreturn, format(printf, 1, 2))) void test_skip(const char *format, ...);

/* What the test is about to do: said when it crashes or hangs. */
__attribute__((format(printf, 1, 2))) void test_step(const char *format, ...);

/* A diagnostic line, `# name: text`, printed before the result. */
__attribute__((format(printf, 1, 2))) void test_note(const char *format, ...);

struct run_wish {
	char **filters; /* NULL-terminated shell patterns; empty: every test */
	bool selftest;
	bool require_device;
	/* Fills why and returns false where there is nothing to test on; called in a child. NULL: always true. */
	bool (*usable)(char *why, unsigned long size);
};

int tests_list(const struct run_wish *wish);
int tests_run(const struct run_wish *wish);

#endif
