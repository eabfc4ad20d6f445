/* SPDX-License-Identifier: MIT */
/* Two connected queue pairs on one device, posting to them and waiting for completions. */
#ifndef NATIVE_CHECK_QP_H
#define NATIVE_CHECK_QP_H

#include <infiniband/verbs.h>
#include <stdbool.h>
#include <stdint.h>

#include "device.h"

enum { QUEUE_DEPTH = 64, UD_QKEY = 0x11111111 };

struct end {
	struct ibv_qp *qp;
	struct ibv_cq *send_cq, *recv_cq;
};

/* `a` asks and `b` answers; with `srq`, b receives from it. */
struct pair {
	struct device *device;
	enum ibv_qp_type type;
	struct end a, b;
	struct ibv_srq *srq;
	struct ibv_ah *ah; /* UD: from a to b */
	bool foreign_cq; /* b.recv_cq was given */
	bool through_wr; /* a was made with send_ops */
};

struct pair_wish {
	enum ibv_qp_type type;
	bool srq;
	uint64_t send_ops; /* IBV_QP_EX_WITH_*: made with ibv_create_qp_ex(3), posted to through ibv_wr_*(3) */
	uint32_t inline_bytes; /* that a may send inline */
	struct ibv_cq *recv_cq; /* b's, instead of one made here; pair_close leaves it alone */
};

/* Ready to send both ways. Where send_ops are refused as unsupported: SKIPs. */
struct pair pair_open(struct device *device, struct pair_wish wish);
void pair_close(struct pair *pair);

/* Both ends to RESET and back to RTS, as after an error (ibv_modify_qp(3)). */
void pair_reset(struct pair *pair);
void expect_state(struct ibv_qp *qp, enum ibv_qp_state state, const char *when);

struct request {
	enum ibv_wr_opcode opcode;
	uint64_t id;
	void *local;
	uint32_t length;
	uint32_t lkey;
	const void *remote;
	uint32_t rkey;
	uint32_t imm; /* host order */
	uint64_t compare_add, swap;
	bool quiet; /* no completion where it succeeds */
};

/* Posts from a to b. */
void post(struct pair *pair, struct request request);

/* Posts a receive to b, into its SRQ where it has one. On UD the first 40 bytes of `sge` take the GRH (ibv_post_recv(3)). */
void post_recv(struct pair *pair, uint64_t id, struct ibv_sge *sge, int count);

/* Waits for one completion, at most some seconds; whatever its status. FAILs where none comes or its id is another. */
struct ibv_wc wait_any(struct ibv_cq *cq, const char *what);
struct ibv_wc wait_for_id(struct ibv_cq *cq, uint64_t id, const char *what);

/* FAILs on any status but success, and on another opcode. */
struct ibv_wc wait_ok(struct ibv_cq *cq, uint64_t id, enum ibv_wc_opcode opcode, const char *what);
void wait_status(struct ibv_cq *cq, uint64_t id, enum ibv_wc_status status, const char *what);
void expect_no_completion(struct ibv_cq *cq, const char *what);

/* post, wait_ok. */
void do_request(struct pair *pair, struct request request, const char *what);

#endif
