/* SPDX-License-Identifier: MIT */
/* ibv_advise_mr(3) over pages of a stage's target. */
#ifndef NATIVE_CHECK_PREFETCH_H
#define NATIVE_CHECK_PREFETCH_H

#include "traffic.h"

/* 0 or the errno. SKIPs where the verb is not there at all: no capability bit tells (ibv_advise_mr(3), EOPNOTSUPP). */
int prefetch(struct stage *stage, enum ibv_advise_mr_advice advice, uint32_t flags, size_t first, size_t pages);
void prefetch_ok(struct stage *stage, enum ibv_advise_mr_advice advice, uint32_t flags, size_t first, size_t pages);

#endif
