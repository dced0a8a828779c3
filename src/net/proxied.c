/* SPDX-License-Identifier: MIT */
/* proxied.c - who a proxy in front says a connection comes from. */

#include "net/proxied.h"

#include <gyre/error.h>
#include <string.h>

#include "base/alloc.h"
#include "net/stream.h"

static void unix_addr(gy_str path, struct gy__addr *out)
{
    memcpy(out->local.sun_path, path.ptr, path.len);
    out->local.sun_family = AF_UNIX;
    out->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path.len);
}

void gy__addr_of_proxied(enum gy__proxied_family family, const struct gy__proxied_end *end,
                         struct gy__addr *out)
{
    *out = (struct gy__addr){.len = 0};
    if (family == GY__PROXIED_UNIX) {
        unix_addr(end->path, out);
        return;
    }
    out->ip6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(end->port)};
    memcpy(&out->ip6.sin6_addr, end->ip.bytes, sizeof end->ip.bytes);
    out->len = sizeof out->ip6;
}

static int remember(gy_stream *s, const char *peer)
{
    size_t size = strlen(peer) + 1;
    char *copy = gy__alloc(size);
    if (!copy)
        return GY_ENOMEM;
    memcpy(copy, peer, size);
    gy__free(s->peer);
    s->peer = copy;
    return 0;
}

static int tell(gy_stream *s, const struct gy__proxied *said, gy_proxied *out)
{
    struct gy__addr a;
    out->local = said->family == GY__PROXIED_LOCAL;
    if (out->local)
        return 0;
    gy__addr_of_proxied(said->family, &said->source, &a);
    gy__addr_print(&a, out->source);
    gy__addr_of_proxied(said->family, &said->destination, &a);
    gy__addr_print(&a, out->destination);
    return remember(s, out->source);
}

/* The header and no byte more, so that what follows is the next read's. */
static int read_header(gy_stream *s, gy_proxied *out)
{
    struct gy__proxied said;
    gy_str none;
    int e = gy__stream_begin_read(s);
    while (!e) {
        long n = s->in.len ? gy__proxied_parse(s->in.data, s->in.len, &said) : 0;
        if (n < 0)
            return (int)n;
        if (n > 0) {
            e = tell(s, &said, out);
            return e ? e : gy__stream_give(s, (size_t)n, &none);
        }
        e = gy__stream_fill(s, 0);
    }
    return e;
}

int gy_proxy_read(gy_stream *s, double timeout, gy_proxied *out)
{
    gy_deadline d;
    *out = (gy_proxied){.local = false};
    gy_deadline_begin(&d, timeout);
    int e = read_header(s, out);
    gy_deadline_end(&d);
    return e;
}

int gy_stream_peer(const gy_stream *s, char out[GY_ADDRESS_MAX])
{
    if (!s->peer)
        return gy_peer_address(s->t->io.fd, out);
    memcpy(out, s->peer, strlen(s->peer) + 1);
    return 0;
}
