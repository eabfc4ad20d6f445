// SPDX-License-Identifier: MIT
/* Send over RC into a shared receive queue, pinned memory. */
#include "../harness.h"
#include "../traffic.h"

TEST(rc_srq)
{
	traffic_send((struct scene){ .type = IBV_QPT_RC, .srq = true });
}
