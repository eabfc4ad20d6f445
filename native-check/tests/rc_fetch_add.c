// SPDX-License-Identifier: MIT
/* Fetch-and-add over RC on pinned memory. */
#include "../harness.h"
#include "../traffic.h"

TEST(rc_fetch_add)
{
	traffic_fetch_add((struct scene){ .type = IBV_QPT_RC });
}
