/* SPDX-License-Identifier: MIT */
/* acceptor.c - taking connections off a listening socket. */

#include "net/acceptor.h"

#include <errno.h>
#include <gyre/log.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* So many in a turn at most, for the sake of the connections that are there. */
enum { BATCH_MOST = 256 };
#define RETRY 0.1 /* seconds */

static void try_again(void *arg)
{
    gy__acceptor_resume(arg);
}

static bool is_shortage(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

/* Without descriptors a listening socket stays readable for ever: do not look at it for a while. */
static void starve(struct gy__acceptor *a, int error)
{
    if (!a->starved)
        gy_log(GY_LOG_GENERAL, GY_LOG_WARNING,
               "cannot accept: %s; waiting for connections to close (raise the limit of open files "
               "with ulimit -n)",
               strerror(error));
    a->starved = true;
    gy__acceptor_pause(a);
    gy_timer_set(a->loop, &a->retry, RETRY, try_again, a);
}

/* Whom it comes from is known now; of a connection that was reset, nobody could tell later. */
static int accept_next(struct gy__acceptor *a)
{
    a->from.len = offsetof(struct gy__addr, len);
    return accept4(a->io.fd, &a->from.any, &a->from.len, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

/* True when another may be there. */
static bool accept_one(struct gy__acceptor *a)
{
    int fd = accept_next(a);
    if (fd >= 0) {
        a->starved = false;
        a->fn(a, fd);
        return !a->paused;
    }
    if (is_shortage(errno))
        starve(a, errno);
    /* The rest are troubles of one connection that is gone again. */
    return !a->paused && errno != EAGAIN && errno != EINVAL && errno != EBADF;
}

static void on_event(struct gy__io *io, unsigned events);

static int watch(struct gy__acceptor *a)
{
    a->io.on_event = on_event;
    return gy__io_watch(a->loop, &a->io);
}

/* The kernel wakes the first in the queue of those who wait for a socket: who has taken a connection
 * goes to the end. Else one process has all connections of a quiet hour, and all the work of a busy
 * one. */
static void go_to_the_end(struct gy__acceptor *a)
{
    gy__acceptor_pause(a);
    gy__acceptor_resume(a);
}

static void on_event(struct gy__io *io, unsigned events)
{
    (void)events;
    struct gy__acceptor *a = gy_of(io, struct gy__acceptor, io);
    unsigned most = a->batch ? a->batch : BATCH_MOST;
    while (most-- && accept_one(a))
        ;
    if (a->batch && !a->paused)
        go_to_the_end(a);
}

int gy__acceptor_open(struct gy__acceptor *a, gy_loop *loop, int fd, unsigned batch,
                      gy__accept_fn *fn, void *owner)
{
    *a = (struct gy__acceptor){.loop = loop, .fn = fn, .owner = owner, .batch = batch};
    gy__io_init(&a->io, fd);
    gy_list_init(&a->link);
    a->io.shared = true;
    int e = watch(a);
    if (e)
        close(fd);
    return e;
}

void gy__acceptor_pause(struct gy__acceptor *a)
{
    if (!a->paused)
        gy__io_unwatch(a->loop, &a->io);
    a->paused = true;
}

void gy__acceptor_resume(struct gy__acceptor *a)
{
    gy_timer_cancel(a->loop, &a->retry);
    if (a->paused && watch(a) == 0)
        a->paused = false;
    else if (a->paused)
        gy_timer_set(a->loop, &a->retry, RETRY, try_again, a);
}

void gy__acceptor_freed(struct gy__acceptor *a)
{
    if (a->paused && a->starved)
        gy__acceptor_resume(a);
}

void gy__acceptor_close(struct gy__acceptor *a, bool last)
{
    gy__acceptor_pause(a);
    gy_timer_cancel(a->loop, &a->retry);
    a->starved = false; /* or a connection that ends would resume it */
    if (last) {
        int fd;
        while ((fd = accept_next(a)) >= 0)
            a->fn(a, fd);
    }
    close(a->io.fd);
}
