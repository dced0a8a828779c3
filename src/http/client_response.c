/* SPDX-License-Identifier: MIT */
/* client_response.c - reading an answer: heads, and the body in whichever way it is framed. */

#include <gyre/error.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "codec/coding.h"
#include "http/chunked.h"
#include "http/client.h"
#include "loop/timer.h"
#include "loop/wait.h"
#include "net/stream.h"
#include "net/transport_tls.h"

enum { DROP_MOST = 64 * 1024, TURN = 256 * 1024 };

static size_t have(const struct gy__fetch *f)
{
    return f->peer->in_len - f->peer->in_at;
}

/* -- Heads --------------------------------------------------------------------------------------- */

static int64_t first_byte_until(const struct gy__fetch *f)
{
    if (f->got || !(f->o.first_byte_timeout > 0))
        return f->until;
    int64_t at = gy__deadline_in(f->times.sent, f->o.first_byte_timeout);
    return at < f->until ? at : f->until;
}

static int end_of_bytes(struct gy__fetch *f, ssize_t n)
{
    if (n == GY_ETOOBIG)
        return gy__fetch_fail(f, GY_ETOOBIG, "the head from %s is longer than %zu bytes",
                              f->url.authority.ptr, f->o.max_head);
    if (n == 0 || n == GY_ECLOSED)
        return gy__fetch_fail(f, GY_ECLOSED, "%s closed the connection %s", f->url.authority.ptr,
                              f->got ? "within an answer" : "without an answer");
    /* Only a stream gives that, and a peer of libcurl has none. */
    const char *refusal = n == GY_ETLS ? gy__transport_tls_refusal(f->peer->stream->t) : NULL;
    if (refusal)
        return gy__fetch_fail(f, GY_ETLS, "refused by %s: %s", f->url.authority.ptr, refusal);
    return gy__fetch_fail(f, (int)n, "%s did not answer: %s", f->url.authority.ptr,
                          gy_strerror((int)n));
}

static int read_more(struct gy__fetch *f, int64_t until)
{
    ssize_t n = gy__peer_read(f->peer, f->o.max_head, until);
    return n > 0 ? 0 : end_of_bytes(f, n);
}

static void note_first_byte(struct gy__fetch *f)
{
    f->got = have(f);
    f->times.first_byte = gy__clock_now();
}

/* A whole head, not yet taken out of the buffer: its length or a negative code. */
static long read_one(struct gy__fetch *f, int64_t until)
{
    struct gy__head_reader reader = {0};
    struct gy__limits_head lim = {.max_fields = GY__CLIENT_FIELDS};
    const char *why = "malformed";
    lim.max_head = lim.max_line = f->o.max_head - f->head_bytes;
    for (;;) {
        if (have(f) && !f->got)
            note_first_byte(f);
        if (have(f) && gy__head_ready(&reader, f->peer->in + f->peer->in_at, have(f))) {
            long n = gy__parse_response(f->peer->in + f->peer->in_at, have(f), &lim, f->fields,
                                        &f->head, &why);
            if (n > 0)
                return n;
            if (n < 0)
                return gy__fetch_fail(f, n == -431 || n == -414 ? GY_ETOOBIG : GY_EPROTO,
                                      "%s gives no proper answer: %s", f->url.authority.ptr, why);
        }
        int e = read_more(f, until < INT64_MAX ? until : first_byte_until(f));
        if (e)
            return e;
    }
}

static void move(gy_str *s, const char *from, const char *to)
{
    if (s->ptr)
        s->ptr = to + (s->ptr - from);
}

/* The head's bytes will be overwritten: what is given out lies in the arena. */
static int copy_head(struct gy__fetch *f, size_t len)
{
    const char *from = f->peer->in + f->peer->in_at;
    struct gy__head *h = &f->head;
    char *to = gy_alloc(f->arena, len + 1);
    gy_field *fields = gy_alloc(f->arena, (h->field_count + 1) * sizeof *fields);
    if (!to || !fields)
        return GY_ENOMEM;
    memcpy(to, from, len);
    for (size_t i = 0; i < h->field_count; i++) {
        fields[i] = f->fields[i];
        move(&fields[i].name, from, to);
        move(&fields[i].value, from, to);
    }
    f->out->status = h->status;
    f->out->version = 10 + h->minor;
    f->out->reason = h->reason;
    move(&f->out->reason, from, to);
    f->out->headers = (gy_headers){
        .items = fields, .count = h->field_count, .capacity = h->field_count, .arena = f->arena};
    return 0;
}

/* Those the jar refuses are the server's mistake, and no failure of the fetch. */
static int keep_cookies(struct gy__fetch *f)
{
    const gy_headers *h = &f->out->headers;
    if (!f->o.cookies || !gy_headers_has(h, "Set-Cookie"))
        return 0;
    gy_str url = gy__url_text(f->arena, &f->url);
    for (const gy_field *c = NULL; url.ptr && (c = gy_headers_next(h, "Set-Cookie", c));)
        if (gy_cookie_jar_set(f->o.cookies, url.ptr, c->value.ptr) == GY_ENOMEM)
            return GY_ENOMEM;
    return url.ptr ? 0 : GY_ENOMEM;
}

static int show_head(struct gy__fetch *f, const gy_headers *headers)
{
    int e = f->o.on_head ? f->o.on_head(f->o.head_arg, f->head.status, headers) : 0;
    f->refused = e < 0;
    return e < 0 ? gy__fetch_fail(f, e, "the head was refused") : 0;
}

static int take_interim(struct gy__fetch *f)
{
    gy_headers headers = {.items = f->fields, .count = f->head.field_count};
    if (f->head.status == 101)
        return gy__fetch_fail(f, GY_EPROTO, "%s changes to another protocol unasked",
                              f->url.authority.ptr);
    return show_head(f, &headers);
}

int gy__fetch_next_head(struct gy__fetch *f, int64_t until)
{
    long n = read_one(f, until);
    if (n < 0)
        return (int)n;
    bool more = f->head.status < 200;
    int e = more ? take_interim(f) : copy_head(f, (size_t)n);
    f->peer->in_at += (size_t)n;
    f->head_bytes += (size_t)n;
    if (!e && !more)
        e = keep_cookies(f);
    if (!e && !more)
        e = show_head(f, &f->out->headers);
    return e;
}

int gy__fetch_read_head(struct gy__fetch *f, bool interim)
{
    int64_t until = INT64_MAX;
    if (interim)
        until = f->times.sent + GY__NS_PER_S < f->until ? f->times.sent + GY__NS_PER_S : f->until;
    for (;;) {
        int e = gy__fetch_next_head(f, until);
        if (e || f->head.status >= 200 || (interim && f->head.status == 100))
            return e;
    }
}

/* -- Bodies -------------------------------------------------------------------------------------- */

static void free_buf(void *buf)
{
    gy__buf_done(buf);
}

static int collect(struct gy__fetch *f, const char *data, size_t len)
{
    if (!f->collected) {
        struct gy__buf *b = gy_alloc(f->arena, sizeof *b);
        if (!b)
            return GY_ENOMEM;
        gy__buf_init(b, SIZE_MAX / 2);
        if (gy_defer(f->arena, free_buf, b))
            return GY_ENOMEM;
        f->collected = b;
    }
    int e = gy__buf_add(f->collected, data, len);
    f->out->body = gy__buf_str(f->collected);
    return e;
}

static int too_big(struct gy__fetch *f)
{
    return gy__fetch_fail(f, GY_ETOOBIG, "the body from %s is longer than %zu bytes",
                          f->url.authority.ptr, f->o.max_body);
}

/* A part of the body, as it is given. */
static int give(struct gy__fetch *f, const char *data, size_t len)
{
    if (!f->o.write_body)
        return collect(f, data, len);
    int e = f->o.write_body(f->o.write_arg, data, len);
    return e < 0 ? gy__fetch_fail(f, e, "the body was refused") : 0;
}

static int cannot_decode(struct gy__fetch *f, int e)
{
    if (e == GY_ETOOBIG)
        return too_big(f);
    return gy__fetch_fail(f, e, "the body from %s cannot be decompressed: %s", f->url.authority.ptr,
                          gy_strerror(e));
}

/* Few bytes that came may be very many now. */
static int take_turns(struct gy__fetch *f, size_t len)
{
    f->burst += len;
    if (f->burst < TURN)
        return 0;
    f->burst = 0;
    return gy__park_polled();
}

static int decode(struct gy__fetch *f, gy_str in)
{
    char out[16 * 1024];
    ssize_t n;
    while ((n = gy__decode(f->decoder, &in, out, sizeof out)) > 0) {
        int e = give(f, out, (size_t)n);
        if (!e)
            e = take_turns(f, (size_t)n);
        if (e)
            return e;
    }
    return n < 0 ? cannot_decode(f, (int)n) : 0;
}

int gy__fetch_deliver(struct gy__fetch *f, const char *data, size_t len)
{
    f->body_got += len;
    if (f->drop_body)
        return 0;
    if (f->body_got > f->o.max_body)
        return too_big(f);
    return f->decoder ? decode(f, gy_str_n(data, len)) : give(f, data, len);
}

static int read_body_bytes(struct gy__fetch *f, uint64_t whole)
{
    ssize_t n = gy__peer_read(f->peer, f->o.max_head, f->until);
    if (n > 0)
        return 0;
    if (n == 0 || n == GY_ECLOSED)
        return whole ? gy__fetch_fail(f, GY_ECLOSED,
                                      "%s closed the connection after %llu of %llu bytes",
                                      f->url.authority.ptr, (unsigned long long)f->body_got,
                                      (unsigned long long)whole)
                     : gy__fetch_fail(f, GY_ECLOSED, "%s closed the connection within the body",
                                      f->url.authority.ptr);
    return gy__fetch_fail(f, (int)n, "the body from %s did not come: %s", f->url.authority.ptr,
                          gy_strerror((int)n));
}

static int read_length(struct gy__fetch *f, uint64_t length)
{
    struct gy__peer *p = f->peer;
    for (uint64_t left = length; left;) {
        int e = have(f) ? 0 : read_body_bytes(f, length);
        if (e)
            return e;
        size_t n = have(f) < left ? have(f) : (size_t)left;
        e = gy__fetch_deliver(f, p->in + p->in_at, n);
        if (e)
            return e;
        p->in_at += n;
        left -= n;
    }
    return 0;
}

static int chunk_failed(struct gy__fetch *f, int status, const char *reason)
{
    int code = status == 503 ? GY_ENOMEM : status == 400 ? GY_EPROTO : GY_ETOOBIG;
    return gy__fetch_fail(f, code, "the body from %s is malformed: %s", f->url.authority.ptr,
                          reason ? reason : "out of memory");
}

static int read_chunked(struct gy__fetch *f)
{
    struct gy__peer *p = f->peer;
    struct gy__chunked c;
    gy_headers trailers = {.arena = f->arena};
    gy__chunked_init(&c, &trailers, 0);
    for (;;) {
        size_t used = 0;
        gy_str data = {NULL, 0};
        int e = have(f) ? 0 : read_body_bytes(f, 0);
        if (e)
            return e;
        int event = gy__chunked_step(&c, p->in + p->in_at, have(f), &used, &data);
        if (event < 0)
            return chunk_failed(f, -event, c.reason);
        p->in_at += used;
        /* A chunk that says it is too large is not waited for. */
        if (!f->drop_body && f->body_got + data.len + c.left > f->o.max_body)
            return too_big(f);
        if (event == GY__CHUNKED_END)
            return 0;
        e = event == GY__CHUNKED_DATA ? gy__fetch_deliver(f, data.ptr, data.len) : 0;
        if (e)
            return e;
        if (f->drop_body && f->body_got > DROP_MOST) {
            f->last = true;
            return 0;
        }
    }
}

static int read_to_close(struct gy__fetch *f)
{
    struct gy__peer *p = f->peer;
    for (;;) {
        int e = have(f) ? gy__fetch_deliver(f, p->in + p->in_at, have(f)) : 0;
        if (e)
            return e;
        p->in_at = p->in_len;
        ssize_t n = gy__peer_read(p, f->o.max_head, f->until);
        if (n == 0)
            return 0;
        if (n < 0)
            return gy__fetch_fail(f, (int)n, "the body from %s broke off: %s", f->url.authority.ptr,
                                  gy_strerror((int)n));
    }
}

static int read_framed(struct gy__fetch *f, struct gy__body b)
{
    switch (b.kind) {
    case GY__BODY_LENGTH:
        return read_length(f, b.length);
    case GY__BODY_CHUNKED:
        return read_chunked(f);
    case GY__BODY_CLOSE:
        return read_to_close(f);
    default:
        return 0;
    }
}

/* Whichever coding it was that the caller asked for: who wants it undone nowhere says no_decompress. */
int gy__fetch_begin_body(struct gy__fetch *f, struct gy__body b)
{
    if (f->drop_body || b.kind == GY__BODY_NONE)
        return 0;
    if (b.kind == GY__BODY_LENGTH && b.length > f->o.max_body)
        return too_big(f);
    if (f->o.no_decompress)
        return 0;
    gy_str coding = gy_headers_all(f->arena, &f->out->headers, "Content-Encoding");
    int e = coding.len ? gy__decoder_new(coding, f->o.max_body, &f->decoder) : 0;
    return e ? cannot_decode(f, e) : 0;
}

int gy__fetch_end_body(struct gy__fetch *f, int e)
{
    if (!e && f->decoder && (e = gy__decoder_finish(f->decoder)))
        e = cannot_decode(f, e);
    gy__decoder_free(f->decoder);
    f->decoder = NULL;
    return e;
}

bool gy__fetch_wants_body(struct gy__fetch *f, struct gy__body b)
{
    /* A 204 has no body; a server that announces one may well send it. */
    bool doubtful = f->head.status == 204 && (f->head.chunked || f->head.length);
    if (doubtful || b.kind == GY__BODY_CLOSE || (f->drop_body && b.length > DROP_MOST))
        f->last = true;
    return !f->drop_body || !f->last;
}

int gy__fetch_read_body(struct gy__fetch *f)
{
    struct gy__body b = gy__body_of_response(&f->head, f->verb);
    if (!gy__fetch_wants_body(f, b))
        return 0;
    int e = gy__fetch_begin_body(f, b);
    if (!e)
        e = read_framed(f, b);
    return gy__fetch_end_body(f, e);
}
