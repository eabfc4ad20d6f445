// SPDX-License-Identifier: MIT
/* Atomic write (ibv_wr_atomic_write) over RC on on-demand memory. */
#include "../harness.h"
#include "../traffic.h"

TEST(odp_rc_atomic_write)
{
	traffic_atomic_write((struct scene){ .type = IBV_QPT_RC, .on_demand = true });
}
