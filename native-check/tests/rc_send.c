// SPDX-License-Identifier: MIT
/* Send and receive over RC, from and into pinned memory. */
#include "../harness.h"
#include "../traffic.h"

TEST(rc_send)
{
	traffic_send((struct scene){ .type = IBV_QPT_RC });
}
