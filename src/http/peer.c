/* SPDX-License-Identifier: MIT */
/* peer.c - who the client is, as the socket and trusted proxies tell. */

#include <gyre/net.h>
#include <string.h>

#include "base/alloc.h"
#include "http/connection.h"
#include "http/forwarded.h"
#include "net/addr.h"
#include "net/transport_tls.h"

/* Of a connection that we did not accept ourselves, the kernel knows it until it is reset. */
static int find_address(const struct gy__conn *c, struct gy__addr *out)
{
    if (c->from.sin6_family == AF_UNSPEC)
        return gy__addr_peer(c->t->io.fd, out);
    *out = (struct gy__addr){.ip6 = c->from, .len = sizeof c->from};
    return 0;
}

/* Put into words once for each connection, and only if somebody wants to know. */
static const char *peer_of(struct gy__conn *c)
{
    char text[GY_ADDRESS_MAX];
    struct gy__addr addr;
    if (c->peer)
        return c->peer;
    if (c->t->io.fd < 0 && c->from.sin6_family == AF_UNSPEC)
        return "memory";
    if (find_address(c, &addr))
        return "gone";
    gy__addr_host(&addr, text);
    size_t size = strlen(text) + 1;
    c->peer = gy__alloc(size);
    if (c->peer)
        memcpy(c->peer, text, size);
    return c->peer ? c->peer : "unknown";
}

static bool is_trusted(void *arg, const char *address)
{
    const gy_http_server *s = arg;
    struct gy__ip ip;
    if (gy__ip_parse(gy_str_of(address), &ip))
        return false;
    return gy__cidrs_have(&s->trusted, &ip);
}

/* With a list only the proxies on it are believed; a unix socket is ours. */
bool gy__peer_is_trusted(struct gy__conn *c)
{
    gy_http_server *s = c->server;
    return !s->opts.trusted || strcmp(peer_of(c), "unix") == 0 || is_trusted(s, peer_of(c));
}

static bool is_tls(const struct gy__transport *t)
{
    gy_tls_info info;
    return t && gy__transport_tls_info(t, &info);
}

static void find_out(gy_exchange *x)
{
    gy_http_server *s = x->conn->server;
    struct gy__forwarded said;
    x->remote_ip = peer_of(x->conn);
    x->protocol = is_tls(x->conn->t) ? "https" : "http";
    if (s->opts.protocol)
        x->protocol = s->opts.protocol;
    if (!s->opts.xheaders || !gy__peer_is_trusted(x->conn))
        return;
    if (gy__forwarded_eval(&x->arena, &x->headers, s->opts.trusted ? is_trusted : NULL, s, &said))
        return;
    if (said.address.ptr)
        x->remote_ip = said.address.ptr;
    if (said.scheme.ptr)
        x->protocol = said.scheme.ptr;
}

const char *gy__exchange_remote_ip(gy_exchange *x)
{
    if (!x->remote_ip)
        find_out(x);
    return x->remote_ip;
}

const char *gy__exchange_protocol(gy_exchange *x)
{
    if (!x->protocol)
        find_out(x);
    return x->protocol;
}

bool gy__exchange_is_trusted(gy_exchange *x)
{
    return x->conn->server->opts.xheaders && gy__peer_is_trusted(x->conn);
}
