/* SPDX-License-Identifier: MIT */
/* client_request.c - writing a request: its head, and the body behind it. */

#include <gyre/error.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "codec/coding.h"
#include "http/chunked.h"
#include "http/client.h"
#include "http/message.h"

enum { PIECE = 64 * 1024 };

/* -- The head ------------------------------------------------------------------------------------ */

static bool is(const gy_field *h, const char *name)
{
    return gy_str_ieq(h->name, gy_str_of(name));
}

/* What was meant for the first server only, and what belonged to a body that is no longer sent. */
static bool stays_back(const struct gy__fetch *f, const gy_field *h)
{
    /* No server's business. A proxy that only passes bytes on has been told when the tunnel was made. */
    if (is(h, "Proxy-Authorization"))
        return !gy__fetch_is_forwarded(f);
    if (f->foreign && (is(h, "Authorization") || is(h, "Cookie") || is(h, "Host")))
        return true;
    return f->out->redirects && !f->with_body && h->name.len > 8 &&
           gy_str_ieq(gy_str_n(h->name.ptr, 8), gy_str_n("Content-", 8));
}

bool gy__fetch_has_header(const struct gy__fetch *f, const char *name)
{
    for (const gy_field *h = f->o.headers; h && h->name.len; h++)
        if (is(h, name) && !stays_back(f, h))
            return true;
    return false;
}

int gy__fetch_put_field(struct gy__fetch *f, const char *name, gy_str value)
{
    struct gy__buf *b = &f->peer->out;
    size_t len = strlen(name);
    int e = gy__buf_need(b, len + value.len + 4);
    if (e)
        return e;
    char *end = gy__put_field(b->data + b->len, gy_str_n(name, len), value);
    b->len = (size_t)(end - b->data);
    return 0;
}

static int put_default(struct gy__fetch *f, const char *name, const char *value)
{
    return value && *value && !gy__fetch_has_header(f, name)
               ? gy__fetch_put_field(f, name, gy_str_of(value))
               : 0;
}

static int put_headers(struct gy__fetch *f)
{
    struct gy__buf *b = &f->peer->out;
    for (const gy_field *h = f->o.headers; h && h->name.len; h++) {
        if (stays_back(f, h))
            continue;
        int e = gy__buf_need(b, gy__field_size(h));
        if (e)
            return e;
        b->len = (size_t)(gy__put_field(b->data + b->len, h->name, h->value) - b->data);
    }
    return 0;
}

/* A body of no bytes need not be waited with (RFC 9110 10.1.1). */
static bool expects_word(const struct gy__fetch *f)
{
    return f->with_body && f->o.expect_continue && !f->probe && (f->o.read_body || f->body.len);
}

static int put_framing(struct gy__fetch *f)
{
    char digits[GY__UINT_MAX_LEN];
    bool streamed = f->with_body && f->o.read_body && !f->probe;
    uint64_t length = streamed ? (uint64_t)f->o.body_length : f->body.len;
    int e = 0;
    if (f->with_body)
        e = put_default(f, "Content-Type", f->body_type);
    if (!e && expects_word(f))
        e = gy__fetch_put_field(f, "Expect", gy_str_of("100-continue"));
    if (e || (!f->with_body && !gy__method_has_body(f->verb)))
        return e;
    if (streamed && !f->o.body_length)
        return gy__fetch_put_field(f, "Transfer-Encoding", gy_str_of("chunked"));
    char *end = gy__put_uint(digits, f->with_body ? length : 0);
    return gy__fetch_put_field(f, "Content-Length", gy_str_n(digits, (size_t)(end - digits)));
}

static int put_condition(struct gy__fetch *f)
{
    char date[30];
    if (!f->o.if_modified_since)
        return 0;
    return put_default(f, "If-Modified-Since", gy__clock_date(f->o.if_modified_since, date));
}

static int put_cookies(struct gy__fetch *f)
{
    if (!f->o.cookies || gy__fetch_has_header(f, "Cookie"))
        return 0;
    gy_str url = gy__url_text(f->arena, &f->url);
    gy_str cookies = {NULL, 0};
    if (!url.ptr)
        return GY_ENOMEM;
    cookies = gy_cookie_jar_get(f->arena, f->o.cookies, url.ptr);
    if (!cookies.ptr)
        return GY_ENOMEM;
    return cookies.len ? gy__fetch_put_field(f, "Cookie", cookies) : 0;
}

static int put_line(struct gy__fetch *f)
{
    struct gy__buf *b = &f->peer->out;
    bool whole = gy__fetch_is_forwarded(f);
    size_t origin = whole ? f->url.authority.len + sizeof "http://" : 0;
    int e = gy__buf_need(b, f->method.len + origin + f->url.target.len + sizeof "  HTTP/1.1\r\n");
    if (e)
        return e;
    char *at = gy__put_str(b->data + b->len, f->method);
    *at++ = ' ';
    if (whole)
        at = gy__put_str(gy__put_lit(at, "http://"), f->url.authority);
    at = gy__put_str(at, f->url.target);
    at = gy__put_lit(at, " HTTP/1.1\r\n");
    b->len = (size_t)(at - b->data);
    return 0;
}

int gy__fetch_put_head(struct gy__fetch *f)
{
    gy__buf_cut(&f->peer->out, 0);
    int e = put_line(f);
    if (!e)
        e = put_default(f, "Host", f->url.authority.ptr);
    if (!e)
        e = put_default(f, "User-Agent", f->o.user_agent);
    if (!e && !f->o.no_decompress)
        e = put_default(f, "Accept-Encoding", gy__coding_accepted());
    if (!e)
        e = gy__fetch_put_credentials(f);
    if (!e && gy__fetch_is_forwarded(f))
        e = gy__proxy_put_credentials(f);
    if (!e)
        e = put_cookies(f);
    if (!e)
        e = put_condition(f);
    if (!e)
        e = put_headers(f);
    if (!e)
        e = put_framing(f);
    return e ? e : gy__buf_add(&f->peer->out, "\r\n", 2);
}

/* -- The body ------------------------------------------------------------------------------------ */

static int write_all(struct gy__fetch *f, const struct iovec *iov, int count)
{
    return gy__peer_write(f->peer, iov, count, f->until, &f->sent);
}

/* One piece into [room], coded: where it begins and its length in [out]. Gives what the reader gave; 0 when
 * the server has [answered]. */
static ssize_t read_piece(struct gy__fetch *f, char *room, uint64_t left, struct iovec *out,
                          bool *answered)
{
    bool chunked = !f->o.body_length;
    size_t most = chunked || left > PIECE ? PIECE : (size_t)left;
    ssize_t n = gy__fetch_call_reader(f, room + GY__CHUNK_HEAD_MAX, most, answered);
    *out = (struct iovec){room + GY__CHUNK_HEAD_MAX, n > 0 ? (size_t)n : 0};
    if (n <= 0 || !chunked || n > PIECE)
        return n;
    char head[GY__CHUNK_HEAD_MAX];
    size_t len = (size_t)(gy__put_chunk_head(head, (uint64_t)n) - head);
    char *at = room + GY__CHUNK_HEAD_MAX - len;
    memcpy(at, head, len);
    memcpy(room + GY__CHUNK_HEAD_MAX + n, "\r\n", 2);
    *out = (struct iovec){at, len + (size_t)n + 2};
    return n;
}

static int send_pieces(struct gy__fetch *f, char *room)
{
    static const struct iovec end = {(void *)(uintptr_t)GY__CHUNK_LAST, sizeof GY__CHUNK_LAST - 1};
    uint64_t left = (uint64_t)f->o.body_length;
    f->body_begun = true;
    gy__form_rewind(f->form);
    do {
        struct iovec piece;
        bool answered;
        ssize_t n = read_piece(f, room, left, &piece, &answered);
        if (answered)
            return 1;
        if (n < 0)
            return gy__fetch_fail(f, (int)n, "the body to send was given up");
        if (n > PIECE || (left && (uint64_t)n > left))
            return gy__fetch_fail(f, GY_EINVAL, "the body to send is longer than was said");
        if (n == 0 && left)
            return gy__fetch_fail(f, GY_EINVAL, "the body to send is shorter than was said");
        if (n == 0)
            return write_all(f, &end, 1);
        int e = write_all(f, &piece, 1);
        if (e)
            return e;
        left -= f->o.body_length ? (uint64_t)n : 0;
    } while (left || !f->o.body_length);
    return 0;
}

static int send_streamed(struct gy__fetch *f)
{
    char *room = gy__alloc(GY__CHUNK_HEAD_MAX + PIECE + 2);
    if (!room)
        return GY_ENOMEM;
    int e = send_pieces(f, room);
    gy__free(room);
    return e;
}

/* Ask first; a server that says nothing for a second gets the body all the same (RFC 9110 10.1.1). 1 when
 * it has answered already. */
static int ask_to_continue(struct gy__fetch *f)
{
    f->times.sent = gy__clock_now();
    int e = gy__fetch_read_head(f, true);
    bool ours = e == GY_ETIMEDOUT && !f->refused && gy__clock_now() < f->until;
    if (ours) {
        f->out->why[0] = 0;
        f->head.status = 0; /* of one that is not whole yet */
        return 0;
    }
    return e ? e : f->head.status != 100;
}

static int send_rest(struct gy__fetch *f)
{
    struct iovec body = {(void *)(uintptr_t)f->body.ptr, f->body.len};
    return f->o.read_body ? send_streamed(f) : write_all(f, &body, 1);
}

bool gy__fetch_is_repeatable(const struct gy__fetch *f)
{
    return !f->with_body || !f->o.read_body || f->form || !f->body_begun;
}

int gy__fetch_send(struct gy__fetch *f)
{
    struct gy__buf *b = &f->peer->out;
    struct iovec iov[2] = {{b->data, b->len},
                           {(void *)(uintptr_t)f->body.ptr, f->with_body ? f->body.len : 0}};
    bool held_back = expects_word(f);
    bool apart = held_back || (f->with_body && f->o.read_body && !f->probe);
    int e = write_all(f, iov, apart ? 1 : 2);
    if (!e && held_back)
        e = ask_to_continue(f);
    if (!e && apart)
        e = send_rest(f);
    f->request_over = e == 0;
    f->times.sent = gy__clock_now();
    if (e < 0)
        return gy__fetch_fail(f, e, "the request to %s could not be sent: %s", f->url.authority.ptr,
                              gy_strerror(e));
    return 0;
}
