/* SPDX-License-Identifier: MIT */
/* proxied.c - a connection that begins with what a proxy says about it. */

#include "net/proxied.h"

#include <gyre/error.h>
#include <gyre/log.h>

#include "base/alloc.h"
#include "http/connection.h"
#include "loop/state.h"

/* Who it says the client is; a proxy that speaks for itself is what the socket says. */
static void believe(struct gy__conn *c, const struct gy__proxied *said)
{
    struct gy__addr a;
    if (said->family == GY__PROXIED_LOCAL)
        return;
    gy__addr_of_proxied(said->family, &said->source, &a);
    c->from = (struct sockaddr_in6){.sin6_family = a.any.sa_family};
    if (said->family != GY__PROXIED_UNIX)
        c->from = a.ip6;
    gy__free(c->peer);
    c->peer = NULL;
}

static int refuse(struct gy__conn *c, const char *why)
{
    char text[GY_ADDRESS_MAX];
    struct gy__addr a = {.ip6 = c->from, .len = sizeof c->from};
    gy__addr_host(&a, text);
    c->server->stats.not_proxied++;
    gy_log(GY_LOG_GENERAL, GY_LOG_WARNING, "a connection from %s was closed: %s", text, why);
    return GY_EPROTO;
}

int gy__proxied_read(struct gy__work *w)
{
    struct gy__conn *c = w->conn;
    struct gy__proxied said;
    int64_t deadline = w->task.loop->now + c->server->head_ns;
    if (!gy__peer_is_trusted(c))
        return refuse(c, "it is no trusted proxy");
    for (;;) {
        size_t have = w->in_len - w->in_at;
        long n = have ? gy__proxied_parse(w->in + w->in_at, have, &said) : 0;
        if (n < 0)
            return refuse(c, "it did not begin with a PROXY header");
        if (n > 0) {
            w->in_at += (size_t)n;
            believe(c, &said);
            c->announced = true;
            return 0;
        }
        ssize_t got = gy__in_read(w, deadline);
        if (got == GY_ETIMEDOUT)
            return refuse(c, "its PROXY header did not come in time");
        if (got <= 0)
            return got < 0 ? (int)got : GY_EOF;
    }
}
