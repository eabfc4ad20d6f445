// SPDX-License-Identifier: MIT
/* Send and receive over UC, from and into on-demand memory. */
#include "../harness.h"
#include "../traffic.h"

TEST(odp_uc_send)
{
	traffic_send((struct scene){ .type = IBV_QPT_UC, .on_demand = true });
}
