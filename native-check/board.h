/* SPDX-License-Identifier: MIT */
/* Between harness.c, which speaks in the child, and runner.c, which listens in the parent. Tests do not include this. */
#ifndef NATIVE_CHECK_BOARD_H
#define NATIVE_CHECK_BOARD_H

#include "harness.h"

enum verdict { NO_VERDICT, PASSED, FAILED, SKIPPED };

/* Shared memory with the child, so that it outlives a crash. */
struct board {
	int claimed; /* set by the thread that speaks the verdict: the first one wins */
	enum verdict verdict;
	char reason[400];
	char step[200];
	char notes[2000];
};

extern struct board *board;

/* All tests, sorted by name. */
extern struct test *tests;

/* In the child: runs the test and ends with its verdict. */
__attribute__((noreturn)) void child_main(void (*run)(void));

#endif
