// SPDX-License-Identifier: MIT
/* Atomic write (ibv_wr_atomic_write) over RC on pinned memory. */
#include "../harness.h"
#include "../traffic.h"

TEST(rc_atomic_write)
{
	traffic_atomic_write((struct scene){ .type = IBV_QPT_RC });
}
