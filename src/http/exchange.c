/* SPDX-License-Identifier: MIT */
/* exchange.c - what an exchange shows, and handing its connection over. */

#include "http/exchange.h"

#include "http/connection.h"
#include "net/stream.h"

gy_str gy_exchange_method(const gy_exchange *x)
{
    return x->head.method;
}

gy_str gy_exchange_target(const gy_exchange *x)
{
    gy_exchange *mine = (gy_exchange *)(uintptr_t)x; /* only its arena is written to */
    return gy__head_target(&mine->arena, &x->head);
}

const gy_headers *gy_exchange_headers(const gy_exchange *x)
{
    return &x->headers;
}

gy_arena *gy_exchange_arena(gy_exchange *x)
{
    return &x->arena;
}

/* A socket in the connection's own storage moves to a transport of its own. */
static struct gy__transport *move_out(struct gy__conn *c)
{
    struct gy__transport *t = c->t;
    if (t == &c->socket) {
        struct gy__transport *own;
        int fd = t->io.fd;
        void (*on_event)(struct gy__io *, unsigned) = t->io.on_event;
        gy__io_unwatch(t->loop, &t->io);
        if (gy__transport_socket_new(t->loop, fd, &own)) {
            t->io.on_event = on_event;
            (void)gy__io_watch(t->loop, &t->io);
            return NULL;
        }
        t->io.fd = -1;
        t = own;
    }
    t->io.on_event = NULL;
    c->t = NULL;
    return t;
}

gy_stream *gy_exchange_detach(gy_exchange *x)
{
    struct gy__work *w = gy_of(x, struct gy__work, x);
    struct gy__conn *c = w->conn;
    if (x->head_sent || x->detached || gy__out_flush(w))
        return NULL;
    (void)gy__exchange_remote_ip(x); /* the socket can be asked no more afterwards */
    struct gy__transport *t = move_out(c);
    if (!t)
        return NULL;
    x->detached = x->head_sent = x->finished = true; /* no answer of ours can follow */
    c->close = true;
    w->body.done = true;
    w->detached = gy__stream_new(t, gy_str_n(w->in + w->in_at, w->in_len - w->in_at), NULL);
    w->in_at = w->in_len;
    return w->detached;
}
