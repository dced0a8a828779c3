/* SPDX-License-Identifier: MIT */
/* answer.c - responses, as strictly read as they are to be written. */

#include "base/buf.h"
#include "http/chunked.h"
#include "http/framing.h"
#include "testing/test.h"

enum { FIELDS_MOST = 200, HEAD_MOST = 1 << 20 };

static const char out_of_memory[] = "out of memory";

static void done_with(void *buf)
{
    gy__buf_done(buf);
}

/* The used bytes; 0 when the end has not come; negative when it is malformed. */
static long read_chunked(gy_arena *a, gy_str bytes, gy_test_response *out, const char **why)
{
    struct gy__chunked decoder;
    struct gy__buf *all = gy_alloc(a, sizeof *all);
    size_t at = 0;
    int event;
    *why = out_of_memory;
    if (!all)
        return -1;
    gy__buf_init(all, SIZE_MAX / 2);
    if (gy_defer(a, done_with, all))
        return -1;
    out->trailers = (gy_headers){.arena = a};
    gy__chunked_init(&decoder, &out->trailers, 0);
    do {
        gy_str data;
        size_t used;
        event = gy__chunked_step(&decoder, bytes.ptr + at, bytes.len - at, &used, &data);
        at += used;
        if (event == GY__CHUNKED_DATA && gy__buf_add(all, data.ptr, data.len))
            return -1;
    } while (event == GY__CHUNKED_DATA);
    *why = event < 0 ? decoder.reason : NULL;
    out->body = gy__buf_str(all);
    return event < 0 ? -1 : event == GY__CHUNKED_END ? (long)at : 0;
}

static long read_body(gy_arena *a, const struct gy__body *body, gy_str rest, bool ended,
                      gy_test_response *out, const char **why)
{
    size_t len = rest.len;
    switch (body->kind) {
    case GY__BODY_CHUNKED:
        return read_chunked(a, rest, out, why);
    case GY__BODY_LENGTH:
        if (rest.len < body->length)
            return -2;
        len = (size_t)body->length;
        break;
    case GY__BODY_CLOSE:
        if (!ended)
            return -2;
        break;
    default: /* what follows is no part of it */
        len = 0;
    }
    out->body = gy_str_copy(a, gy_str_n(rest.ptr, len));
    *why = out_of_memory;
    return out->body.ptr ? (long)len : -1;
}

long gy__test_answer_parse(gy_arena *a, gy_str bytes, enum gy_method verb, bool ended,
                           gy_test_response *out, const char **why)
{
    struct gy__limits_head lim = {
        .max_head = HEAD_MOST, .max_line = HEAD_MOST, .max_fields = FIELDS_MOST};
    struct gy__head head;
    size_t part = bytes.len < HEAD_MOST ? bytes.len : HEAD_MOST;
    gy_field *fields = gy_alloc(a, FIELDS_MOST * sizeof *fields);
    char *copy = gy_zalloc(a, part + GY__PARSE_PADDING);
    *why = out_of_memory;
    if (!fields || !copy)
        return -1;
    if (part)
        memcpy(copy, bytes.ptr, part);
    long n = gy__parse_response(copy, part, &lim, fields, &head, why);
    if (n <= 0)
        return n;
    *out = (gy_test_response){.status = head.status, .reason = head.reason, .body = {"", 0}};
    out->headers = (gy_headers){.items = fields, .count = head.field_count};
    struct gy__body body = gy__body_of_response(&head, verb);
    bool has_body = body.kind == GY__BODY_CHUNKED || body.kind == GY__BODY_LENGTH ||
                    body.kind == GY__BODY_CLOSE;
    gy_str rest = gy_str_n(bytes.ptr + n, bytes.len - (size_t)n);
    long m = has_body ? read_body(a, &body, rest, ended, out, why) : 0;
    if (m == -2 || (m == 0 && body.kind == GY__BODY_CHUNKED))
        return 0;
    if (m < 0)
        return m;
    out->raw = gy_str_copy(a, gy_str_n(bytes.ptr, (size_t)(n + m)));
    return n + m;
}

gy_str gy_test_header(const gy_test_response *res, const char *name)
{
    return gy_headers_get(&res->headers, name);
}
