/* SPDX-License-Identifier: MIT */
/* poller_poll.c - waiting with poll, which every system has. */

#include <errno.h>
#include <gyre/error.h>
#include <limits.h>
#include <poll.h>
#include <stddef.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "loop/fork.h"
#include "loop/io.h"
#include "loop/poller.h"
#include "loop/poller_fds.h"

/* Not in POSIX: without it a peer that has finished sending shows in the next read. */
#ifndef POLLRDHUP
#define POLLRDHUP 0
#endif

enum { AT_FIRST = 64 };

/* Beside the pollfd of the same number. */
struct watched {
    struct gy__io *io; /* NULL: a hole, until the next wait */
    unsigned told;     /* since it is watched */
};

struct set {
    struct pollfd *fds;
    struct watched *watched;
    int used, cap;
    struct gy__poller_fds slots; /* by descriptor: the number here + 1 */
};

static int grow(struct set *s)
{
    int cap = s->cap ? s->cap * 2 : AT_FIRST;
    if (s->cap > INT_MAX / 2)
        return -ENOMEM;
    struct pollfd *fds = gy__realloc(s->fds, (size_t)cap * sizeof *fds);
    if (!fds)
        return -ENOMEM;
    s->fds = fds;
    struct watched *watched = gy__realloc(s->watched, (size_t)cap * sizeof *watched);
    if (!watched)
        return -ENOMEM;
    s->watched = watched;
    s->cap = cap;
    return 0;
}

static int watch(struct gy__poller *p, struct gy__io *io)
{
    struct set *s = p->events;
    if (p->forks != gy__forks)
        return GY_EINVAL;
    int e = s->used < s->cap ? 0 : grow(s);
    if (!e)
        e = gy__poller_fds_add(&s->slots, io->fd, s->used + 1);
    if (e)
        return e;
    s->fds[s->used] = (struct pollfd){.fd = -1};
    s->watched[s->used++] = (struct watched){.io = io};
    return 0;
}

static void unwatch(struct gy__poller *p, struct gy__io *io)
{
    struct set *s = p->events;
    int slot = gy__poller_fds_del(&s->slots, io->fd);
    if (slot)
        s->watched[slot - 1].io = NULL;
}

static short level_of(const struct gy__io *io)
{
    int level = io->shared ? GY_READABLE : io->level;
    return (short)((level & GY_READABLE ? POLLIN : 0) | (level & GY_WRITABLE ? POLLOUT : 0));
}

/* A change is told once, so what was told and is remembered is not asked again: until somebody finds
 * that it is no longer so, and clears the bit. */
static void ask(struct pollfd *fd, const struct watched *w)
{
    const struct gy__io *io = w->io;
    unsigned known = w->told & io->ready;
    fd->fd = io->fd;
    fd->events = level_of(io);
    if (fd->events)
        return;
    if (!(known & GY__IN))
        fd->events |= POLLIN;
    if (!(known & GY__OUT) && !io->input_only)
        fd->events |= POLLOUT;
    if (!(known & GY__HUP))
        fd->events |= POLLRDHUP;
    /* What broke is told even when nothing is asked, and stays so. */
    if (known & GY__ERR)
        fd->fd = -1;
}

/* Close the holes and say what to wait for. */
static void prepare(struct set *s)
{
    int n = 0;
    for (int i = 0; i < s->used; i++) {
        if (!s->watched[i].io)
            continue;
        s->watched[n] = s->watched[i];
        ask(&s->fds[n], &s->watched[n]);
        s->slots.slots[s->watched[n].io->fd] = n + 1;
        n++;
    }
    s->used = n;
}

static unsigned translate(int e)
{
    unsigned out = 0;
    if (e & POLLIN)
        out |= GY__IN;
    if (e & POLLOUT)
        out |= GY__OUT;
    if (e & POLLRDHUP)
        out |= GY__IN | GY__HUP;
    if (e & (POLLERR | POLLHUP | POLLNVAL))
        out |= GY__IN | GY__OUT | GY__HUP | GY__ERR;
    return out;
}

static int fetch(struct gy__poller *p, int64_t timeout)
{
    struct set *s = p->events;
    int64_t ms = timeout < 0 ? -1 : timeout / 1000000 + (timeout % 1000000 > 0);
    if (p->forks != gy__forks)
        return GY_EINVAL;
    prepare(s);
    int n = poll(s->fds, (nfds_t)s->used, ms > 3600000 ? 3600000 : (int)ms);
    p->count = n > 0 ? s->used : 0;
    p->next = 0;
    return n < 0 && errno != EINTR ? -errno : 0;
}

static int wait_events(struct gy__poller *p, int64_t timeout, int64_t *now)
{
    struct set *s = p->events;
    /* When a callback turns the loop, the events of the turn around it come first. */
    int e = p->next < p->count ? 0 : fetch(p, timeout);
    *now = gy__clock_now();
    while (p->next < p->count) {
        int i = p->next++;
        struct watched *w = &s->watched[i];
        unsigned events = translate(s->fds[i].revents);
        if (!events || !w->io)
            continue;
        w->told |= events;
        gy__io_fire(w->io, events);
    }
    return e;
}

static void close_poller(struct gy__poller *p)
{
    struct set *s = p->events;
    gy__poller_fds_done(&s->slots);
    gy__free(s->fds);
    gy__free(s->watched);
    gy__free(s);
    p->events = NULL;
}

static int open_poller(struct gy__poller *p)
{
    *p = (struct gy__poller){.ops = &gy__poller_poll, .fd = -1, .forks = gy__forks};
    p->events = gy__zalloc(sizeof(struct set));
    return p->events ? 0 : -ENOMEM;
}

const struct gy__poller_ops gy__poller_poll = {.name = "poll",
                                               .open = open_poller,
                                               .watch = watch,
                                               .unwatch = unwatch,
                                               .wait = wait_events,
                                               .close = close_poller};
