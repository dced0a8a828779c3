/* SPDX-License-Identifier: MIT */
/* respond.c - responses: the head, and bodies whole or in pieces. */

#include <gyre/error.h>
#include <gyre/version.h>

#include "base/clock.h"
#include "http/connection.h"
#include "http/message.h"
#include "loop/state.h"

/* A body up to this size is copied behind its head; a larger one is sent from where it lies. */
enum { COPY_MOST = 16 * 1024, HEAD_REST = 160 };

/* How most heads begin; it stands in the prefix before what all heads have. */
#define OK_LINE "HTTP/1.1 200 OK\r\n"
enum { OK_LEN = sizeof OK_LINE - 1 };

/* "HTTP/1.1 200 OK\r\nServer: ...\r\nDate: ...\r\n" */
static void renew_prefix(gy_http_server *s)
{
    char date[30];
    int64_t wall = gy__clock_wall_ns();
    const char *name = s->opts.server_name ? s->opts.server_name : "gyre/" GY_VERSION;
    char *at = gy__put_lit(s->prefix, OK_LINE);
    if (*name)
        at = gy__put_field(at, gy_str_of("Server"), gy_str_of(name));
    at = gy__put_field(at, gy_str_of("Date"), gy_str_of(gy__clock_date(wall / 1000000000, date)));
    s->prefix_len = (size_t)(at - s->prefix);
    s->prefix_until = s->loop->now + 1000000000 - wall % 1000000000;
}

/* What the application's fields say about those that we add. */
struct said {
    bool date, server, length, close;
    uint64_t length_value;
    size_t size;
};

static bool is(const gy_field *f, const char *lower, size_t len)
{
    return gy_str_ieq(f->name, gy_str_n(lower, len));
}

static bool says_close(gy_str value)
{
    gy_str part;
    for (gy_str rest = value; gy_str_cut(&rest, ',', &part);)
        if (gy_str_ieq(gy_str_trim(part), gy_str_of("close")))
            return true;
    return false;
}

/* 0, or GY_EINVAL for a field that would break the framing. */
static int look_at(struct gy__work *w, const gy_field *f, struct said *said)
{
    said->size += gy__field_size(f);
    switch (f->name.len) {
    case 4:
        said->date |= is(f, "date", 4);
        return 0;
    case 6:
        said->server |= is(f, "server", 6);
        return 0;
    case 10:
        if (is(f, "connection", 10) && says_close(f->value))
            said->close = w->conn->close = true;
        return 0;
    case 14:
        if (!is(f, "content-length", 14))
            return 0;
        if (said->length)
            return GY_EINVAL;
        said->length = true;
        return gy_str_uint(f->value, &said->length_value);
    case 17:
        return is(f, "transfer-encoding", 17) ? GY_EINVAL : 0;
    default:
        return 0;
    }
}

/* Server and Date, unless the application has its own. */
static char *put_common(const gy_http_server *s, char *at, const struct said *said)
{
    const char *server = s->prefix + OK_LEN, *end = s->prefix + s->prefix_len;
    const char *date = memmem(server, (size_t)(end - server), "Date: ", 6);
    if (!said->server)
        at = gy__put(at, server, (size_t)(date - server));
    if (!said->date)
        at = gy__put(at, date, (size_t)(end - date));
    return at;
}

static char *put_start(gy_http_server *s, char *at, int status, const char *reason,
                       const struct said *said)
{
    if (s->loop->now >= s->prefix_until)
        renew_prefix(s);
    if (status == 200 && !reason && !said->date && !said->server)
        return gy__put(at, s->prefix, s->prefix_len);
    at = reason ? gy__put_status_reason(at, status, gy_str_of(reason))
                : gy__put_status_line(at, status);
    return put_common(s, at, said);
}

/* The connection's future is decided when the head is written. */
static char *put_connection(struct gy__work *w, char *at, const struct said *said)
{
    if (w->conn->server->draining || (!w->body.done && !gy__body_drainable(w)))
        w->conn->close = true;
    if (w->conn->close)
        return said->close ? at : gy__put_lit(at, "Connection: close\r\n");
    if (w->x.head.minor == 0)
        return gy__put_lit(at, "Connection: keep-alive\r\n");
    return at;
}

enum length_kind { LENGTH_NONE, LENGTH_KNOWN, LENGTH_CHUNKED };

static char *put_length(char *at, enum length_kind kind, uint64_t length, const struct said *said)
{
    if (kind == LENGTH_CHUNKED)
        return gy__put_lit(at, "Transfer-Encoding: chunked\r\n");
    if (kind == LENGTH_NONE || said->length)
        return at;
    at = gy__put_lit(at, "Content-Length: ");
    at = gy__put_uint(at, length);
    return gy__put_lit(at, "\r\n");
}

/* Does the length that the application has said agree with ours? */
static bool length_agrees(const struct gy__work *w, enum length_kind kind, uint64_t length,
                          const struct said *said)
{
    if (kind == LENGTH_KNOWN)
        return said->length_value == length;
    return kind == LENGTH_NONE && !w->until_close;
}

static inline int out_need(struct gy__work *w, size_t more)
{
    return w->out && GY__OUT_SIZE - w->out_len >= more ? 0 : gy__out_need(w, more);
}

/* A head into the output, with room for [extra] bytes of body behind it. */
static int put_head(struct gy__work *w, int status, const char *reason, const gy_field *fields,
                    size_t count, enum length_kind kind, uint64_t length, size_t extra)
{
    struct said said = {.size = reason ? strlen(reason) : 0};
    /* An interim response (RFC 9110 section 15.2) ends nothing: the client would wait on. */
    if (status < 200 || status > 999 || (reason && !gy__reason_valid(gy_str_of(reason))))
        return GY_EINVAL;
    for (size_t i = 0; i < count; i++)
        if (look_at(w, &fields[i], &said))
            return GY_EINVAL;
    if (said.length && !length_agrees(w, kind, length, &said))
        return GY_EINVAL;
    int e = out_need(w, said.size + GY__PREFIX_MAX + HEAD_REST + extra);
    if (e)
        return e;
    char *at = put_start(w->conn->server, w->out + w->out_len, status, reason, &said);
    for (size_t i = 0; i < count; i++)
        at = gy__put_response_field(at, &fields[i]);
    at = put_length(at, kind, length, &said);
    at = put_connection(w, at, &said);
    at = gy__put_lit(at, "\r\n");
    w->out_len = (size_t)(at - w->out);
    w->x.status = status;
    w->x.head_sent = true;
    return 0;
}

static bool has_body(const struct gy__work *w, int status)
{
    return gy__status_has_body(status) && w->x.head.verb != GY_METHOD_HEAD;
}

int gy__exchange_respond(gy_exchange *x, int status, const char *reason, const gy_field *fields,
                         size_t count, gy_str body)
{
    struct gy__work *w = gy_of(x, struct gy__work, x);
    if (x->head_sent)
        return GY_EFINISHED;
    enum length_kind kind = gy__status_has_body(status) ? LENGTH_KNOWN : LENGTH_NONE;
    bool with_body = kind == LENGTH_KNOWN && x->head.verb != GY_METHOD_HEAD;
    bool copy = with_body && body.len <= COPY_MOST;
    int e = put_head(w, status, reason, fields, count, kind, body.len, copy ? body.len : 0);
    if (e == GY_ETOOBIG && copy) { /* a large head: then the body from where it lies */
        copy = false;
        e = put_head(w, status, reason, fields, count, kind, body.len, 0);
    }
    if (e)
        return e;
    x->finished = true;
    if (!with_body)
        return 0;
    x->sent = body.len;
    if (copy) {
        w->out_len = (size_t)(gy__put_str(w->out + w->out_len, body) - w->out);
        return 0;
    }
    struct iovec more = {.iov_base = (void *)(uintptr_t)body.ptr, .iov_len = body.len};
    return gy__out_flush_with(w, &more, 1);
}

int gy_exchange_respond(gy_exchange *x, int status, const gy_headers *headers, gy_str body)
{
    return gy__exchange_respond(x, status, NULL, headers ? headers->items : NULL,
                                headers ? headers->count : 0, body);
}

int gy__exchange_begin(gy_exchange *x, int status, const char *reason, const gy_field *fields,
                       size_t count, int64_t length)
{
    struct gy__work *w = gy_of(x, struct gy__work, x);
    enum length_kind kind = LENGTH_KNOWN;
    if (x->head_sent)
        return GY_EFINISHED;
    if (!gy__status_has_body(status)) {
        kind = LENGTH_NONE;
    } else if (length < 0) {
        /* HTTP/1.0 knows no chunks: there the end of the connection is the end of the body. */
        kind = x->head.minor ? LENGTH_CHUNKED : LENGTH_NONE;
        w->chunked_out = x->head.minor == 1 && has_body(w, status);
        w->until_close = x->head.minor == 0;
        w->conn->close |= w->until_close;
    } else {
        w->promised = (uint64_t)length;
        w->counted = has_body(w, status);
    }
    int e = put_head(w, status, reason, fields, count, kind, length < 0 ? 0 : (uint64_t)length, 0);
    if (e)
        w->chunked_out = w->counted = w->until_close = false;
    return e;
}

int gy_exchange_begin(gy_exchange *x, int status, const gy_headers *headers, int64_t length)
{
    return gy__exchange_begin(x, status, NULL, headers ? headers->items : NULL,
                              headers ? headers->count : 0, length);
}

/* Small pieces gather in the output, large ones are sent from where they lie. */
static int put_piece(struct gy__work *w, const void *data, size_t len)
{
    char head[GY__CHUNK_HEAD_MAX];
    size_t head_len = w->chunked_out ? (size_t)(gy__put_chunk_head(head, len) - head) : 0;
    size_t tail_len = w->chunked_out ? 2 : 0;
    if (len <= COPY_MOST) {
        int e = out_need(w, head_len + len + tail_len);
        if (e)
            return e;
        char *at = gy__put(w->out + w->out_len, head, head_len);
        at = gy__put(at, data, len);
        at = gy__put(at, "\r\n", tail_len);
        w->out_len = (size_t)(at - w->out);
        return 0;
    }
    char crlf[2] = {'\r', '\n'};
    struct iovec pieces[] = {{.iov_base = head, .iov_len = head_len},
                             {.iov_base = (void *)(uintptr_t)data, .iov_len = len},
                             {.iov_base = crlf, .iov_len = tail_len}};
    return gy__out_flush_with(w, pieces, 3);
}

int gy_exchange_write(gy_exchange *x, const void *data, size_t len)
{
    struct gy__work *w = gy_of(x, struct gy__work, x);
    if (!x->head_sent || x->finished)
        return x->finished ? GY_EFINISHED : GY_EINVAL;
    if (w->broken)
        return w->broken;
    if (len == 0 || !has_body(w, x->status))
        return 0;
    int e = w->counted && len > w->promised - x->sent ? GY_EINVAL : put_piece(w, data, len);
    if (e) {
        w->conn->close = true;
        return w->broken = e;
    }
    x->sent += len;
    return 0;
}

static int put_end(struct gy__work *w, const gy_headers *trailers)
{
    size_t size = trailers ? gy__headers_size(trailers) : 0;
    int e = out_need(w, size + 8);
    if (e)
        return e;
    char *at = gy__put_lit(w->out + w->out_len, "0\r\n");
    if (size)
        at = gy__put_headers(at, trailers);
    at = gy__put_lit(at, "\r\n");
    w->out_len = (size_t)(at - w->out);
    return 0;
}

int gy_exchange_end(gy_exchange *x, const gy_headers *trailers)
{
    struct gy__work *w = gy_of(x, struct gy__work, x);
    if (!x->head_sent || x->finished)
        return x->finished ? GY_EFINISHED : GY_EINVAL;
    if (w->broken)
        return w->broken;
    x->finished = true;
    if (w->counted && x->sent != w->promised) {
        w->conn->close = true;
        (void)gy__out_flush(w);
        return GY_EINVAL;
    }
    return w->chunked_out ? put_end(w, trailers) : 0;
}

int gy__exchange_flush(gy_exchange *x)
{
    return gy__out_flush(gy_of(x, struct gy__work, x));
}

void gy__exchange_close_after(gy_exchange *x)
{
    x->conn->close = true;
}
