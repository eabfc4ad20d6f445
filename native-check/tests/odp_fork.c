// SPDX-License-Identifier: MIT
/*
 * fork(2) makes the pages copy-on-write. The MR belongs to the parent: what the device writes the child must not see,
 * and what the child writes the device must not. (Pinned memory needs ibv_fork_init(3) for this; on-demand does not.)
 */
#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../harness.h"
#include "../traffic.h"

/* The child: waits for a byte, looks at both pages, writes to one; says with its exit status how it went. */
static void child(const struct stage *stage, int go)
{
	char byte;

	if (read(go, &byte, 1) != 1)
		_exit(10);
	for (size_t i = 0; i < stage->chunk; i++)
		if (target_page(stage, 0)[i] != pattern(1, i) || target_page(stage, 1)[i] != pattern(2, i))
			_exit(11);
	fill(target_page(stage, 1), stage->chunk, 77, 0);
	_exit(0);
}

TEST(odp_fork)
{
	struct stage stage = stage_open(PAGES, ODP_READ | ODP_WRITE);
	int go[2], status = 0;
	pid_t pid;

	stage_write(&stage, 0, 1);
	stage_write(&stage, 1, 2);
	CHECK(pipe(go) == 0, "pipe: %s", strerror(errno));
	pid = fork();
	CHECK(pid >= 0, "fork: %s", strerror(errno));
	if (pid == 0)
		child(&stage, go[0]);

	stage_write(&stage, 0, 3); /* must break copy-on-write for the parent */
	expect_page(&stage, 0, 3, "parent's page, written after fork");
	CHECK(write(go[1], "g", 1) == 1, "write: %s", strerror(errno));
	CHECK(waitpid(pid, &status, 0) == pid, "waitpid: %s", strerror(errno));
	CHECK(status != 11 << 8, "the child sees what the device wrote for the parent after fork");
	CHECK(status == 0, "the child ended with wait status 0x%x", status);
	stage_read(&stage, 1, 2, "parent's page that the child wrote to");
	stage_read(&stage, 0, 3, "parent's page after the child");
	stage_write(&stage, 1, 4);
	expect_page(&stage, 1, 4, "parent's page after the child's end");
	close(go[0]);
	close(go[1]);
	stage_close(&stage);
}
