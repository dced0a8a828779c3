/* SPDX-License-Identifier: MIT */
/* poller.h - the four functions that a poller must have, and which pollers there are. */
#ifndef GYRE_LOOP_POLLER_H
#define GYRE_LOOP_POLLER_H

#include <stdbool.h>
#include <stdint.h>

struct gy__io;
struct gy__poller;

struct gy__poller_ops {
    const char *name;
    bool edges; /* each ring of a bell is told, also when nobody reads it */
    /* NULL: this system does not have it. 0 or a negative code. */
    int (*open)(struct gy__poller *p);
    /* Start to report changes of [io], reading and writing, once each; first of all what it is ready
     * for now, whatever io->ready says. 0; -EEXIST when its descriptor is watched already, -EPERM when
     * that is always ready (a file on disk); or another negative code. */
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
    int fd;          /* readable when there is something to tell; -1: the poller has none */
    unsigned forks;  /* gy__forks when it was opened */
    int count, next; /* events of this turn, and the one given out next */
    void *events;    /* these, and what else the poller keeps */
};

/* One a file, and a file without functions where the system does not have it. */
extern const struct gy__poller_ops gy__poller_epoll, gy__poller_kqueue, gy__poller_poll;

/* The one that gy_loop_use_poller or the environment names, else the best. 0 or a negative code. */
int gy__poller_open(struct gy__poller *p);

#endif
