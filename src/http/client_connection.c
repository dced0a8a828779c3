/* SPDX-License-Identifier: MIT */
/* client_connection.c - a client's connection: connecting, and moving bytes both ways. */

#include <gyre/error.h>
#include <gyre/net.h>
#include <gyre/tls.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "http/client.h"
#include "loop/state.h"
#include "loop/wait.h"
#include "net/addr.h"
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
    return code;
}

/* -- Connecting ---------------------------------------------------------------------------------- */

static bool is_unix(const char *proxy)
{
    return proxy && strncmp(proxy, "unix:", 5) == 0;
}

/* Seconds for it, of those that are left in all; 0: no limit. */
static double time_to_connect(const struct gy__fetch *f)
{
    double limit = f->o.connect_timeout > 0 ? f->o.connect_timeout : 0;
    if (limit > 0)
        limit -= (double)(gy__clock_now() - f->times.connecting) / GY__NS_PER_S;
    if (f->o.connect_timeout > 0 && limit <= 0)
        limit = 1e-9;
    if (f->until == INT64_MAX)
        return limit;
    double left = (double)(f->until - gy__clock_now()) / GY__NS_PER_S;
    if (left <= 0)
        left = 1e-9;
    return limit > 0 && limit < left ? limit : left;
}

/* With the system's certificates, made when it is first needed. */
static gy_tls *tls_of(struct gy__fetch *f)
{
    gy_client *c = f->client;
    if (f->o.tls)
        return f->o.tls;
    if (!c->tls)
        c->tls = gy_tls_client_new(NULL, f->out->why, sizeof f->out->why);
    return c->tls;
}

static int secure(struct gy__fetch *f)
{
    gy_tls *tls = tls_of(f);
    double seconds = time_to_connect(f);
    char why[sizeof f->out->why] = "";
    if (!tls)
        return GY_ETLS;
    int e = gy_stream_start_tls(f->peer->stream, tls, f->url.host.ptr,
                                seconds > 0 ? seconds : GY_FOREVER, why, sizeof why);
    if (e)
        return gy__fetch_fail(f, e, "no secure connection to %.60s: %.100s", f->url.authority.ptr,
                              why[0] ? why : gy_strerror(e));
    f->times.secured = gy__clock_now();
    return 0;
}

int gy__fetch_connect(struct gy__fetch *f)
{
    char at[GY__HOST_ROOM + 16];
    const char *address = at;
    struct gy__peer *p = f->peer;
    f->times.connecting = gy__clock_now();
    gy_connect_opts opts = {.timeout = time_to_connect(f),
                            .family = f->o.family,
                            .source_address = f->o.source_address,
                            .resolver = f->client->opts.resolver};
    if (p->stream)
        return 0;
    if (is_unix(f->o.proxy))
        address = f->o.proxy;
    else if ((size_t)snprintf(at, sizeof at, f->url.ip6 ? "[%s]:%u" : "%s:%u", f->url.host.ptr,
                              (unsigned)f->url.port) >= sizeof at)
        return gy__fetch_fail(f, GY_EURL, "the name of the host is too long");
    f->connecting = true;
    int e = gy_connect(address, &opts, &p->stream);
    f->connecting = false;
    if (e) {
        p->stream = NULL;
        return gy__fetch_fail(f, e, "cannot connect to %s: %s", address, gy_strerror(e));
    }
    f->times.connected = gy__clock_now();
    if (f->client->ended)
        return GY_ESHUTDOWN;
    return gy_str_eq(f->url.scheme, gy_str_of("https")) ? secure(f) : 0;
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

ssize_t gy__peer_read(struct gy__peer *p, size_t most, int64_t until)
{
    int e = make_room(p, most);
    if (e)
        return e;
    ssize_t n = gy__transport_read(p->stream->t, p->in + p->in_len, p->in_cap - p->in_len, until);
    if (n > 0)
        p->in_len += (size_t)n;
    return n;
}

/* -- Writing ------------------------------------------------------------------------------------- */

/* Whether the server speaks already: 1, 0 or a negative code. */
static int has_spoken(struct gy__peer *p)
{
    struct gy__transport *t = p->stream->t;
    if (!(t->io.ready & (GY__IN | GY__HUP | GY__ERR)))
        return 0;
    int e = make_room(p, IN_MOST);
    if (e)
        return e;
    ssize_t n = gy__transport_try_read(t, p->in + p->in_len, p->in_cap - p->in_len);
    if (n > 0)
        p->in_len += (size_t)n;
    /* An end, or a broken connection, is for who reads the answer. */
    return n != -EAGAIN;
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
            e = has_spoken(p);
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
