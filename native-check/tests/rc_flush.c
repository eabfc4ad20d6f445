// SPDX-License-Identifier: MIT
/* Flush (ibv_wr_flush) behind writes over RC on pinned memory. */
#include "../harness.h"
#include "../traffic.h"

TEST(rc_flush)
{
	traffic_flush((struct scene){ .type = IBV_QPT_RC });
}
