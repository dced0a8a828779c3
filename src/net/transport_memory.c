/* SPDX-License-Identifier: MIT */
/* transport_memory.c - two ends in memory that behave like a pair of sockets. */

#include <errno.h>
#include <gyre/error.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "loop/state.h"
#include "net/transport.h"

struct end {
    struct gy__transport t;
    struct gy__fired fired;
    struct end *peer;  /* NULL once it was closed */
    struct gy__buf in; /* what the peer wrote */
    size_t at;         /* of this was read */
    bool shut;         /* the peer writes no more */
    bool full;         /* the peer was told to wait */
};

static struct end *end_of(struct gy__transport *t)
{
    return gy_of(t, struct end, t);
}

static void tell(struct end *e, unsigned events)
{
    gy__io_fire_later(e->t.loop, &e->fired, events);
}

static ssize_t memory_read(struct gy__transport *t, void *buf, size_t size)
{
    struct end *e = end_of(t);
    size_t n = e->in.len - e->at;
    if (n == 0)
        return e->shut || !e->peer ? 0 : -EAGAIN;
    if (n > size)
        n = size;
    memcpy(buf, e->in.data + e->at, n);
    e->at += n;
    if (e->at == e->in.len)
        e->at = e->in.len = 0;
    if (e->full && e->peer) {
        e->full = false;
        tell(e->peer, GY__OUT);
    }
    return (ssize_t)n;
}

static ssize_t memory_writev(struct gy__transport *t, const struct iovec *iov, int count)
{
    struct end *to = end_of(t)->peer;
    ssize_t done = 0;
    if (!to || to->shut)
        return -EPIPE;
    if (to->at) {
        gy__buf_drop(&to->in, to->at);
        to->at = 0;
    }
    for (int i = 0; i < count; i++) {
        size_t n = iov[i].iov_len;
        size_t room = to->in.max - to->in.len;
        if (n > room)
            n = room;
        if (gy__buf_add(&to->in, iov[i].iov_base, n))
            return done ? done : -ENOMEM;
        done += (ssize_t)n;
        if (n < iov[i].iov_len)
            break;
    }
    if (to->in.len == to->in.max)
        to->full = true;
    if (done == 0)
        return -EAGAIN;
    tell(to, GY__IN);
    return done;
}

static int memory_shutdown(struct gy__transport *t)
{
    struct end *to = end_of(t)->peer;
    if (!to)
        return -ENOTCONN;
    to->shut = true;
    tell(to, GY__IN | GY__HUP);
    return 0;
}

static void memory_close(struct gy__transport *t)
{
    struct end *e = end_of(t);
    if (e->peer) {
        e->peer->peer = NULL;
        tell(e->peer, GY__IN | GY__OUT | GY__HUP);
    }
    gy_list_del(&e->fired.link);
    gy__io_unwatch(t->loop, &t->io);
    gy__buf_done(&e->in);
    gy__free(e);
}

static const struct gy__transport_ops ops = {.read = memory_read,
                                             .writev = memory_writev,
                                             .shutdown = memory_shutdown,
                                             .close = memory_close};

static struct end *end_new(gy_loop *loop, size_t capacity)
{
    struct end *e = gy__zalloc(sizeof *e);
    if (!e)
        return NULL;
    e->t = (struct gy__transport){.ops = &ops, .loop = loop};
    gy__io_init(&e->t.io, -1);
    e->t.io.ready = GY__OUT;
    gy__buf_init(&e->in, capacity ? capacity : 64 * 1024);
    e->fired.io = &e->t.io;
    gy_list_init(&e->fired.link);
    return e;
}

int gy__transport_memory_pair(gy_loop *loop, size_t capacity, struct gy__transport *out[2])
{
    struct end *a = end_new(loop, capacity);
    struct end *b = end_new(loop, capacity);
    if (!a || !b) {
        gy__free(a);
        gy__free(b);
        return GY_ENOMEM;
    }
    a->peer = b;
    b->peer = a;
    out[0] = &a->t;
    out[1] = &b->t;
    return 0;
}
