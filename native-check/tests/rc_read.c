// SPDX-License-Identifier: MIT
/* RDMA read over RC, from and into pinned memory. */
#include "../harness.h"
#include "../traffic.h"

TEST(rc_read)
{
	traffic_read((struct scene){ .type = IBV_QPT_RC });
}
