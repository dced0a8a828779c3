/* SPDX-License-Identifier: MIT */
/* sleep.c - waits for time and for descriptors. */

#include <errno.h>
#include <gyre/error.h>
#include <gyre/task.h>
#include <poll.h>
#include <time.h>

#include "loop/io.h"
#include "loop/state.h"
#include "loop/task.h"
#include "loop/timer.h"
#include "loop/wait.h"
#include "loop/waiters.h"

static int sleep_blocking(double seconds)
{
    int64_t ns = gy__seconds(seconds);
    struct timespec ts = {.tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000)};
    while (clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, &ts) == EINTR)
        ;
    return 0;
}

int gy_sleep(double seconds)
{
    gy_task *t = gy__self();
    if (!t)
        return sleep_blocking(seconds);
    if (!(seconds > 0))
        return gy_yield();
    int e = gy__park("sleep", gy__wait_until(seconds));
    /* The time of the sleep, or that of a deadline around it. */
    return e == GY_ETIMEDOUT ? gy__task_refusal(t) : e;
}

int gy_yield(void)
{
    return gy__self() ? gy__park_ready() : 0;
}

static int poll_blocking(int fd, int events, double timeout)
{
    short want =
        (short)((events & GY_READABLE ? POLLIN : 0) | (events & GY_WRITABLE ? POLLOUT : 0));
    struct pollfd p = {.fd = fd, .events = want};
    int ms = timeout < 0 || timeout > 2e6 ? -1 : (int)(timeout * 1000 + 0.999);
    int n;
    if (fd < 0)
        return -EBADF;
    while ((n = poll(&p, 1, ms)) < 0 && errno == EINTR)
        ;
    if (n <= 0)
        return n ? -errno : GY_ETIMEDOUT;
    if (p.revents & POLLNVAL)
        return -EBADF;
    int ready = (p.revents & POLLIN ? GY_READABLE : 0) | (p.revents & POLLOUT ? GY_WRITABLE : 0);
    return ready ? ready : events;
}

static int ready_of(const struct gy__io *io, int events)
{
    int ready = 0;
    if ((events & GY_READABLE) && (io->ready & (GY__IN | GY__HUP | GY__ERR)))
        ready |= GY_READABLE;
    if ((events & GY_WRITABLE) && (io->ready & (GY__OUT | GY__ERR)))
        ready |= GY_WRITABLE;
    return ready;
}

int gy_wait_fd(int fd, int events, double timeout)
{
    gy_task *t = gy__self();
    if (!(events & (GY_READABLE | GY_WRITABLE)))
        return GY_EINVAL;
    if (!t)
        return poll_blocking(fd, events, timeout);
    if (gy__task_refusal(t))
        return gy__task_refusal(t);
    struct gy__io io;
    gy__io_init(&io, fd);
    io.ready = 0;
    int e = gy__io_watch(t->loop, &io);
    if (e == -EEXIST)
        return GY_EBUSY;
    if (e == -EPERM) /* a regular file is always ready */
        return events;
    int64_t deadline = gy__wait_until(timeout);
    while (!e && !ready_of(&io, events)) {
        io.reader = events & GY_READABLE ? t : NULL;
        io.writer = events & GY_WRITABLE ? t : NULL;
        e = gy__park("descriptor", deadline);
        io.reader = io.writer = NULL;
    }
    gy__io_unwatch(t->loop, &io);
    return e ? e : ready_of(&io, events);
}
