/* SPDX-License-Identifier: MIT */
/* connection.c - the requests of one connection, one after another. */

#include "http/connection.h"

#include <gyre/error.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "loop/state.h"

/* Move what is left to the front of the buffer, or get a larger one: a head may be as large as the
 * limit says. */
static int make_room(struct gy__work *w)
{
    size_t have = w->in_len - w->in_at;
    size_t most = w->conn->server->opts.max_head;
    if (w->in_at) {
        memmove(w->in, w->in + w->in_at, have);
        w->in_at = 0;
        w->in_len = have;
        return 0;
    }
    if (have < w->in_cap)
        return 0;
    if (have > most || w->in_grown)
        return GY_ETOOBIG;
    if (gy__in_grow(w))
        return GY_ENOMEM;
    return 0;
}

ssize_t gy__in_read(struct gy__work *w, int64_t deadline)
{
    struct gy__transport *t = w->conn->t;
    int e = w->in_len == w->in_cap || w->in_at == w->in_len ? make_room(w) : 0;
    if (e)
        return e;
    char *at = w->in + w->in_len;
    size_t room = w->in_cap - w->in_len;
    ssize_t n =
        deadline ? gy__transport_read(t, at, room, deadline) : gy__transport_try_read(t, at, room);
    if (n > 0)
        gy__in_add(w, (size_t)n);
    return n;
}

/* Most requests have few fields; for those that have many there is a larger array. */
static long parse(struct gy__work *w, const char **why)
{
    gy_http_server *s = w->conn->server;
    struct gy__limits_head lim = s->limits;
    gy_field *fields = w->fields_grown;
    char *data = w->in + w->in_at;
    size_t len = w->in_len - w->in_at;
    if (!fields && lim.max_fields > GY__FIELDS_INLINE) {
        lim.max_fields = GY__FIELDS_INLINE;
        long n = gy__parse_request(data, len, &lim, w->fields, &w->x.head, why);
        if (n != -431)
            return n;
        lim.max_fields = s->limits.max_fields;
        fields = w->fields_grown = gy__alloc(lim.max_fields * sizeof *fields);
        if (!fields) {
            *why = "out of memory";
            return -503;
        }
    }
    return gy__parse_request(data, len, &lim, fields ? fields : w->fields, &w->x.head, why);
}

enum read_result { HEAD, NOTHING_MORE, REFUSED, LOST };

static enum read_result refuse(struct gy__work *w, int status, const char *why)
{
    gy__refuse(w, status, why);
    return REFUSED;
}

/* Why no more of a head came. */
static enum read_result head_failed(struct gy__work *w, ssize_t got)
{
    switch (got) {
    case 0:
        return refuse(w, 400, "the connection ended within the head");
    case GY_ETIMEDOUT:
        return refuse(w, 408, "the head was not received in time");
    case GY_ETOOBIG:
        return refuse(w, 431, "request head too large");
    case GY_ENOMEM:
        return refuse(w, 503, "out of memory");
    default:
        return LOST;
    }
}

/* Nobody knows where the body of an HTTP/1.0 request without a length ends (RFC 1945 section 7.2.2). */
static bool lacks_length(const struct gy__work *w)
{
    const struct gy__head *h = &w->x.head;
    if (h->has_length || !gy__method_has_body(h->verb))
        return false;
    return h->minor == 0 || w->conn->server->opts.require_length;
}

/* Read a head to its end, if one has begun. */
static enum read_result read_head(struct gy__work *w)
{
    struct gy__head_reader reader = {0};
    int64_t deadline = 0; /* once a byte is there, the time of the head runs */
    const char *why = "malformed request";
    for (;;) {
        size_t have = w->in_len - w->in_at;
        if (have && gy__head_ready(&reader, w->in + w->in_at, have)) {
            long n = parse(w, &why);
            if (n < 0)
                return refuse(w, (int)-n, why);
            if (n > 0) {
                w->in_at += (size_t)n;
                return lacks_length(w) ? refuse(w, 411, "a body without Content-Length") : HEAD;
            }
        }
        if (have && !deadline)
            deadline = w->task.loop->now + w->conn->server->head_ns;
        if (!have && !(w->conn->t->io.ready & GY__IN))
            return NOTHING_MORE;
        ssize_t got = gy__in_read(w, deadline);
        if (!have && got == -EAGAIN)
            return NOTHING_MORE;
        if (!have && got <= 0)
            return LOST;
        if (got <= 0)
            return head_failed(w, got);
    }
}

static void begin_exchange(struct gy__work *w)
{
    struct gy_exchange *x = &w->x;
    gy_http_server *s = w->conn->server;
    x->headers = (gy_headers){
        .items = x->head.fields, .count = x->head.field_count, .capacity = x->head.field_count};
    x->conn = w->conn;
    x->began = w->task.began = w->task.loop->now;
    x->max_body = s->opts.max_body;
    x->body_timeout = s->opts.body_timeout;
    x->min_body_rate = s->opts.min_body_rate;
    x->sent = 0;
    x->status = 0;
    x->head_sent = x->finished = x->detached = x->detach_wait = false;
    x->remote_ip = x->protocol = NULL;
    x->trailers = (gy_headers){.arena = &x->arena};
    gy__body_begin(w);
    w->chunked_out = w->until_close = w->counted = false;
    w->broken = 0;
    if (!x->head.keep_alive || s->opts.no_keep_alive || s->draining)
        w->conn->close = true;
}

/* A handler that left no answer has failed, one that left half an answer has broken the message. A
 * client that has [gone] needs neither. */
static int settle(struct gy__work *w, int result, int gone)
{
    struct gy_exchange *x = &w->x;
    if (!x->head_sent) {
        if (gone)
            return gone;
        static const gy_str failed = GY_STR("500: Internal Server Error\n");
        static const gy_str no_memory = GY_STR("503: Service Unavailable\n");
        static const gy_field text = {GY_STR("Content-Type"), GY_STR("text/plain")};
        bool short_of = result == GY_ENOMEM;
        return gy__exchange_respond(x, short_of ? 503 : 500, NULL, &text, 1,
                                    short_of ? no_memory : failed);
    }
    if (!x->finished && result == 0)
        return gy_exchange_end(x, NULL);
    return x->finished ? 0 : GY_ECLOSED;
}

/* Run one request. 0 while the connection can go on. */
static int run_exchange(struct gy__work *w)
{
    struct gy_exchange *x = &w->x;
    gy_http_server *s = w->conn->server;
    begin_exchange(w);
    s->stats.requests++;
    w->in_handler = true;
    int result = s->fn(x, s->arg);
    gy__task_check_left(&w->task);
    w->task.name = "http"; /* the handler may have a better one */
    w->in_handler = false;
    int gone = w->task.cancel;
    gy__task_renew(&w->task);
    int e = x->detached ? GY_ECLOSED : settle(w, result, gone);
    if (!e && !w->body.done && !gy__body_drain(w))
        w->conn->close = true;
    if (!gy__arena_is_untouched(&x->arena))
        gy_arena_reset(&x->arena);
    return w->conn->cut ? GY_ECLOSED : e;
}

/* Anything behind a last answer, or still on its way, would make the kernel reset the connection
 * before the client has read it. */
static bool unread_input(const struct gy__work *w)
{
    return w->in_at < w->in_len || !w->body.done || (w->conn->t->io.ready & GY__IN);
}

/* Requests until there are no more for now. True when the connection stays. */
static bool serve_requests(struct gy__work *w)
{
    struct gy__conn *c = w->conn;
    for (;;) {
        enum read_result r = read_head(w);
        if (r == NOTHING_MORE) {
            if (gy__out_flush(w) || c->close)
                return false;
            /* What came while the output waited for a slow reader was told already. */
            if (c->t->io.ready & GY__IN)
                continue;
            return true;
        }
        if (r == LOST) {
            if (w->out_len)
                (void)gy__out_flush(w);
            return false;
        }
        if (r == REFUSED) {
            gy__linger(w);
            return false;
        }
        if (run_exchange(w)) {
            if (!c->cut) /* answers of requests before it */
                (void)gy__out_flush(w);
            return false;
        }
        c->served = true;
        if (c->close) {
            if (gy__out_flush(w) == 0 && unread_input(w))
                gy__linger(w);
            return false;
        }
    }
}

int gy__connection_serve(void *arg)
{
    struct gy__work *w = arg;
    struct gy__conn *c = w->conn;
    w->body.done = true;
    gy_arena_init(&w->x.arena, w->arena_first, sizeof w->arena_first);
    if ((!c->announced && gy__proxied_read(w)) || (!c->secured && gy__conn_secure(w)) ||
        !serve_requests(w))
        c->close = true;
    gy_stream_close(w->detached);
    return 0;
}
