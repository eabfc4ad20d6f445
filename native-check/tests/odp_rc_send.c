// SPDX-License-Identifier: MIT
/* Send and receive over RC, from and into on-demand memory. */
#include "../harness.h"
#include "../traffic.h"

TEST(odp_rc_send)
{
	traffic_send((struct scene){ .type = IBV_QPT_RC, .on_demand = true });
}
