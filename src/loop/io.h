/* SPDX-License-Identifier: MIT */
/* io.h - readiness: what a descriptor, or a pipe in memory, is ready for and who waits for it. */
#ifndef GYRE_LOOP_IO_H
#define GYRE_LOOP_IO_H

#include <gyre/list.h>
#include <gyre/loop.h>
#include <gyre/task.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    GY__IN = 1,
    GY__OUT = 2,
    GY__HUP = 4,  /* the peer will send no more, or the connection broke */
    GY__ERR = 8,  /* it broke */
    GY__GONE = 16 /* it was unwatched: nothing more will be told */
};

/* Readiness is remembered: a poller reports each change once, and whoever finds that a descriptor
 * has no more (EAGAIN, or a short read) clears the bit. So a descriptor is registered once and never
 * modified. */
struct gy__io {
    int fd; /* -1: memory */
    uint8_t ready;
    bool watched;
    bool shared : 1;     /* a listening socket, which other processes may watch too */
    bool input_only : 1; /* that it can be written is not told */
    uint8_t level;       /* GY_READABLE, GY_WRITABLE: told of these, and as long as they are so */
    gy_task *reader, *writer; /* the tasks that wait */
    /* Called on the loop's own stack for each change, after the waiting tasks were made ready. Some
     * pollers tell of a bit again only after it was cleared. */
    void (*on_event)(struct gy__io *io, unsigned events);
};

static inline void gy__io_init(struct gy__io *io, int fd)
{
    *io = (struct gy__io){.fd = fd, .ready = GY__IN | GY__OUT};
}

/* A change of a pipe in memory, waiting for the loop to tell it: it happens on another task's stack. */
struct gy__fired {
    gy_list link; /* in loop->fired */
    struct gy__io *io;
    unsigned events;
};

void gy__io_fire_later(gy_loop *loop, struct gy__fired *f, unsigned events);

/* Register with the loop's poller, for all events. 0 or a negative code. */
int gy__io_watch(gy_loop *loop, struct gy__io *io);

/* Forget it, also what the poller has already brought in this turn. Wakes those who wait with
 * GY_ECLOSED. Does not close the descriptor. */
void gy__io_unwatch(gy_loop *loop, struct gy__io *io);

/* Something changed. On the loop's stack. */
void gy__io_fire(struct gy__io *io, unsigned events);

/* Wait until [io] is ready for [bit] (GY__IN or GY__OUT), at most until [deadline] (ns on the loop's
 * clock, INT64_MAX for ever). 0, GY_ETIMEDOUT, GY_EBUSY when another task waits already, GY_ECLOSED
 * once it was unwatched, or a cancellation. Suspends unless it is ready. */
int gy__io_wait(struct gy__io *io, unsigned bit, int64_t deadline, const char *what);

#endif
