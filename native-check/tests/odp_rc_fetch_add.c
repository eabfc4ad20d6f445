// SPDX-License-Identifier: MIT
/* Fetch-and-add over RC on on-demand memory. */
#include "../harness.h"
#include "../traffic.h"

TEST(odp_rc_fetch_add)
{
	traffic_fetch_add((struct scene){ .type = IBV_QPT_RC, .on_demand = true });
}
