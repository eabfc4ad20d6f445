// SPDX-License-Identifier: MIT
/* Send over RC into a shared receive queue, on-demand memory. */
#include "../harness.h"
#include "../traffic.h"

TEST(odp_rc_srq)
{
	traffic_send((struct scene){ .type = IBV_QPT_RC, .on_demand = true, .srq = true });
}
