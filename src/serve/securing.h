/* SPDX-License-Identifier: MIT */
/* securing.h - what a process that serves TLS does from time to time. */
#ifndef GYRE_SERVE_SECURING_H
#define GYRE_SERVE_SECURING_H

#include <gyre/loop.h>

struct gy__serving;

struct gy__securing {
    struct gy__serving *serving;
    gy_loop *loop;
    gy_timer rotate, look;
};

/* Ticket keys are replaced, and changed files are found, until the end. Nothing without TLS. */
void gy__securing_begin(struct gy__securing *x, struct gy__serving *s, gy_loop *loop);
void gy__securing_end(struct gy__securing *x);

#endif
