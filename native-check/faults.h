/* SPDX-License-Identifier: MIT */
/* Page faults that a device counts on its MRs, as `rdma statistic show mr` of iproute2 gets them. */
#ifndef NATIVE_CHECK_FAULTS_H
#define NATIVE_CHECK_FAULTS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Sum over all MRs of the device with this index (ibv_get_device_index(3)). False where the device does not count:
 * among the drivers of Linux 7.3, only mlx5 does.
 */
bool faults_counted(int device_index, unsigned long long *sum);

/* Adds up the counters named page_faults in the attributes of one netlink message; how many there are. */
int faults_in_attributes(const void *attributes, size_t length, unsigned long long *sum);

#endif
