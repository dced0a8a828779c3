/* SPDX-License-Identifier: MIT */
/* poller_kqueue.c - the only file that knows kqueue. */

#include <errno.h>
#include <gyre/error.h>
#include <stddef.h>
#include <sys/types.h>
/* after sys/types.h, on which it relies */
#include <sys/event.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "loop/fork.h"
#include "loop/io.h"
#include "loop/poller.h"
#include "loop/poller_fds.h"

enum { BATCH = 512 };

struct queue {
    struct kevent events[BATCH];
    struct gy__poller_fds fds; /* a second EV_ADD would take the first one's place */
};

static int change(struct gy__poller *p, struct gy__io *io, short filter, unsigned flags)
{
    struct kevent one = {.ident = (uintptr_t)io->fd,
                         .filter = filter,
                         .flags = (unsigned short)flags,
                         .udata = (void *)io};
    return kevent(p->fd, &one, 1, NULL, 0, NULL) < 0 ? -errno : 0;
}

/* Some descriptors know only one of the two, such as the ends of a pipe and another queue. */
static int add(struct gy__poller *p, struct gy__io *io)
{
    if (io->shared)
        return change(p, io, EVFILT_READ, EV_ADD);
    if (io->input_only)
        return change(p, io, EVFILT_READ, EV_ADD | EV_CLEAR);
    int in = 0, out = 0;
    unsigned how = io->level ? EV_ADD : EV_ADD | EV_CLEAR;
    if (!io->level || (io->level & GY_READABLE))
        in = change(p, io, EVFILT_READ, how);
    if (!io->level || (io->level & GY_WRITABLE))
        out = change(p, io, EVFILT_WRITE, how);
    if (io->level)
        return in ? in : out;
    return in && out ? in : 0;
}

static void forget(struct gy__poller *p, struct gy__io *io)
{
    change(p, io, EVFILT_READ, EV_DELETE);
    change(p, io, EVFILT_WRITE, EV_DELETE);
}

static int watch(struct gy__poller *p, struct gy__io *io)
{
    struct queue *q = p->events;
    if (p->forks != gy__forks)
        return GY_EINVAL;
    int e = gy__poller_fds_add(&q->fds, io->fd, 1);
    if (e)
        return e;
    e = add(p, io);
    if (e) {
        forget(p, io);
        gy__poller_fds_del(&q->fds, io->fd);
    }
    return e;
}

static void unwatch(struct gy__poller *p, struct gy__io *io)
{
    struct queue *q = p->events;
    if (p->forks == gy__forks)
        forget(p, io);
    gy__poller_fds_del(&q->fds, io->fd);
    for (int i = p->next; i < p->count; i++)
        if (q->events[i].udata == (void *)io)
            q->events[i].udata = NULL;
}

/* EV_EOF of a reader: the peer will send no more. Of a writer it may be our own shutdown. With an error
 * in fflags the connection broke. */
static unsigned translate(const struct kevent *ev)
{
    enum { BROKEN = GY__IN | GY__OUT | GY__HUP | GY__ERR };
    if ((ev->flags & EV_ERROR) || ((ev->flags & EV_EOF) && ev->fflags))
        return BROKEN;
    if (ev->filter == EVFILT_WRITE)
        return GY__OUT;
    return ev->flags & EV_EOF ? GY__IN | GY__HUP : GY__IN;
}

static int fetch(struct gy__poller *p, int64_t timeout)
{
    struct queue *q = p->events;
    struct timespec ts = {.tv_sec = (time_t)(timeout / 1000000000),
                          .tv_nsec = (long)(timeout % 1000000000)};
    if (p->forks != gy__forks)
        return GY_EINVAL;
    int n = kevent(p->fd, NULL, 0, q->events, BATCH, timeout < 0 ? NULL : &ts);
    p->count = n < 0 ? 0 : n;
    p->next = 0;
    return n < 0 && errno != EINTR ? -errno : 0;
}

static int wait_events(struct gy__poller *p, int64_t timeout, int64_t *now)
{
    struct queue *q = p->events;
    /* When a callback turns the loop, the events of the turn around it come first. */
    int e = p->next < p->count ? 0 : fetch(p, timeout);
    *now = gy__clock_now();
    while (p->next < p->count) {
        const struct kevent *ev = &q->events[p->next++];
        if (ev->udata)
            gy__io_fire((void *)ev->udata, translate(ev));
    }
    return e;
}

static void close_poller(struct gy__poller *p)
{
    struct queue *q = p->events;
    /* A child does not inherit it: the number may mean something else there. */
    if (p->forks == gy__forks)
        close(p->fd);
    gy__poller_fds_done(&q->fds);
    gy__free(q);
    p->events = NULL;
}

static int open_poller(struct gy__poller *p)
{
    *p = (struct gy__poller){.ops = &gy__poller_kqueue, .fd = kqueue(), .forks = gy__forks};
    if (p->fd < 0)
        return -errno;
    p->events = gy__zalloc(sizeof(struct queue));
    if (!p->events) {
        close(p->fd);
        return -ENOMEM;
    }
    return 0;
}

const struct gy__poller_ops gy__poller_kqueue = {.name = "kqueue",
                                                 .open = open_poller,
                                                 .watch = watch,
                                                 .unwatch = unwatch,
                                                 .wait = wait_events,
                                                 .close = close_poller};
