// SPDX-License-Identifier: MIT
/* Flush (ibv_wr_flush) behind writes over RC on on-demand memory. */
#include "../harness.h"
#include "../traffic.h"

TEST(odp_rc_flush)
{
	traffic_flush((struct scene){ .type = IBV_QPT_RC, .on_demand = true });
}
