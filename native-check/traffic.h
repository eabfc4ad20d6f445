/* SPDX-License-Identifier: MIT */
/* The operations end to end, each over pinned or on-demand memory: what the tests of one operation are made of. */
#ifndef NATIVE_CHECK_TRAFFIC_H
#define NATIVE_CHECK_TRAFFIC_H

#include <stdbool.h>

#include "mem.h"
#include "qp.h"

/*
 * On demand, source pages hold data and are absent, target pages were never touched, every access is one packet at the
 * start of a page, and each page must be present afterwards while the page after the last one must not. Pinned, the
 * access starts at an odd offset and is several packets long.
 */
struct scene {
	enum ibv_qp_type type;
	bool on_demand;
	bool srq;
};

void traffic_send(struct scene scene);
void traffic_write(struct scene scene, bool with_imm);
void traffic_read(struct scene scene);
void traffic_compare_swap(struct scene scene);
void traffic_fetch_add(struct scene scene);
void traffic_atomic_write(struct scene scene);
void traffic_flush(struct scene scene);

/* One packet's worth that also fits a page. */
size_t one_packet(const struct device *device);

enum { PAGES = 4, ALL_REMOTE = IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_READ };

/*
 * An RC pair with an on-demand target of `pages` untouched pages and a pinned source that holds the pattern of seed 1:
 * the stage of every test that plays tricks with the target's pages.
 */
struct stage {
	struct device *device;
	struct pair pair;
	struct mem source, target;
	struct ibv_mr *source_mr, *target_mr;
	size_t chunk;
};

struct stage stage_open(size_t pages, unsigned int odp_bits);
void stage_close(struct stage *stage);

/* Pages of the target are named by number; each is accessed with one packet at its start. */
uint8_t *target_page(const struct stage *stage, size_t page);

/* Writes the pattern of `seed` to the target's page, and does not look at the result. */
void stage_write(struct stage *stage, size_t page, uint32_t seed);

/* Reads the target's page by RDMA and compares it with the pattern of `seed`; seed 0 means zeros. */
void stage_read(struct stage *stage, size_t page, uint32_t seed, const char *what);

/* A write to the target's page that must complete with `status`, leaving the QP in error; then both are reset. */
void stage_write_fails(struct stage *stage, size_t page, enum ibv_wc_status status, const char *what);

/* Compares what this process sees in the target's page. */
void expect_page(const struct stage *stage, size_t page, uint32_t seed, const char *what);

#endif
