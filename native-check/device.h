/* SPDX-License-Identifier: MIT */
/* An open device and what it reports; what the kernel reports of it, asked for past the library. */
#ifndef NATIVE_CHECK_DEVICE_H
#define NATIVE_CHECK_DEVICE_H

#include <infiniband/verbs.h>
#include <rdma/ib_user_verbs.h>
#include <stdbool.h>

/*
 * Bits of struct ib_uverbs_odp_caps as the kernel sends them. They are kernel ABI and so are written as numbers: the
 * names of the last two came with rdma-core v58, after the oldest header that this must compile against.
 */
enum odp_bit {
	ODP_SEND = 1 << 0,
	ODP_RECV = 1 << 1,
	ODP_WRITE = 1 << 2,
	ODP_READ = 1 << 3,
	ODP_ATOMIC = 1 << 4,
	ODP_SRQ_RECV = 1 << 5,
	ODP_FLUSH = 1 << 6,
	ODP_ATOMIC_WRITE = 1 << 7,
};

/* Bits of device_cap_flags_ex (include/rdma/ib_verbs.h of the kernel); verbs.h has no name for them. */
#define CAP_FLUSH_GLOBAL (1ULL << 38)
#define CAP_ATOMIC_WRITE (1ULL << 40)

struct device {
	struct ibv_context *context;
	struct ibv_pd *pd;
	struct ibv_device_attr_ex attr;
	struct ibv_port_attr port_attr;
	union ibv_gid gid;
	int port;
	int gid_index;
	unsigned int mtu; /* bytes */
};

/* For struct run_wish: is there the device that the options name? */
bool device_usable(char *why, unsigned long size);

/* FAILs where the device of the options does not open or its port is not up. */
struct device *device_open(void);
void device_close(struct device *device);

/* SKIPs with the reason "device does not report ..." unless all of the bits are reported. */
void need_odp(const struct device *device, enum ibv_qp_type type, unsigned int bits);
bool has_odp(const struct device *device, enum ibv_qp_type type, unsigned int bits);

/* The kernel's own answer. Returns 0 or an errno. */
int kernel_query(const struct device *device, struct ib_uverbs_ex_query_device_resp *resp);

#endif
