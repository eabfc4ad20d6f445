// SPDX-License-Identifier: MIT
/* RDMA write over UC, from and into pinned memory. */
#include "../harness.h"
#include "../traffic.h"

TEST(uc_write)
{
	traffic_write((struct scene){ .type = IBV_QPT_UC }, false);
}
