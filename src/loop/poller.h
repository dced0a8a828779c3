/* SPDX-License-Identifier: MIT */
/* poller.h - the four functions that a poller must have. */
#ifndef GYRE_LOOP_POLLER_H
#define GYRE_LOOP_POLLER_H

#include <stdint.h>

struct gy__io;
struct gy__poller;

struct gy__poller_ops {
    /* Start to report changes of [io], reading and writing, once each. 0 or a negative code. */
    int (*watch)(struct gy__poller *p, struct gy__io *io);
    /* Stop, and drop what was brought for it but not yet given out. */
    void (*unwatch)(struct gy__poller *p, struct gy__io *io);
    /* Wait at most [timeout] ns (negative: no limit), then gy__io_fire for each change. The clock is
     * read into [now] between the two. 0 or a negative code. */
    int (*wait)(struct gy__poller *p, int64_t timeout, int64_t *now);
    void (*close)(struct gy__poller *p);
};

struct gy__poller {
    const struct gy__poller_ops *ops;
    int fd;
    unsigned forks;  /* gy__forks when it was opened */
    int count, next; /* events of this turn, and the one given out next */
    void *events;
};

/* 0 or a negative code. */
int gy__poller_epoll_open(struct gy__poller *p);

#endif
