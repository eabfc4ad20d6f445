// SPDX-License-Identifier: MIT
/* Send over UD into a shared receive queue, pinned memory. */
#include "../harness.h"
#include "../traffic.h"

TEST(ud_srq)
{
	traffic_send((struct scene){ .type = IBV_QPT_UD, .srq = true });
}
