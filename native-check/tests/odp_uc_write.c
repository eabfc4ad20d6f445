// SPDX-License-Identifier: MIT
/* RDMA write over UC, from and into on-demand memory. */
#include "../harness.h"
#include "../traffic.h"

TEST(odp_uc_write)
{
	traffic_write((struct scene){ .type = IBV_QPT_UC, .on_demand = true }, false);
}
