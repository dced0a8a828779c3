/* SPDX-License-Identifier: MIT */
/* refuse.c - requests that cannot be served, and connections that must end well. */

#include <gyre/error.h>
#include <gyre/log.h>
#include <stdio.h>

#include "http/connection.h"
#include "http/message.h"
#include "loop/state.h"

/* How long, and how much, a client that is still sending is listened to. */
#define LINGER_NS ((int64_t)5000000000)
#define LINGER_QUIET_NS ((int64_t)2000000000)
enum { LINGER_BYTES = 64 * 1024 * 1024 };

void gy__refuse_count(gy_http_server *s, int status)
{
    s->stats.bad_requests++;
    if (status == 408)
        s->stats.timeouts++;
    else if (status == 413 || status == 414 || status == 431)
        s->stats.too_large++;
    else if (status != 503)
        s->stats.bad_syntax++;
}

void gy__refuse(struct gy__work *w, int status, const char *reason)
{
    gy_http_server *s = w->conn->server;
    struct gy_exchange *x = &w->x;
    char page[256];
    /* There is no request: what a response would look at of it must be plain. */
    x->head = (struct gy__head){.verb = GY_METHOD_OTHER, .minor = 1};
    x->headers = (gy_headers){.items = NULL};
    x->conn = w->conn;
    x->head_sent = x->finished = false;
    x->remote_ip = x->protocol = NULL;
    w->body.done = true;
    w->conn->close = true;
    gy__refuse_count(s, status);
    gy_log(GY_LOG_GENERAL, GY_LOG_INFO, "%d refused a request from %s: %s", status,
           gy__exchange_remote_ip(x), reason);
    int n = snprintf(page, sizeof page, "<html><title>%d: %s</title><body>%d: %s</body></html>",
                     status, gy_status_reason(status), status, gy_status_reason(status));
    (void)gy__exchange_respond(x, status, NULL, &gy__html_type, 1, gy_str_n(page, (size_t)n));
    gy_arena_reset(&x->arena);
}

void gy__linger(struct gy__work *w)
{
    struct gy__transport *t = w->conn->t;
    char sink[4096];
    size_t taken = 0;
    if (gy__out_flush(w) || t->ops->shutdown(t))
        return;
    int64_t end = t->loop->now + LINGER_NS;
    while (taken < LINGER_BYTES && t->loop->now < end && !w->conn->server->draining) {
        int64_t quiet = t->loop->now + LINGER_QUIET_NS;
        ssize_t n = gy__transport_read(t, sink, sizeof sink, quiet < end ? quiet : end);
        if (n <= 0)
            return;
        taken += (size_t)n;
    }
}
