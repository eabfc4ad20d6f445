// SPDX-License-Identifier: MIT
/* Send and receive over UC, from and into pinned memory. */
#include "../harness.h"
#include "../traffic.h"

TEST(uc_send)
{
	traffic_send((struct scene){ .type = IBV_QPT_UC });
}
