// SPDX-License-Identifier: MIT
/*
 * An application built when struct ibv_device_attr_ex was shorter passes its own size: what fits is the same, and not a
 * byte behind it is written (libibverbs/verbs.h, ibv_query_device_ex()).
 */
#include <stddef.h>
#include <string.h>

#include "../device.h"
#include "../harness.h"

static void query_with(struct device *device, size_t size)
{
	struct verbs_context *vctx = verbs_get_ctx_op(device->context, query_device_ex);
	struct {
		struct ibv_device_attr_ex attr;
		char behind[64];
	} old;
	const unsigned char *bytes = (const unsigned char *)&old;
	int ret;

	CHECK(vctx, "the context has no query_device_ex");
	memset(&old, 0x5a, sizeof(old));
	test_step("query_device_ex with %zu bytes", size);
	ret = vctx->query_device_ex(device->context, NULL, &old.attr, size);
	CHECK(ret == 0, "query_device_ex with %zu bytes: %s", size, strerror(ret));
	for (size_t i = size; i < sizeof(old); i++)
		CHECK(bytes[i] == 0x5a, "query_device_ex with %zu bytes wrote byte %zu", size, i);
	CHECK(old.attr.orig_attr.max_qp == device->attr.orig_attr.max_qp, "max_qp differs with %zu bytes", size);
	if (size >= offsetof(struct ibv_device_attr_ex, completion_timestamp_mask))
		CHECK(memcmp(&old.attr.odp_caps, &device->attr.odp_caps, sizeof(old.attr.odp_caps)) == 0,
		      "odp_caps differ with %zu bytes", size);
}

TEST(caps_old_struct)
{
	struct device *device = device_open();

	query_with(device, offsetof(struct ibv_device_attr_ex, odp_caps));
	query_with(device, offsetof(struct ibv_device_attr_ex, completion_timestamp_mask));
	query_with(device, offsetof(struct ibv_device_attr_ex, xrc_odp_caps));
	query_with(device, sizeof(struct ibv_device_attr_ex));
	device_close(device);
}
