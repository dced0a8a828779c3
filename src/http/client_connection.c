/* SPDX-License-Identifier: MIT */
/* client_connection.c - a client's connection: moving bytes both ways. */

#include <gyre/error.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/utf8_step.h"
#include "http/client.h"
#include "loop/state.h"
#include "loop/wait.h"
#include "net/stream.h"

enum { IN_MOST = 64 * 1024, STEP = 256 * 1024, TURN = 64 * 1024 };

int gy__fetch_fail(struct gy__fetch *f, int code, const char *fmt, ...)
{
    va_list ap;
    if (f->out->why[0])
        return code;
    va_start(ap, fmt);
    vsnprintf(f->out->why, sizeof f->out->why, fmt, ap);
    va_end(ap);
    gy__utf8_tame(f->out->why, strlen(f->out->why)); /* strangers are quoted in it */
    return code;
}

/* -- Reading ------------------------------------------------------------------------------------- */

static int grow(struct gy__peer *p, size_t cap)
{
    char *in = gy__realloc(p->in, cap + GY__PARSE_PADDING);
    if (!in)
        return GY_ENOMEM;
    p->in = in;
    p->in_cap = cap;
    return 0;
}

static int make_room(struct gy__peer *p, size_t most)
{
    if (!p->in)
        return grow(p, GY__CLIENT_IN);
    if (p->in_at == p->in_len) {
        bool was_full = p->in_len == p->in_cap && p->in_cap < IN_MOST;
        p->in_at = p->in_len = 0;
        return was_full ? grow(p, p->in_cap * 2) : 0;
    }
    if (p->in_len < p->in_cap)
        return 0;
    if (p->in_at) {
        memmove(p->in, p->in + p->in_at, p->in_len - p->in_at);
        p->in_len -= p->in_at;
        p->in_at = 0;
        return 0;
    }
    return p->in_cap > most ? GY_ETOOBIG : grow(p, p->in_cap * 2);
}

/* So many bytes more. The parser looks at those behind them, which decide nothing; that they are the same
 * each time makes a run repeatable. */
static void add_read(struct gy__peer *p, ssize_t n)
{
    p->in_len += (size_t)n;
    memset(p->in + p->in_len, 0, GY__PARSE_PADDING);
}

ssize_t gy__peer_read(struct gy__peer *p, size_t most, int64_t until)
{
    int e = p->stream ? make_room(p, most) : GY_EPROTO;
    if (e)
        return e;
    ssize_t n = gy__transport_read(p->stream->t, p->in + p->in_len, p->in_cap - p->in_len, until);
    if (n > 0)
        add_read(p, n);
    return n;
}

/* -- Writing ------------------------------------------------------------------------------------- */

int gy__peer_has_spoken(struct gy__peer *p)
{
    struct gy__transport *t = p->stream->t;
    for (;;) {
        if (p->in_at < p->in_len && gy__peer_has_answer(p))
            return 1;
        if (!(t->io.ready & (GY__IN | GY__HUP | GY__ERR)))
            return 0;
        int e = make_room(p, IN_MOST);
        if (e)
            return e;
        ssize_t n = gy__transport_try_read(t, p->in + p->in_len, p->in_cap - p->in_len);
        if (n == -EAGAIN)
            return 0;
        /* An end, or a broken connection, is for who reads the answer. */
        if (n <= 0)
            return 1;
        add_read(p, n);
    }
}

/* Until there is room, or the server speaks although it was not told all. */
static int wait_for_room(struct gy__transport *t, int64_t until)
{
    t->io.ready &= (uint8_t)~GY__OUT;
    if (t->io.ready & GY__GONE)
        return GY_ECLOSED;
    t->io.reader = t->io.writer = gy__self();
    int e = gy__park("room to write", until);
    t->io.reader = t->io.writer = NULL;
    return e;
}

static int take_turns(struct gy__transport *t)
{
    if (t->burst < TURN)
        return 0;
    t->burst = 0;
    return gy__park_polled();
}

/* What is left of two pieces; gives how many. */
static int rest_of(const struct iovec *iov, int count, size_t skip, struct iovec out[2])
{
    int n = 0;
    for (int i = 0; i < count; i++) {
        size_t len = iov[i].iov_len;
        if (skip >= len) {
            skip -= len;
            continue;
        }
        out[n].iov_base = (char *)iov[i].iov_base + skip;
        out[n].iov_len = len - skip < STEP ? len - skip : STEP;
        skip = 0;
        if (out[n++].iov_len == STEP)
            break;
    }
    return n;
}

int gy__peer_write(struct gy__peer *p, const struct iovec *iov, int count, int64_t until,
                   size_t *sent)
{
    struct gy__transport *t = p->stream->t;
    struct iovec part[2];
    size_t done = 0;
    for (int n; (n = rest_of(iov, count, done, part));) {
        int e = take_turns(t);
        if (!e && *sent)
            e = gy__peer_has_spoken(p);
        if (e)
            return e;
        ssize_t wrote = t->io.ready & GY__GONE ? GY_ECLOSED : t->ops->writev(t, part, n);
        if (wrote >= 0) {
            done += (size_t)wrote;
            *sent += (size_t)wrote;
            t->burst += (size_t)wrote;
            continue;
        }
        e = wrote == -EAGAIN ? wait_for_room(t, until) : gy__transport_error(wrote);
        /* The answer may be there all the same. */
        if (e == GY_ECLOSED && *sent)
            return 1;
        if (e)
            return e;
    }
    return 0;
}
