// SPDX-License-Identifier: MIT
/* RDMA write with immediate data over RC, from and into pinned memory. */
#include "../harness.h"
#include "../traffic.h"

TEST(rc_write_imm)
{
	traffic_write((struct scene){ .type = IBV_QPT_RC }, true);
}
