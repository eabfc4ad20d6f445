// SPDX-License-Identifier: MIT
/* Opening the device that the options name, and asking what it can do. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"

static struct ibv_device *find(struct ibv_device **list)
{
	for (int i = 0; list && list[i]; i++)
		if (!options.device || strcmp(ibv_get_device_name(list[i]), options.device) == 0)
			return list[i];
	return NULL;
}

bool device_usable(char *why, unsigned long size)
{
	struct ibv_device **list = ibv_get_device_list(NULL);
	bool found = find(list) != NULL;

	if (!found && options.device)
		snprintf(why, size, "no RDMA device named %s that this library has a provider for", options.device);
	else if (!found)
		snprintf(why, size, "no RDMA device that this library has a provider for");
	if (list)
		ibv_free_device_list(list);
	return found;
}

static bool is_v4(const union ibv_gid *gid)
{
	static const uint8_t prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

	return memcmp(gid->raw, prefix, sizeof(prefix)) == 0;
}

static void choose_gid(struct device *device)
{
	struct ibv_gid_entry entry;

	device->gid_index = options.gid_index;
	for (int i = 0; device->gid_index < 0 && i < device->port_attr.gid_tbl_len; i++)
		if (ibv_query_gid_ex(device->context, device->port, i, &entry, 0) == 0 &&
		    entry.gid_type == IBV_GID_TYPE_ROCE_V2 && is_v4(&entry.gid))
			device->gid_index = i;
	if (device->gid_index < 0)
		device->gid_index = 0;
	CHECK(ibv_query_gid(device->context, device->port, device->gid_index, &device->gid) == 0,
	      "ibv_query_gid of port %d index %d failed", device->port, device->gid_index);
}

struct device *device_open(void)
{
	struct ibv_device **list = ibv_get_device_list(NULL);
	struct ibv_device *found = find(list);
	struct device *device = calloc(1, sizeof(*device));
	int ret;

	CHECK(found && device, "the device is gone");
	test_step("opening the device");
	device->context = ibv_open_device(found);
	CHECK(device->context, "ibv_open_device: %s", strerror(errno));
	ibv_free_device_list(list);
	ret = ibv_query_device_ex(device->context, NULL, &device->attr);
	CHECK(ret == 0, "ibv_query_device_ex: %s", strerror(ret));
	device->port = options.port;
	ret = ibv_query_port(device->context, device->port, &device->port_attr);
	CHECK(ret == 0, "ibv_query_port of port %d: %s", device->port, strerror(ret));
	CHECK(device->port_attr.state == IBV_PORT_ACTIVE, "port %d is %s, not active", device->port,
	      ibv_port_state_str(device->port_attr.state));
	CHECK(device->port_attr.active_mtu >= IBV_MTU_256 && device->port_attr.active_mtu <= IBV_MTU_4096,
	      "active_mtu is %d, which is none", device->port_attr.active_mtu);
	device->mtu = 128U << device->port_attr.active_mtu;
	choose_gid(device);
	device->pd = ibv_alloc_pd(device->context);
	CHECK(device->pd, "ibv_alloc_pd: %s", strerror(errno));
	return device;
}

void device_close(struct device *device)
{
	int ret;

	test_step("closing the device");
	ret = ibv_dealloc_pd(device->pd);
	CHECK(ret == 0, "ibv_dealloc_pd: %s", strerror(ret));
	ret = ibv_close_device(device->context);
	CHECK(ret == 0, "ibv_close_device: %s", strerror(ret));
	free(device);
}

static unsigned int reported(const struct device *device, enum ibv_qp_type type)
{
	switch (type) {
	case IBV_QPT_RC: return device->attr.odp_caps.per_transport_caps.rc_odp_caps;
	case IBV_QPT_UC: return device->attr.odp_caps.per_transport_caps.uc_odp_caps;
	case IBV_QPT_UD: return device->attr.odp_caps.per_transport_caps.ud_odp_caps;
	default: return 0;
	}
}

static bool odp_at_all(const struct device *device)
{
	return device->attr.odp_caps.general_caps & IBV_ODP_SUPPORT;
}

bool has_odp(const struct device *device, enum ibv_qp_type type, unsigned int bits)
{
	return odp_at_all(device) && (reported(device, type) & bits) == bits;
}

void need_odp(const struct device *device, enum ibv_qp_type type, unsigned int bits)
{
	static const char *const bit_names[] = { "send",     "receive", "write", "read",
						 "atomic",   "SRQ receive", "flush", "atomic write" };
	static const char *const type_names[] = { [IBV_QPT_RC] = "RC", [IBV_QPT_UC] = "UC", [IBV_QPT_UD] = "UD" };
	unsigned int missing = bits & ~reported(device, type);

	if (!odp_at_all(device))
		SKIP("device does not report ODP");
	if (missing)
		SKIP("device does not report ODP for %s %s", type_names[type], bit_names[__builtin_ctz(missing)]);
}

/*
 * The extended write command of ib_uverbs (uverbs_write() in drivers/infiniband/core/uverbs_main.c), past everything
 * in user space that could change the answer.
 */
int kernel_query(const struct device *device, struct ib_uverbs_ex_query_device_resp *resp)
{
	struct {
		struct ib_uverbs_cmd_hdr header;
		struct ib_uverbs_ex_cmd_hdr ex;
		struct ib_uverbs_ex_query_device query;
	} command = {
		.header = { .command = IB_USER_VERBS_CMD_FLAG_EXTENDED | IB_USER_VERBS_EX_CMD_QUERY_DEVICE,
			    .in_words = sizeof(command.query) / 8,
			    .out_words = sizeof(*resp) / 8 },
		.ex = { .response = (uintptr_t)resp },
	};

	memset(resp, 0, sizeof(*resp));
	if (write(device->context->cmd_fd, &command, sizeof(command)) != (ssize_t)sizeof(command))
		return errno;
	return 0;
}
