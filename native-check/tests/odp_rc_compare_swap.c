// SPDX-License-Identifier: MIT
/* Compare-and-swap over RC on on-demand memory: what matches is swapped, what does not is left. */
#include "../harness.h"
#include "../traffic.h"

TEST(odp_rc_compare_swap)
{
	traffic_compare_swap((struct scene){ .type = IBV_QPT_RC, .on_demand = true });
}
