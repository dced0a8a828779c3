/* SPDX-License-Identifier: MIT */
/* poller_epoll.c - the only file that knows epoll. */

#include <errno.h>
#include <gyre/error.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "loop/fork.h"
#include "loop/io.h"
#include "loop/poller.h"

enum { BATCH = 512 };

static int watch(struct gy__poller *p, struct gy__io *io)
{
    /* Edge-triggered and for everything at once: after this there is no epoll_ctl for a descriptor
     * until it is closed. */
    if (p->forks != gy__forks)
        return GY_EINVAL;
    struct epoll_event ev = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = io};
    /* A connection wakes one of the processes that wait for it, and stays told until it is taken. */
    if (io->shared)
        ev.events = EPOLLIN | EPOLLEXCLUSIVE;
    else if (io->level)
        ev.events = (io->level & GY_READABLE ? (uint32_t)EPOLLIN : 0) |
                    (io->level & GY_WRITABLE ? (uint32_t)EPOLLOUT : 0);
    else if (io->input_only)
        ev.events = EPOLLIN | EPOLLET;
    return epoll_ctl(p->fd, EPOLL_CTL_ADD, io->fd, &ev) ? -errno : 0;
}

static void unwatch(struct gy__poller *p, struct gy__io *io)
{
    struct epoll_event *ev = p->events;
    if (p->forks == gy__forks)
        epoll_ctl(p->fd, EPOLL_CTL_DEL, io->fd, NULL);
    for (int i = p->next; i < p->count; i++)
        if (ev[i].data.ptr == io)
            ev[i].data.ptr = NULL;
}

static unsigned translate(uint32_t e)
{
    unsigned out = 0;
    if (e & EPOLLIN)
        out |= GY__IN;
    if (e & EPOLLOUT)
        out |= GY__OUT;
    if (e & EPOLLRDHUP)
        out |= GY__IN | GY__HUP;
    if (e & (EPOLLERR | EPOLLHUP))
        out |= GY__IN | GY__OUT | GY__HUP | GY__ERR;
    return out;
}

static int epoll_wait_ns(int fd, struct epoll_event *ev, int64_t ns)
{
    static atomic_bool no_pwait2; /* kernels before 5.11 */
    if (ns <= 0)
        return epoll_wait(fd, ev, BATCH, ns < 0 ? -1 : 0);
    if (!atomic_load_explicit(&no_pwait2, memory_order_relaxed)) {
        struct timespec ts = {.tv_sec = (time_t)(ns / 1000000000),
                              .tv_nsec = (long)(ns % 1000000000)};
        int n = epoll_pwait2(fd, ev, BATCH, &ts, NULL);
        if (n >= 0 || (errno != ENOSYS && errno != EPERM))
            return n;
        atomic_store_explicit(&no_pwait2, true, memory_order_relaxed);
    }
    int64_t ms = (ns + 999999) / 1000000;
    return epoll_wait(fd, ev, BATCH, ms > 3600000 ? 3600000 : (int)ms);
}

static int fetch(struct gy__poller *p, int64_t timeout)
{
    if (p->forks != gy__forks)
        return GY_EINVAL;
    int n = epoll_wait_ns(p->fd, p->events, timeout);
    p->count = n < 0 ? 0 : n;
    p->next = 0;
    return n < 0 && errno != EINTR ? -errno : 0;
}

static int wait_events(struct gy__poller *p, int64_t timeout, int64_t *now)
{
    struct epoll_event *ev = p->events;
    /* When a callback turns the loop, the events of the turn around it come first. */
    int e = p->next < p->count ? 0 : fetch(p, timeout);
    *now = gy__clock_now();
    while (p->next < p->count) {
        struct epoll_event *it = &ev[p->next++];
        if (it->data.ptr)
            gy__io_fire(it->data.ptr, translate(it->events));
    }
    return e;
}

static void close_poller(struct gy__poller *p)
{
    close(p->fd);
    gy__free(p->events);
    p->events = NULL;
}

static int open_poller(struct gy__poller *p)
{
    *p = (struct gy__poller){
        .ops = &gy__poller_epoll, .fd = epoll_create1(EPOLL_CLOEXEC), .forks = gy__forks};
    if (p->fd < 0)
        return -errno;
    p->events = gy__alloc(BATCH * sizeof(struct epoll_event));
    if (!p->events) {
        close(p->fd);
        return -ENOMEM;
    }
    return 0;
}

const struct gy__poller_ops gy__poller_epoll = {.name = "epoll",
                                                .edges = true,
                                                .open = open_poller,
                                                .watch = watch,
                                                .unwatch = unwatch,
                                                .wait = wait_events,
                                                .close = close_poller};
