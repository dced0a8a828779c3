/* SPDX-License-Identifier: MIT */
/* watch.c - callbacks for descriptors of others, in each turn in which they are ready. */

#include <errno.h>
#include <gyre/error.h>
#include <stddef.h>

#include "base/alloc.h"
#include "loop/io.h"
#include "loop/state.h"

/* Told of levels and not of changes, so nothing is remembered: what others do with the descriptor, its
 * readiness follows. */
struct gy_watch {
    struct gy__io io;
    gy_loop *loop;
    gy_watch_fn *fn;
    void *arg;
};

static void on_event(struct gy__io *io, unsigned events)
{
    struct gy_watch *w = gy_of(io, struct gy_watch, io);
    int ready = 0;
    if (events & (GY__IN | GY__HUP | GY__ERR))
        ready |= GY_READABLE;
    if (events & (GY__OUT | GY__ERR))
        ready |= GY_WRITABLE;
    ready &= io->level;
    if (ready)
        w->fn(w->arg, io->fd, ready);
}

static int begin(gy_watch *w, int events)
{
    w->io.level = (uint8_t)events;
    w->io.on_event = on_event;
    return events ? gy__io_watch(w->loop, &w->io) : 0;
}

gy_watch *gy_watch_new(gy_loop *loop, int fd, int events, gy_watch_fn *fn, void *arg)
{
    gy_watch *w = NULL;
    int e = events & ~(GY_READABLE | GY_WRITABLE) ? GY_EINVAL : 0;
    if (!e && !(w = gy__alloc(sizeof *w)))
        e = GY_ENOMEM;
    if (!e) {
        *w = (gy_watch){.loop = loop, .fn = fn, .arg = arg};
        gy__io_init(&w->io, fd);
        e = begin(w, events);
    }
    if (!e)
        return w;
    gy__free(w);
    return errno = -e, NULL;
}

int gy_watch_set(gy_watch *w, int events)
{
    if (events & ~(GY_READABLE | GY_WRITABLE))
        return GY_EINVAL;
    if (events == w->io.level)
        return 0;
    gy__io_unwatch(w->loop, &w->io);
    int e = begin(w, events);
    if (e)
        w->io.level = 0;
    return e;
}

void gy_watch_free(gy_watch *w)
{
    if (!w)
        return;
    gy__io_unwatch(w->loop, &w->io);
    gy__free(w);
}
