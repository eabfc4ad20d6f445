// SPDX-License-Identifier: MIT
/* RDMA write over RC, from and into pinned memory. */
#include "../harness.h"
#include "../traffic.h"

TEST(rc_write)
{
	traffic_write((struct scene){ .type = IBV_QPT_RC }, false);
}
