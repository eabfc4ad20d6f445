// SPDX-License-Identifier: MIT
/* Send and receive over UD, from and into on-demand memory. */
#include "../harness.h"
#include "../traffic.h"

TEST(odp_ud_send)
{
	traffic_send((struct scene){ .type = IBV_QPT_UD, .on_demand = true });
}
