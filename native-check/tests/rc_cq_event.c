// SPDX-License-Identifier: MIT
/* A completion wakes who waits on the channel, once for each time it was asked for (ibv_get_cq_event(3)). */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "../harness.h"
#include "../mem.h"
#include "../qp.h"

static bool wakes(const struct ibv_comp_channel *channel, int milliseconds)
{
	struct pollfd fd = { .fd = channel->fd, .events = POLLIN };

	return poll(&fd, 1, milliseconds) == 1;
}

TEST(rc_cq_event)
{
	struct device *device = device_open();
	struct ibv_comp_channel *channel = ibv_create_comp_channel(device->context);
	struct ibv_cq *cq = channel ? ibv_create_cq(device->context, QUEUE_DEPTH, &cq, channel, 0) : NULL, *woken = NULL;
	void *context = NULL;
	struct pair pair;

	CHECK(cq, "ibv_create_comp_channel or ibv_create_cq: %s", strerror(errno));
	pair = pair_open(device, (struct pair_wish){ .type = IBV_QPT_RC, .recv_cq = cq });
	for (uint64_t id = 1; id <= 3; id++) {
		CHECK(ibv_req_notify_cq(cq, 0) == 0, "ibv_req_notify_cq failed");
		CHECK(!wakes(channel, 0), "an event before the completion");
		post_recv(&pair, id, NULL, 0);
		do_request(&pair, (struct request){ .opcode = IBV_WR_SEND, .id = id }, "send");
		test_step("waiting for the event");
		CHECK(wakes(channel, 5000), "no event within 5 s");
		CHECK(ibv_get_cq_event(channel, &woken, &context) == 0, "ibv_get_cq_event: %s", strerror(errno));
		CHECK(woken == cq && context == &cq, "the event is for another CQ");
		ibv_ack_cq_events(cq, 1);
		wait_ok(cq, id, IBV_WC_RECV, "receive");
	}
	post_recv(&pair, 4, NULL, 0);
	do_request(&pair, (struct request){ .opcode = IBV_WR_SEND, .id = 4 }, "send");
	wait_ok(cq, 4, IBV_WC_RECV, "receive");
	CHECK(!wakes(channel, 20), "an event that nobody asked for");
	pair_close(&pair);
	CHECK(ibv_destroy_cq(cq) == 0 && ibv_destroy_comp_channel(channel) == 0, "destroying CQ or channel failed");
	device_close(device);
}
