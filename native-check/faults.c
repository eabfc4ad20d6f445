// SPDX-License-Identifier: MIT
/*
 * RDMA_NLDEV_CMD_STAT_GET for RDMA_NLDEV_ATTR_RES_MR over NETLINK_RDMA (include/uapi/rdma/rdma_netlink.h of the kernel;
 * rdma-statistic(8)). Only reads.
 */
#include <linux/netlink.h>
#include <rdma/rdma_netlink.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "faults.h"

int faults_in_attributes(const void *attributes, size_t length, unsigned long long *sum)
{
	const char *at = attributes;
	bool is_page_faults = false;
	int found = 0;

	while (length >= NLA_HDRLEN) {
		const struct nlattr *attribute = (const void *)at;
		size_t payload = attribute->nla_len - NLA_HDRLEN, step = NLA_ALIGN(attribute->nla_len);
		const char *data = at + NLA_HDRLEN;
		uint64_t value;

		if (attribute->nla_len < NLA_HDRLEN || attribute->nla_len > length)
			break;
		switch (attribute->nla_type & NLA_TYPE_MASK) {
		case RDMA_NLDEV_ATTR_RES_MR:
		case RDMA_NLDEV_ATTR_RES_MR_ENTRY:
		case RDMA_NLDEV_ATTR_STAT_HWCOUNTERS:
		case RDMA_NLDEV_ATTR_STAT_HWCOUNTER_ENTRY:
			found += faults_in_attributes(data, payload, sum);
			break;
		case RDMA_NLDEV_ATTR_STAT_HWCOUNTER_ENTRY_NAME:
			is_page_faults = payload == sizeof("page_faults") && memcmp(data, "page_faults", payload) == 0;
			break;
		case RDMA_NLDEV_ATTR_STAT_HWCOUNTER_ENTRY_VALUE:
			if (is_page_faults && payload == sizeof(value)) {
				memcpy(&value, data, sizeof(value));
				*sum += value;
				found++;
			}
			break;
		}
		if (step >= length)
			break;
		at += step;
		length -= step;
	}
	return found;
}

static bool ask(int fd, uint32_t device_index)
{
	struct {
		struct nlmsghdr header;
		struct nlattr index_attribute;
		uint32_t index;
		struct nlattr kind_attribute;
		uint32_t kind;
	} message = {
		.header = { .nlmsg_len = sizeof(message),
			    .nlmsg_type = RDMA_NL_GET_TYPE(RDMA_NL_NLDEV, RDMA_NLDEV_CMD_STAT_GET),
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.index_attribute = { .nla_len = NLA_HDRLEN + 4, .nla_type = RDMA_NLDEV_ATTR_DEV_INDEX },
		.index = device_index,
		.kind_attribute = { .nla_len = NLA_HDRLEN + 4, .nla_type = RDMA_NLDEV_ATTR_STAT_RES },
		.kind = RDMA_NLDEV_ATTR_RES_MR,
	};

	return send(fd, &message, sizeof(message), 0) == (ssize_t)sizeof(message);
}

/* One datagram of the answer; false at its end, or on an error. */
static bool take(int fd, int *found, unsigned long long *sum)
{
	static union {
		struct nlmsghdr header;
		char bytes[64 * 1024];
	} buffer;
	ssize_t got = recv(fd, &buffer, sizeof(buffer), 0);
	int left = (int)got;

	if (got <= 0)
		return false;
	for (struct nlmsghdr *header = &buffer.header; NLMSG_OK(header, (unsigned int)left);
	     header = NLMSG_NEXT(header, left)) {
		if (header->nlmsg_type == NLMSG_DONE || header->nlmsg_type == NLMSG_ERROR)
			return false;
		*found += faults_in_attributes(NLMSG_DATA(header), NLMSG_PAYLOAD(header, 0), sum);
	}
	return true;
}

bool faults_counted(int device_index, unsigned long long *sum)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_RDMA), found = 0;
	const struct timeval limit = { .tv_sec = 3 };

	*sum = 0;
	if (fd < 0 || device_index < 0) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (ask(fd, device_index))
		while (take(fd, &found, sum))
			;
	close(fd);
	return found > 0;
}
