/* SPDX-License-Identifier: MIT */
/* send.c - a response on its way out, whole or in pieces. */
#include "web/request.h"

#include "http/framing.h"

#include <gyre/error.h>

/* The fields to send: the default type only describes a body. */
static const gy_field *fields_of(const struct gy__request *q, bool with_body, size_t *count)
{
    bool skip = !with_body && gy__response_has_default_type(q);
    *count = q->headers.count - skip;
    return q->headers.items + skip;
}

/* What the handler says in Content-Length; negative when it says nothing. */
static int64_t announced_length(const struct gy__request *q)
{
    int64_t length = -1;
    if (q->headers.count > 1 || !gy__response_has_default_type(q)) {
        gy_str value = gy_headers_get(&q->headers, "Content-Length");
        if (value.ptr && (gy_str_int(value, &length) || length < 0))
            return -1;
    }
    return length;
}

static int begin(struct gy__request *q, int64_t length)
{
    size_t count;
    const gy_field *fields = fields_of(q, gy__status_has_body(q->status), &count);
    return gy__exchange_begin(q->x, q->status, q->phrase, fields, count, length);
}

/* What the code alone would not tell who reads the log. */
static void explain(struct gy__request *q, int e)
{
    if (q->x->head_sent || q->fail_reason)
        return;
    if (e == GY_EINVAL)
        gy_fail(&q->front, 500, "a field of the response contradicts its body");
    else if (e == GY_ETOOBIG)
        gy_fail(&q->front, 500, "the fields of the response are larger than 32 KiB");
}

/* A failure behind the head is a connection that has gone, or must go. */
static int lose(struct gy__request *q, int e)
{
    if (e && q->x->head_sent && !q->lost)
        q->lost = e;
    if (e)
        explain(q, e);
    return e;
}

static int send_whole(struct gy__request *q)
{
    size_t count;
    gy_str body = gy__buf_str(&q->body);
    bool with_body = body.len > 0 && gy__status_has_body(q->status);
    const gy_field *fields = fields_of(q, with_body, &count);
    if (q->front.verb == GY_METHOD_HEAD && body.len == 0 && announced_length(q) >= 0) {
        int e = begin(q, announced_length(q));
        return e ? e : gy_exchange_end(q->x, NULL);
    }
    return gy__exchange_respond(q->x, q->status, q->phrase, fields, count, body);
}

static int send_rest(struct gy__request *q)
{
    int e = gy_exchange_write(q->x, q->body.data, q->body.len);
    gy__response_clear_body(q);
    return e ? e : gy_exchange_end(q->x, q->trailers.count ? &q->trailers : NULL);
}

int gy__response_send(struct gy__request *q)
{
    int e = 0;
    if (q->sent)
        return 0;
    q->ended = true;
    if (!q->x->head_sent && q->trailers.count == 0) {
        e = send_whole(q);
    } else {
        if (!q->x->head_sent)
            e = begin(q, announced_length(q));
        if (!e)
            e = send_rest(q);
    }
    q->sent = e == 0;
    return lose(q, e);
}

static int flush(struct gy__request *q)
{
    int e = q->x->head_sent ? 0 : begin(q, announced_length(q));
    if (!e)
        e = gy_exchange_write(q->x, q->body.data, q->body.len);
    if (!e)
        e = gy__exchange_flush(q->x);
    gy__response_clear_body(q);
    return lose(q, e);
}

int gy_flush(gy_request *r)
{
    struct gy__request *q = gy__request_of(r);
    int e = q->failure ? q->failure : q->ended ? GY_EFINISHED : q->json_open ? GY_EBUSY : flush(q);
    return e ? gy__response_fail(q, e) : 0;
}

int gy_finish(gy_request *r)
{
    struct gy__request *q = gy__request_of(r);
    int e = q->failure ? q->failure : q->ended ? GY_EFINISHED : q->json_open ? GY_EBUSY : 0;
    if (!e && !q->refused)
        e = gy__response_send(q);
    return e ? gy__response_fail(q, e) : 0;
}
