/* SPDX-License-Identifier: MIT */
/* client_connect.c - how a client's connection comes to be: to the server or its proxy, and TLS. */

#include <gyre/error.h>
#include <gyre/net.h>
#include <gyre/resolver.h>
#include <gyre/tls.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "http/client.h"
#include "loop/timer.h"
#include "net/addr.h"
#include "net/connect.h"
#include "net/host_name.h"
#include "net/stream.h"

/* Seconds until it has to stand; 0: no limit. */
static double seconds_left(const struct gy__fetch *f)
{
    if (f->connect_until == INT64_MAX)
        return 0;
    double left = (double)(f->connect_until - gy__clock_now()) / GY__NS_PER_S;
    return left > 0 ? left : 1e-9;
}

static int64_t end_of_connecting(const struct gy__fetch *f)
{
    int64_t until = gy__deadline_in(f->times.connecting, f->o.connect_timeout);
    return until < f->until ? until : f->until;
}

/* -- The socket ---------------------------------------------------------------------------------- */

static int cannot_connect(struct gy__fetch *f, const char *address, int e)
{
    const char *from = f->o.source_address;
    const char *whom =
        f->via.way == GY__WAY_HTTP || f->via.way == GY__WAY_SOCKS ? "the proxy " : "";
    if (e == GY_EINVAL && from)
        return gy__fetch_fail(f, e,
                              "cannot connect to %s%.80s from %.40s: no such address or "
                              "interface here, or of another family",
                              whom, address, from);
    return gy__fetch_fail(f, e, "cannot connect to %s%.120s: %s", whom, address, gy_strerror(e));
}

static int connect_to(struct gy__fetch *f, const char *address, bool is_name)
{
    int64_t resolved = 0;
    gy_connect_opts opts = {.timeout = seconds_left(f),
                            .family = f->o.family,
                            .source_address = f->o.source_address,
                            .resolver = f->client->opts.resolver};
    int e = gy__connect(address, &opts, &f->peer->stream, &resolved);
    if (is_name)
        f->times.resolved = resolved;
    if (!e) {
        f->times.connected = gy__clock_now();
        return 0;
    }
    f->peer->stream = NULL;
    return cannot_connect(f, address, e);
}

static int reach(struct gy__fetch *f)
{
    char at[GY__HOST_ROOM + 16];
    const struct gy__url *to = f->via.way == GY__WAY_DIRECT ? &f->url : &f->via.url;
    if (f->via.way == GY__WAY_UNIX)
        return connect_to(f, f->via.text, false);
    if ((size_t)snprintf(at, sizeof at, to->ip6 ? "[%s]:%u" : "%s:%u", to->host.ptr,
                         (unsigned)to->port) >= sizeof at)
        return gy__fetch_fail(f, GY_EURL, "the name of the host is too long");
    return connect_to(f, at, !gy_is_ip(to->host.ptr));
}

/* -- TLS ----------------------------------------------------------------------------------------- */

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

/* Settings that are for others too may offer what is not spoken here. */
static int check_protocol(struct gy__fetch *f, const struct gy__url *who)
{
    gy_tls_info info;
    if (!gy_stream_tls(f->peer->stream, &info) || !info.alpn ||
        strncmp(info.alpn, "http/1.", 7) == 0)
        return 0;
    return gy__fetch_fail(f, GY_EPROTO, "%.60s speaks %.20s, and not HTTP/1.1", who->authority.ptr,
                          info.alpn);
}

static int secure(struct gy__fetch *f, const struct gy__url *who)
{
    static const char *const protocols[] = {"http/1.1", NULL};
    gy_tls *tls = tls_of(f);
    double seconds = seconds_left(f);
    char why[sizeof f->out->why] = "", name[GY__HOST_ROOM];
    if (!tls)
        return GY_ETLS;
    gy__host_name_plain(who->host, name);
    int e = gy__stream_secure(f->peer->stream, tls, name, protocols, seconds,
                              (struct gy__why){why, sizeof why});
    if (e == GY_EOF)
        e = GY_ECLOSED;
    if (e)
        return gy__fetch_fail(f, e, "no secure connection to %.80s: %.190s", who->authority.ptr,
                              why[0] ? why : gy_strerror(e));
    f->times.secured = gy__clock_now();
    return check_protocol(f, who);
}

/* -- All of it ----------------------------------------------------------------------------------- */

static int pass_proxy(struct gy__fetch *f)
{
    int e = f->via.secure ? secure(f, &f->via.url) : 0;
    if (e)
        return e;
    if (f->via.way == GY__WAY_SOCKS)
        return gy__socks_connect(f);
    return f->via.way == GY__WAY_HTTP && !gy__fetch_is_forwarded(f) ? gy__tunnel_open(f) : 0;
}

static int connect_anew(struct gy__fetch *f)
{
    f->times.connecting = gy__clock_now();
    f->connect_until = end_of_connecting(f);
    int e = reach(f);
    if (!e)
        e = pass_proxy(f);
    if (!e && gy_str_eq(f->url.scheme, gy_str_of("https")))
        e = secure(f, &f->url);
    if (!e && f->client->ended)
        e = GY_ESHUTDOWN;
    if (e && f->peer->stream)
        gy__peer_disconnect(f->peer);
    return e;
}

int gy__fetch_connect(struct gy__fetch *f)
{
    return f->peer->stream ? 0 : connect_anew(f);
}
