/* SPDX-License-Identifier: MIT */
/* request_body.c - the body of a request, buffered or read piece by piece. */

#include <gyre/error.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "http/connection.h"
#include "loop/state.h"

enum { ROOM = 4096, RATE_AFTER = 5 /* seconds */ };
#define CONTINUE "HTTP/1.1 100 Continue\r\n\r\n"

static void shift(gy_str *s, const char *low, const char *high, ptrdiff_t by)
{
    if (s->ptr >= low && s->ptr < high)
        s->ptr += by;
}

/* The buffer's bytes have moved: the views of the head follow them. */
static void shift_head(struct gy__work *w, const char *low, const char *high, ptrdiff_t by)
{
    struct gy__head *h = &w->x.head;
    gy_str *views[] = {&h->method, &h->path, &h->query, &h->scheme, &h->authority, &h->host};
    for (size_t i = 0; i < sizeof views / sizeof views[0]; i++)
        shift(views[i], low, high, by);
    for (size_t i = 0; i < h->field_count; i++) {
        shift(&h->fields[i].name, low, high, by);
        shift(&h->fields[i].value, low, high, by);
    }
}

/* The head stays where it is while the body passes behind it: see that there is room for it. */
static int make_room(struct gy__work *w)
{
    if (w->in_cap - w->in_at >= ROOM)
        return 0;
    const char *before = w->in;
    const char *end = w->in + w->in_len;
    int e = gy__in_grow(w);
    if (e)
        return e;
    if (w->in != before) {
        shift_head(w, before, end, w->in - before);
    }
    if (w->in_cap - w->in_at >= ROOM)
        return 0;
    /* Requests before this one filled the buffer: the bytes from this head on move to its front. */
    size_t from = (size_t)(w->x.head.method.ptr - w->in);
    shift_head(w, w->in, w->in + w->in_len, -(ptrdiff_t)from);
    memmove(w->in, w->in + from, w->in_len - from);
    w->in_at -= from;
    w->in_len -= from;
    return 0;
}

void gy__body_begin(struct gy__work *w)
{
    struct gy__body_in *b = &w->body;
    b->framing = gy__body_of_request(&w->x.head);
    b->done = b->framing.kind == GY__BODY_NONE;
    if (b->done)
        return;
    b->left = b->framing.length;
    b->taken = 0;
    b->began = 0;
    b->status = b->error = 0;
    b->continue_due = w->x.head.expect_continue;
    if (make_room(w)) {
        b->error = GY_ENOMEM;
        b->status = 503;
    }
    w->body_base = w->in_at;
    if (b->framing.kind == GY__BODY_CHUNKED)
        gy__chunked_init(&b->chunked, &w->x.trailers, 0);
}

static ssize_t fail(struct gy__work *w, int code, int status)
{
    if (!w->body.error && code != GY_ECLOSED && status != 500)
        gy__refuse_count(w->conn->server, status);
    w->body.error = code;
    w->body.status = status;
    w->conn->close = true;
    return code;
}

/* Tell a client that waits for it to send the body. */
static int ask_for_it(struct gy__work *w)
{
    if (!w->body.continue_due)
        return 0;
    w->body.continue_due = false;
    if (w->x.head_sent || w->in_at < w->in_len)
        return 0;
    int e = gy__out_need(w, sizeof CONTINUE - 1);
    if (e)
        return e;
    memcpy(w->out + w->out_len, CONTINUE, sizeof CONTINUE - 1);
    w->out_len += sizeof CONTINUE - 1;
    return gy__out_flush(w);
}

/* The next wait may last until here. 0 when the client is too slow already. */
static int64_t deadline(struct gy__work *w)
{
    gy_http_server *s = w->conn->server;
    int64_t now = gy__clock_now();
    int64_t at = s->stall_ns > INT64_MAX - now ? INT64_MAX : now + s->stall_ns;
    int64_t whole = gy__deadline_in(w->body.began, w->x.body_timeout);
    size_t rate = w->x.min_body_rate;
    double lasted = (double)(now - w->body.began) / 1e9;
    if (rate && lasted > RATE_AFTER && (double)w->body.taken < (double)rate * lasted)
        return 0;
    return whole < at ? whole : at;
}

/* Bytes from the connection into [buf]. */
static ssize_t receive(struct gy__work *w, void *buf, size_t size)
{
    int e = ask_for_it(w);
    if (e)
        return fail(w, e, 500);
    if (!w->body.began)
        w->body.began = gy__clock_now();
    int64_t until = deadline(w);
    ssize_t n = until ? gy__transport_read(w->conn->t, buf, size, until) : GY_ETIMEDOUT;
    if (n > 0)
        return n;
    if (n == 0)
        return fail(w, GY_ECLOSED, 400);
    if (n == GY_ETIMEDOUT && !gy__task_refusal(&w->task)) /* not a deadline of the handler's */
        return fail(w, GY_ETIMEDOUT, 408);
    return n == GY_ETIMEDOUT || n == GY_ECANCELED ? n : fail(w, (int)n, 400);
}

static ssize_t read_length(struct gy__work *w, void *buf, size_t size)
{
    size_t have = w->in_len - w->in_at;
    ssize_t n;
    if (size > w->body.left)
        size = (size_t)w->body.left;
    if (have) {
        n = (ssize_t)(have < size ? have : size);
        memcpy(buf, w->in + w->in_at, (size_t)n);
        w->in_at += (size_t)n;
    } else {
        n = receive(w, buf, size);
    }
    if (n > 0) {
        w->body.left -= (uint64_t)n;
        w->body.taken += (uint64_t)n;
        w->body.done = w->body.left == 0;
    }
    return n;
}

/* More of the coded bytes, behind the head. */
static int refill(struct gy__work *w)
{
    if (w->in_at < w->in_len)
        return 0;
    w->in_at = w->in_len = w->body_base;
    ssize_t n = receive(w, w->in + w->in_len, w->in_cap - w->in_len);
    if (n > 0)
        gy__in_add(w, (size_t)n);
    return n < 0 ? (int)n : 0;
}

static int chunk_code(int status)
{
    return status == 503 ? GY_ENOMEM : status == 400 ? GY_EPROTO : GY_ETOOBIG;
}

static ssize_t read_chunked(struct gy__work *w, void *buf, size_t size)
{
    struct gy__body_in *b = &w->body;
    for (;;) {
        int e = refill(w);
        if (e)
            return e;
        size_t used = 0;
        size_t have = w->in_len - w->in_at;
        gy_str data = {NULL, 0};
        /* Given no more than fits in [buf], the decoder gives no more either. */
        int event = gy__chunked_step(&b->chunked, w->in + w->in_at, have < size ? have : size,
                                     &used, &data);
        if (event < 0)
            return fail(w, chunk_code(-event), -event);
        w->in_at += used;
        /* A chunk that says it is too large is not waited for. */
        if (b->taken + data.len + b->chunked.left > w->x.max_body)
            return fail(w, GY_ETOOBIG, 413);
        if (event == GY__CHUNKED_END) {
            b->done = true;
            return 0;
        }
        if (event != GY__CHUNKED_DATA)
            continue;
        b->taken += data.len;
        memcpy(buf, data.ptr, data.len);
        return (ssize_t)data.len;
    }
}

ssize_t gy_exchange_read(gy_exchange *x, void *buf, size_t size)
{
    struct gy__work *w = gy_of(x, struct gy__work, x);
    struct gy__body_in *b = &w->body;
    if (b->done || size == 0)
        return 0;
    if (b->error)
        return b->error;
    if (b->framing.kind == GY__BODY_CHUNKED)
        return read_chunked(w, buf, size);
    if (b->framing.length > x->max_body)
        return fail(w, GY_ETOOBIG, 413);
    return read_length(w, buf, size);
}

int gy__exchange_body_status(int code)
{
    switch (code) {
    case GY_ETOOBIG:
        return 413;
    case GY_ETIMEDOUT:
        return 408;
    case GY_EPROTO:
        return 400;
    case GY_ENOMEM:
        return 503;
    default:
        return 500;
    }
}

/* All of it is in the buffer: a view will do, unless the next request follows at once. */
static bool body_in_place(struct gy__work *w, gy_str *out)
{
    struct gy__body_in *b = &w->body;
    size_t have = w->in_len - w->in_at;
    if (b->error || b->framing.kind != GY__BODY_LENGTH || b->taken || have != b->left ||
        b->left > w->x.max_body)
        return false;
    *out = gy_str_n(w->in + w->in_at, have);
    w->in[w->in_len] = '\0';
    w->in_at = w->in_len;
    b->taken = b->left;
    b->left = 0;
    b->done = true;
    return true;
}

static void free_buf(void *p)
{
    gy__buf_done(p);
}

/* Grown as the bytes come, not as the client says they will. */
static ssize_t collect(struct gy__work *w, struct gy__buf *all)
{
    enum { FIRST = 4096 };
    ssize_t n;
    do {
        size_t want = all->cap - all->len;
        if (want < FIRST / 4 && gy__buf_need(all, FIRST))
            return fail(w, GY_ENOMEM, 503);
        n = gy_exchange_read(&w->x, all->data + all->len, all->cap - all->len);
        if (n > 0)
            all->len += (size_t)n;
    } while (n > 0 || (n == 0 && !w->body.done));
    return n;
}

int gy__exchange_body(gy_exchange *x, gy_str *out)
{
    struct gy__work *w = gy_of(x, struct gy__work, x);
    *out = gy_str_n("", 0);
    if (w->body.done || body_in_place(w, out))
        return 0;
    struct gy__buf *all = gy_alloc(&x->arena, sizeof *all);
    if (!all)
        return 503;
    gy__buf_init(all, SIZE_MAX / 2);
    if (gy_defer(&x->arena, free_buf, all))
        return 503;
    ssize_t n = collect(w, all);
    if (n < 0)
        return w->body.status ? w->body.status : (int)n;
    if (all->data)
        all->data[all->len] = '\0';
    *out = gy__buf_str(all);
    return 0;
}

bool gy__body_drainable(const struct gy__work *w)
{
    const struct gy__body_in *b = &w->body;
    return b->done || (!b->error && !b->continue_due && b->framing.kind == GY__BODY_LENGTH &&
                       b->left <= w->conn->server->opts.drain);
}

bool gy__body_drain(struct gy__work *w)
{
    char sink[2048];
    if (w->conn->close || !gy__body_drainable(w))
        return false;
    w->x.max_body = UINT64_MAX;
    while (!w->body.done && gy_exchange_read(&w->x, sink, sizeof sink) > 0)
        ;
    return w->body.done;
}
