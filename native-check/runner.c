// SPDX-License-Identifier: MIT
/*
 * Runs each test in a forked child with a timeout, and prints KTAP (Documentation/dev-tools/ktap.rst of the kernel). The
 * parent never calls into libibverbs: whatever the library under test does, it does in a child whose end the parent sees.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fnmatch.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "board.h"

static bool selected(const struct test *test, const struct run_wish *wish)
{
	if (test->selftest != wish->selftest)
		return false;
	if (!wish->filters || !wish->filters[0])
		return true;
	for (char **filter = wish->filters; *filter; filter++)
		if (fnmatch(*filter, test->name, 0) == 0)
			return true;
	return false;
}

static int count_selected(const struct run_wish *wish)
{
	int count = 0;

	for (struct test *test = tests; test; test = test->next)
		count += selected(test, wish);
	return count;
}

/* One line of KTAP is one line: whatever the library put into a string, it cannot start another. */
static void tame(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

static const char *signal_name(int number)
{
	static char buffer[32];
	const char *abbreviation = sigabbrev_np(number);

	if (abbreviation)
		snprintf(buffer, sizeof(buffer), "SIG%s", abbreviation);
	else
		snprintf(buffer, sizeof(buffer), "signal %d", number);
	return buffer;
}

/* Waits for the child, at most `seconds`; false where it had to be killed. Needs SIGCHLD blocked. */
static bool wait_for(pid_t child, int seconds, int *status)
{
	struct timespec now, until, left = { 0 };
	sigset_t chld;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += seconds;
	for (;;) {
		if (waitpid(child, status, WNOHANG) == child)
			return true;
		clock_gettime(CLOCK_MONOTONIC, &now);
		left.tv_sec = until.tv_sec - now.tv_sec;
		left.tv_nsec = until.tv_nsec - now.tv_nsec;
		if (left.tv_nsec < 0) {
			left.tv_nsec += 1000000000L;
			left.tv_sec--;
		}
		if (left.tv_sec < 0)
			return false;
		sigtimedwait(&chld, NULL, &left);
	}
}

enum ending { ENDED, TIMED_OUT, UNKILLABLE, NOT_STARTED };

static enum ending run_child(void (*run)(void), int seconds, int *status)
{
	enum ending ending = ENDED;
	pid_t child;

	memset(board, 0, sizeof(*board));
	fflush(NULL);
	child = fork();
	if (child < 0)
		return NOT_STARTED;
	if (child == 0)
		child_main(run);
	setpgid(child, child);
	if (!wait_for(child, seconds, status)) {
		ending = TIMED_OUT;
		kill(-child, SIGKILL);
		/* A process that waits inside the kernel cannot be killed; nothing after it can be trusted. */
		if (!wait_for(child, 5, status))
			ending = UNKILLABLE;
	}
	kill(-child, SIGKILL); /* processes that the test has left behind */
	return ending;
}

/* The verdict on how the child ended; writes the reason. */
static enum verdict judge(enum ending ending, int status, char *reason, size_t size)
{
	const char *during = board->step[0] ? ", while: " : "";

	tame(board->step);
	if (ending == NOT_STARTED) {
		snprintf(reason, size, "fork failed: %s", strerror(errno));
		return FAILED;
	}
	if (ending != ENDED) {
		snprintf(reason, size, "no end within %d s%s%s%s", options.timeout,
			 ending == UNKILLABLE ? " and cannot be killed" : "", during, board->step);
		return FAILED;
	}
	if (WIFSIGNALED(status)) {
		snprintf(reason, size, "killed by %s%s%s", signal_name(WTERMSIG(status)), during, board->step);
		return FAILED;
	}
	if (board->verdict == PASSED && WEXITSTATUS(status) == EXIT_PASS)
		return PASSED;
	if ((board->verdict == FAILED || board->verdict == SKIPPED) && board->reason[0]) {
		tame(board->reason);
		snprintf(reason, size, "%s", board->reason);
		return board->verdict;
	}
	snprintf(reason, size, "exited with status %d and no result%s%s", WEXITSTATUS(status), during, board->step);
	return FAILED;
}

static void print_notes(const char *name)
{
	char *rest = board->notes, *line;

	while ((line = strsep(&rest, "\n")) != NULL) {
		if (!*line)
			continue;
		tame(line);
		printf("# %s: %s\n", name, line);
	}
}

static bool (*usable_check)(char *, unsigned long);

static void run_usable_check(void)
{
	char why[300];

	if (!usable_check(why, sizeof(why)))
		SKIP("%s", why);
}

static long ms_between(const struct timespec *start, const struct timespec *stop)
{
	return (stop->tv_sec - start->tv_sec) * 1000 + (stop->tv_nsec - start->tv_nsec) / 1000000;
}

static enum verdict run_one(const struct test *test, int number, bool *unkillable)
{
	struct timespec start, stop;
	char reason[sizeof(board->reason) + sizeof(board->step) + 80] = "";
	enum ending ending;
	enum verdict verdict;
	int status = 0;

	clock_gettime(CLOCK_MONOTONIC, &start);
	ending = run_child(test->run, options.timeout, &status);
	clock_gettime(CLOCK_MONOTONIC, &stop);
	verdict = judge(ending, status, reason, sizeof(reason));
	*unkillable = ending == UNKILLABLE;
	print_notes(test->name);
	printf("# %s: %ld ms\n", test->name, ms_between(&start, &stop));
	if (verdict == PASSED)
		printf("ok %d %s\n", number, test->name);
	else if (verdict == SKIPPED)
		printf("ok %d %s # SKIP %s\n", number, test->name, reason);
	else
		printf("not ok %d %s # %s\n", number, test->name, reason);
	return verdict;
}

/* The tests in turn; those for which no time is left fail unrun, so that one slow fault cannot hide the others. */
static void run_all(const struct run_wish *wish, int *count, bool *unkillable)
{
	struct timespec start, now;
	int number = 0;

	clock_gettime(CLOCK_MONOTONIC, &start);
	for (struct test *test = tests; test && !*unkillable; test = test->next) {
		if (!selected(test, wish))
			continue;
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (ms_between(&start, &now) < options.budget * 1000L) {
			count[run_one(test, ++number, unkillable)]++;
		} else {
			printf("not ok %d %s # not run: the %d s for all tests were used up\n", ++number, test->name,
			       options.budget);
			count[FAILED]++;
		}
	}
}

int tests_list(const struct run_wish *wish)
{
	for (struct test *test = tests; test; test = test->next)
		if (selected(test, wish))
			puts(test->name);
	return count_selected(wish) ? EXIT_PASS : EXIT_USAGE;
}

/* Whether there is something to test on; prints what is to be said where there is not. */
static int look_for_device(const struct run_wish *wish)
{
	char reason[700] = "";
	enum verdict verdict;
	enum ending ending;
	int status = 0;

	usable_check = wish->usable;
	ending = run_child(run_usable_check, options.timeout, &status);
	verdict = judge(ending, status, reason, sizeof(reason));
	if (verdict == PASSED)
		return EXIT_PASS;
	/* Who names a device, or says that there must be one, did not mean to test nothing. */
	if (verdict == FAILED || wish->require_device || options.device) {
		printf("Bail out! %s\n", reason);
		return EXIT_FAIL;
	}
	printf("1..0 # SKIP %s\n# done\n", reason);
	return EXIT_SKIP;
}

int tests_run(const struct run_wish *wish)
{
	int count[SKIPPED + 1] = { 0 };
	bool unkillable = false;
	sigset_t chld;

	if (!count_selected(wish))
		return EXIT_USAGE;
	setvbuf(stdout, NULL, _IOLBF, 0);
	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (board == MAP_FAILED) {
		perror("mmap");
		return EXIT_FAIL;
	}
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);
	puts("KTAP version 1");
	if (wish->usable && !wish->selftest) {
		int status = look_for_device(wish);

		if (status != EXIT_PASS)
			return status;
	}
	printf("1..%d\n", count_selected(wish));
	run_all(wish, count, &unkillable);
	printf("# Totals: pass:%d fail:%d xfail:0 xpass:0 skip:%d error:0\n", count[PASSED], count[FAILED],
	       count[SKIPPED]);
	if (unkillable) {
		puts("Bail out! a test hangs in the kernel");
		return EXIT_FAIL;
	}
	puts("# done");
	if (count[FAILED])
		return EXIT_FAIL;
	return count[PASSED] ? EXIT_PASS : EXIT_SKIP;
}
