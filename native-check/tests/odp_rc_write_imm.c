// SPDX-License-Identifier: MIT
/* RDMA write with immediate data over RC, from and into on-demand memory. */
#include "../harness.h"
#include "../traffic.h"

TEST(odp_rc_write_imm)
{
	traffic_write((struct scene){ .type = IBV_QPT_RC, .on_demand = true }, true);
}
