// SPDX-License-Identifier: MIT
/* Compare-and-swap over RC on pinned memory: what matches is swapped, what does not is left. */
#include "../harness.h"
#include "../traffic.h"

TEST(rc_compare_swap)
{
	traffic_compare_swap((struct scene){ .type = IBV_QPT_RC });
}
