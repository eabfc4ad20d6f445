// SPDX-License-Identifier: MIT
/* Registering tests, and what a test says in its child: pass, fail, skip, step, note. Prints nothing itself. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "board.h"

struct board *board;
struct test *tests;

/* Sorted by name: the plan must not depend on the order of linking. */
void test_register(struct test *test)
{
	struct test **at = &tests;

	while (*at && strcmp((*at)->name, test->name) < 0)
		at = &(*at)->next;
	test->next = *at;
	*at = test;
}

__attribute__((noreturn)) static void end(enum verdict verdict, int status)
{
	board->verdict = verdict;
	_exit(status);
}

/* False for the second thread that has something to say. */
static bool claim(void)
{
	return !__atomic_exchange_n(&board->claimed, 1, __ATOMIC_SEQ_CST);
}

void test_fail(const char *file, int line, const char *format, ...)
{
	const char *base = strrchr(file, '/');
	va_list args;
	int used;

	if (!claim())
		for (;;)
			pause();
	used = snprintf(board->reason, sizeof(board->reason), "%s:%d: ", base ? base + 1 : file, line);
	va_start(args, format);
	vsnprintf(board->reason + used, sizeof(board->reason) - used, format, args);
	va_end(args);
	end(FAILED, EXIT_FAIL);
}

void test_skip(const char *format, ...)
{
	va_list args;

	if (!claim())
		for (;;)
			pause();
	va_start(args, format);
	vsnprintf(board->reason, sizeof(board->reason), format, args);
	va_end(args);
	end(SKIPPED, EXIT_SKIP);
}

void test_step(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(board->step, sizeof(board->step), format, args);
	va_end(args);
}

void test_note(const char *format, ...)
{
	size_t used = strlen(board->notes);
	va_list args;

	if (sizeof(board->notes) - used < 3)
		return;
	va_start(args, format);
	vsnprintf(board->notes + used, sizeof(board->notes) - used - 1, format, args);
	va_end(args);
	strcat(board->notes, "\n");
}

void child_main(void (*run)(void))
{
	sigset_t none;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* Nothing that the library prints may look like a result. */
	dup2(STDERR_FILENO, STDOUT_FILENO);
	run();
	if (!claim())
		for (;;)
			pause();
	end(PASSED, EXIT_PASS);
}
