// SPDX-License-Identifier: MIT
/* Send and receive over UD, from and into pinned memory. */
#include "../harness.h"
#include "../traffic.h"

TEST(ud_send)
{
	traffic_send((struct scene){ .type = IBV_QPT_UD });
}
