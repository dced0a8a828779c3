/* SPDX-License-Identifier: MIT */
/* mailbox.c - the only door into a loop for other threads and for signal handlers. */

#include "loop/mailbox.h"

#include <errno.h>
#include <gyre/error.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/alloc.h"
#include "loop/fork.h"
#include "loop/signal.h"
#include "loop/state.h"

static void on_bell(struct gy__io *io, unsigned events)
{
    uint64_t rings;
    (void)events;
    struct gy__mailbox *box = gy_of(io, struct gy__mailbox, bell);
    gy_loop *loop = gy_of(box, gy_loop, mailbox);
    /* To epoll each ring is an edge, whatever the counter holds: then nobody needs to read it. Else it
     * is read before the letters are, so that what comes in between rings again. */
    io->ready = 0;
    while (!loop->poller.ops->edges && read(io->fd, &rings, sizeof rings) < 0 && errno == EINTR)
        ;
    gy__signals_deliver(loop);
    gy__mailbox_deliver(loop);
}

int gy__mailbox_open(gy_loop *loop)
{
    struct gy__mailbox *box = &loop->mailbox;
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0)
        return -errno;
    atomic_init(&box->top, NULL);
    atomic_init(&box->rings, 0);
    atomic_init(&box->senders, 0);
    gy__io_init(&box->bell, fd);
    box->bell.on_event = on_bell;
    box->bell.input_only = true;
    int e = gy__io_watch(loop, &box->bell);
    if (e)
        close(fd);
    return e;
}

void gy__mailbox_close(gy_loop *loop)
{
    /* In a child the threads that were sending are not there. */
    bool ours = loop->poller.forks == gy__forks;
    while (ours && atomic_load_explicit(&loop->mailbox.senders, memory_order_acquire))
        sched_yield();
    gy__io_unwatch(loop, &loop->mailbox.bell);
    close(loop->mailbox.bell.fd);
}

void gy__mailbox_ring(gy_loop *loop)
{
    uint64_t one = 1;
    int saved = errno;
    atomic_fetch_add_explicit(&loop->mailbox.rings, 1, memory_order_relaxed);
    while (write(loop->mailbox.bell.fd, &one, sizeof one) < 0 && errno == EINTR)
        ;
    errno = saved;
}

void gy__mail_send(gy_loop *loop, struct gy__mail *m)
{
    /* Once the letter is out the loop may act on it, end, and be freed: not before we are through. */
    atomic_fetch_add_explicit(&loop->mailbox.senders, 1, memory_order_relaxed);
    struct gy__mail *top = atomic_load_explicit(&loop->mailbox.top, memory_order_relaxed);
    do
        m->next = top;
    while (!atomic_compare_exchange_weak_explicit(&loop->mailbox.top, &top, m, memory_order_release,
                                                  memory_order_relaxed));
    if (!top)
        gy__mailbox_ring(loop);
    atomic_fetch_sub_explicit(&loop->mailbox.senders, 1, memory_order_release);
}

static void queue(gy_loop *loop, struct gy__mail *m)
{
    m->next = NULL;
    *loop->calls_end = m;
    loop->calls_end = &m->next;
    loop->call_count++;
}

void gy__mailbox_deliver(gy_loop *loop)
{
    struct gy__mail *m = atomic_exchange_explicit(&loop->mailbox.top, NULL, memory_order_acquire);
    struct gy__mail *in_order = NULL;
    while (m) {
        struct gy__mail *next = m->next;
        m->next = in_order;
        in_order = m;
        m = next;
    }
    while (in_order) {
        m = in_order;
        in_order = m->next;
        queue(loop, m);
    }
}

/* A letter of which the loop is the owner. */
struct owned {
    struct gy__mail mail;
    gy_callback *fn;
    void *arg;
};

static void deliver_owned(void *arg)
{
    struct owned *o = arg;
    gy_callback *fn = o->fn;
    void *fn_arg = o->arg;
    gy__free(o);
    fn(fn_arg);
}

static struct gy__mail *owned_new(gy_callback *fn, void *arg)
{
    struct owned *o = gy__alloc(sizeof *o);
    if (!o)
        return NULL;
    *o = (struct owned){.mail = {.fn = deliver_owned, .arg = o}, .fn = fn, .arg = arg};
    return &o->mail;
}

int gy_loop_post(gy_loop *loop, gy_callback *fn, void *arg)
{
    if (atomic_load_explicit(&loop->closing, memory_order_relaxed))
        return GY_ESHUTDOWN;
    struct gy__mail *m = owned_new(fn, arg);
    if (!m)
        return GY_ENOMEM;
    gy__mail_send(loop, m);
    return 0;
}

int gy_loop_call(gy_loop *loop, gy_callback *fn, void *arg)
{
    if (atomic_load_explicit(&loop->closing, memory_order_relaxed))
        return GY_ESHUTDOWN;
    struct gy__mail *m = owned_new(fn, arg);
    if (!m)
        return GY_ENOMEM;
    queue(loop, m);
    return 0;
}
