/* SPDX-License-Identifier: MIT */
/* mailbox.h - the only door into a loop for other threads and for signal handlers. */
#ifndef GYRE_LOOP_MAILBOX_H
#define GYRE_LOOP_MAILBOX_H

#include <gyre/loop.h>
#include <stdatomic.h>

#include "loop/io.h"

/* A letter, in the sender's storage until it is delivered. */
struct gy__mail {
    struct gy__mail *next;
    gy_callback *fn;
    void *arg;
};

/* Many senders push on a stack; the loop takes it whole and turns it round, so each sender's
 * letters arrive in order. Only who finds the stack empty rings the bell: a burst costs one
 * wake-up. */
struct gy__mailbox {
    _Atomic(struct gy__mail *) top;
    struct gy__io bell;  /* an eventfd */
    atomic_ulong rings;  /* for tests: how often the bell was rung */
    atomic_uint senders; /* between push and bell: the loop must not go away under them */
};

int gy__mailbox_open(gy_loop *loop);
void gy__mailbox_close(gy_loop *loop);

/* Any thread. Never fails. */
void gy__mail_send(gy_loop *loop, struct gy__mail *m);

/* Wake the loop. Any thread, and signal handlers. */
void gy__mailbox_ring(gy_loop *loop);

/* Queue what has come, as gy_loop_call does. */
void gy__mailbox_deliver(gy_loop *loop);

#endif
