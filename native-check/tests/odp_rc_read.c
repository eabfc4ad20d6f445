// SPDX-License-Identifier: MIT
/* RDMA read over RC, from and into on-demand memory. */
#include "../harness.h"
#include "../traffic.h"

TEST(odp_rc_read)
{
	traffic_read((struct scene){ .type = IBV_QPT_RC, .on_demand = true });
}
