/* SPDX-License-Identifier: MIT */
/* client_tunnel.c - CONNECT: a proxy that passes bytes on (RFC 9110 9.3.6). */

#include <gyre/error.h>
#include <stdio.h>

#include "http/client.h"

/* The server's name and port, as the proxy is to look for it. */
static gy_str server_of(struct gy__fetch *f)
{
    return gy_strf(f->arena, f->url.ip6 ? "[%s]:%u" : "%s:%u", f->url.host.ptr,
                   (unsigned)f->url.port);
}

static const char *own_credentials(const struct gy__fetch *f, gy_str *out)
{
    const gy_str name = GY_STR("Proxy-Authorization");
    for (const gy_field *h = f->o.headers; h && h->name.len; h++)
        if (gy_str_ieq(h->name, name)) {
            *out = h->value;
            return name.ptr;
        }
    return NULL;
}

static int put_question(struct gy__fetch *f)
{
    gy_str server = server_of(f), credentials;
    struct gy__buf *b = &f->peer->out;
    const char *own = own_credentials(f, &credentials);
    gy__buf_cut(b, 0);
    if (!server.ptr)
        return GY_ENOMEM;
    int e = gy__buf_addf(b, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n", server.ptr, server.ptr);
    if (!e && f->o.user_agent && *f->o.user_agent)
        e = gy__fetch_put_field(f, "User-Agent", gy_str_of(f->o.user_agent));
    if (!e)
        e = own ? gy__fetch_put_field(f, own, credentials) : gy__proxy_put_credentials(f);
    return e ? e : gy__buf_add(b, "\r\n", 2);
}

static int no_answer(struct gy__fetch *f, ssize_t n)
{
    const char *proxy = f->via.url.authority.ptr;
    if (n == GY_ETOOBIG)
        return gy__fetch_fail(f, GY_ETOOBIG,
                              "the head from the proxy %.80s is longer than %zu bytes", proxy,
                              f->o.max_head);
    if (n == 0 || n == GY_ECLOSED)
        return gy__fetch_fail(f, GY_ECLOSED,
                              "the proxy %.80s closed the connection without a tunnel", proxy);
    return gy__fetch_fail(f, (int)n, "the proxy %.80s did not give a tunnel: %s", proxy,
                          gy_strerror((int)n));
}

/* What is in the buffer: the length of a whole head, 0 when more is needed, or a negative code. */
static long parse(struct gy__fetch *f, struct gy__head_reader *reader, size_t before)
{
    struct gy__peer *p = f->peer;
    struct gy__limits_head lim = {.max_fields = GY__CLIENT_FIELDS};
    size_t have = p->in_len - p->in_at;
    const char *why = "malformed";
    lim.max_head = lim.max_line = f->o.max_head - before;
    if (!have || !gy__head_ready(reader, p->in + p->in_at, have))
        return 0;
    long n = gy__parse_response(p->in + p->in_at, have, &lim, f->fields, &f->head, &why);
    if (n >= 0)
        return n;
    return gy__fetch_fail(f, n == -431 || n == -414 ? GY_ETOOBIG : GY_EPROTO,
                          "the proxy %.80s gives no proper answer: %s", f->via.url.authority.ptr,
                          why);
}

static int judge(struct gy__fetch *f)
{
    int status = f->head.status;
    if (status == 101)
        return gy__fetch_fail(f, GY_EPROTO, "the proxy %.80s changes to another protocol unasked",
                              f->via.url.authority.ptr);
    if (status / 100 == 2)
        return 0;
    return gy__fetch_fail(f, GY_EPROXY, "the proxy %.80s refuses the tunnel: %d%s%.60s",
                          f->via.url.authority.ptr, status, f->head.reason.len ? " " : "",
                          f->head.reason.len ? f->head.reason.ptr : "");
}

/* The last head that is no interim one. All together are not longer than one may be. */
static int read_answer(struct gy__fetch *f)
{
    struct gy__head_reader reader = {0};
    struct gy__peer *p = f->peer;
    size_t before = 0;
    for (;;) {
        long n = parse(f, &reader, before);
        if (n < 0)
            return (int)n;
        p->in_at += (size_t)n;
        before += (size_t)n;
        if (n && (f->head.status >= 200 || f->head.status == 101))
            return judge(f);
        if (n) {
            reader = (struct gy__head_reader){0};
            continue;
        }
        ssize_t more = gy__peer_read(p, f->o.max_head, f->connect_until);
        if (more <= 0)
            return no_answer(f, more);
    }
}

int gy__tunnel_open(struct gy__fetch *f)
{
    struct gy__buf *b = &f->peer->out;
    size_t sent = 0;
    int e = put_question(f);
    struct iovec all = {b->data, b->len};
    if (!e)
        e = gy__peer_write(f->peer, &all, 1, f->connect_until, &sent);
    /* Why it is closed may have been said. */
    if (e < 0 && e != GY_ECLOSED)
        return no_answer(f, e);
    e = read_answer(f);
    f->head.status = 0;
    if (!e && f->peer->in_at < f->peer->in_len)
        e = gy__fetch_fail(f, GY_EPROTO, "the proxy %.80s speaks before the server was asked",
                           f->via.url.authority.ptr);
    return e;
}
