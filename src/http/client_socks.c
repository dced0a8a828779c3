/* SPDX-License-Identifier: MIT */
/* client_socks.c - connections through a SOCKS 5 proxy (RFC 1928), with user and password (RFC 1929). */

#include <gyre/error.h>
#include <string.h>

#include "base/clock.h"
#include "http/client.h"
#include "net/addr.h"
#include "net/lookup.h"
#include "net/resolver.h"

enum { VERSION = 5, CONNECT = 1, IP4 = 1, NAME = 3, IP6 = 4, NO_METHOD = 0xff, BY_PASSWORD = 2 };
enum { TEXT_MOST = 255, QUESTION_MOST = 3 + 2 * TEXT_MOST };

/* What is said to the proxy; its answers are read where all is read. */
struct question {
    unsigned char bytes[QUESTION_MOST];
    size_t len;
};

static void put(struct question *q, unsigned byte)
{
    q->bytes[q->len++] = (unsigned char)byte;
}

static void put_bytes(struct question *q, const void *bytes, size_t len)
{
    if (len)
        memcpy(q->bytes + q->len, bytes, len);
    q->len += len;
}

/* -- Talking ------------------------------------------------------------------------------------- */

static int no_answer(struct gy__fetch *f, ssize_t n)
{
    const char *proxy = f->via.url.authority.ptr;
    if (n == 0 || n == GY_ECLOSED)
        return gy__fetch_fail(
            f, GY_ECLOSED, "the proxy %.80s closed the connection before it was passed on", proxy);
    return gy__fetch_fail(f, (int)n, "the proxy %.80s did not pass the connection on: %s", proxy,
                          gy_strerror((int)n));
}

static int say(struct gy__fetch *f, struct question *q)
{
    size_t sent = 0;
    struct iovec all = {q->bytes, q->len};
    int e = gy__peer_write(f->peer, &all, 1, f->connect_until, &sent);
    /* Why it is closed may have been said. */
    return e < 0 && e != GY_ECLOSED ? no_answer(f, e) : 0;
}

/* The next [n] bytes, seen but not yet taken; or NULL, and [e] says why. */
static const unsigned char *see(struct gy__fetch *f, size_t n, int *e)
{
    struct gy__peer *p = f->peer;
    while (p->in_len - p->in_at < n) {
        ssize_t more = gy__peer_read(p, GY__CLIENT_IN, f->connect_until);
        if (more <= 0) {
            *e = no_answer(f, more);
            return NULL;
        }
    }
    return (const unsigned char *)p->in + p->in_at;
}

static const unsigned char *take(struct gy__fetch *f, size_t n, int *e)
{
    const unsigned char *bytes = see(f, n, e);
    if (bytes)
        f->peer->in_at += n;
    return bytes;
}

static int malformed(struct gy__fetch *f)
{
    return gy__fetch_fail(f, GY_EPROTO, "the proxy %.80s does not speak SOCKS 5",
                          f->via.url.authority.ptr);
}

/* -- Who asks ------------------------------------------------------------------------------------ */

static int tell_who(struct gy__fetch *f)
{
    const gy_str user = f->via.url.user, password = f->via.url.password;
    struct question q = {.len = 0};
    put(&q, 1);
    put(&q, (unsigned)user.len);
    put_bytes(&q, user.ptr, user.len);
    put(&q, (unsigned)password.len);
    put_bytes(&q, password.ptr, password.len);
    int e = say(f, &q);
    const unsigned char *answer = e ? NULL : take(f, 2, &e);
    if (!answer)
        return e;
    if (answer[0] != 1)
        return malformed(f);
    if (answer[1] != 0)
        return gy__fetch_fail(f, GY_EPROXY, "the proxy %.80s refuses the user %.40s",
                              f->via.url.authority.ptr, user.ptr);
    return 0;
}

static int greet(struct gy__fetch *f)
{
    bool known = f->via.url.user.ptr != NULL;
    struct question q = {.len = 0};
    put(&q, VERSION);
    put(&q, known ? 2 : 1);
    put(&q, 0);
    if (known)
        put(&q, BY_PASSWORD);
    int e = say(f, &q);
    const unsigned char *answer = e ? NULL : take(f, 2, &e);
    if (!answer)
        return e;
    unsigned method = answer[1];
    if (answer[0] != VERSION)
        return malformed(f);
    if (method == NO_METHOD)
        return gy__fetch_fail(f, GY_EPROXY, "the proxy %.80s wants %s", f->via.url.authority.ptr,
                              known ? "another way to log in" : "a user and a password");
    if (method == 0)
        return 0;
    return known && method == BY_PASSWORD ? tell_who(f) : malformed(f);
}

/* -- Where to ------------------------------------------------------------------------------------ */

static void put_ip(struct question *q, const struct gy__inet *ip)
{
    put(q, ip->family == AF_INET6 ? IP6 : IP4);
    put_bytes(q, ip->bytes, ip->family == AF_INET6 ? 16 : 4);
}

/* An IPv4 one rather than one of IPv6, which fewer proxies reach. */
static const struct gy__inet *choose(const struct gy__targets *all)
{
    for (size_t i = 0; i < all->count; i++)
        if (all->ips[i].family == AF_INET)
            return &all->ips[i];
    return &all->ips[0];
}

static int put_resolved(struct gy__fetch *f, struct question *q, int *port)
{
    struct gy__inet ips[GY__IPS_MAX];
    struct gy__targets all = {.ips = ips, .max = GY__IPS_MAX, .port = *port};
    const char *host = f->url.host.ptr;
    int e = gy__resolve(f->client->opts.resolver, host, f->o.family, f->connect_until, &all);
    if (!gy_is_ip(host))
        f->times.resolved = gy__clock_now();
    if (e)
        return gy__fetch_fail(f, e, "cannot look up %.120s: %s", host, gy_strerror(e));
    put_ip(q, choose(&all));
    *port = all.port;
    return 0;
}

static int put_server(struct gy__fetch *f, struct question *q)
{
    int port = f->url.port;
    struct gy__inet ip;
    gy_str host = f->url.host;
    int e = 0;
    put(q, VERSION);
    put(q, CONNECT);
    put(q, 0);
    if (!f->via.resolves) {
        e = put_resolved(f, q, &port);
    } else if (gy__inet_parse(host.ptr, &ip) == 0) {
        put_ip(q, &ip);
    } else {
        put(q, NAME);
        put(q, (unsigned)host.len);
        put_bytes(q, host.ptr, host.len);
    }
    put(q, (unsigned)port >> 8);
    put(q, (unsigned)port & 0xff);
    return e;
}

/* RFC 1928 6. */
static const char *reply_text(unsigned reply)
{
    static const char *const texts[] = {"",
                                        "general failure",
                                        "not allowed by its rules",
                                        "the network is unreachable",
                                        "the host is unreachable",
                                        "the connection was refused",
                                        "the time to live has expired",
                                        "it cannot connect",
                                        "it does not know this kind of address"};
    return reply < sizeof texts / sizeof texts[0] ? texts[reply] : "for a reason that is not known";
}

/* Version, reply, reserved, kind, an address of that kind, and a port. */
static int read_reply(struct gy__fetch *f)
{
    int e = 0;
    const unsigned char *b = see(f, 2, &e);
    if (!b)
        return e;
    if (b[0] != VERSION)
        return malformed(f);
    /* Some proxies close then without the rest. */
    if (b[1] != 0)
        return gy__fetch_fail(f, GY_EPROXY, "the proxy %.80s refuses %.60s: %s",
                              f->via.url.authority.ptr, f->url.authority.ptr, reply_text(b[1]));
    b = see(f, 5, &e);
    if (!b)
        return e;
    size_t address = b[3] == IP4 ? 4 : b[3] == IP6 ? 16 : b[3] == NAME ? 1U + b[4] : 0;
    if (!address)
        return malformed(f);
    return take(f, 4 + address + 2, &e) ? 0 : e;
}

int gy__socks_connect(struct gy__fetch *f)
{
    struct question q = {.len = 0};
    const struct gy__url *proxy = &f->via.url;
    if (proxy->user.len > TEXT_MOST || proxy->password.len > TEXT_MOST ||
        f->url.host.len > TEXT_MOST)
        return gy__fetch_fail(f, GY_EINVAL, "a name that is too long for SOCKS");
    int e = greet(f);
    if (!e)
        e = put_server(f, &q);
    if (!e)
        e = say(f, &q);
    if (!e)
        e = read_reply(f);
    if (!e && f->peer->in_at < f->peer->in_len)
        e = gy__fetch_fail(f, GY_EPROTO, "the proxy %.80s speaks before the server was asked",
                           proxy->authority.ptr);
    return e;
}
