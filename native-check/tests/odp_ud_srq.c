// SPDX-License-Identifier: MIT
/* Send over UD into a shared receive queue, on-demand memory. */
#include "../harness.h"
#include "../traffic.h"

TEST(odp_ud_srq)
{
	traffic_send((struct scene){ .type = IBV_QPT_UD, .on_demand = true, .srq = true });
}
