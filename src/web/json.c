/* SPDX-License-Identifier: MIT */
/* json.c - answers in JSON. */
#include "web/request.h"

#include "codec/json_write.h"

#include <gyre/error.h>
#include <stdarg.h>

static const gy_str json_type = GY_STR("application/json; charset=UTF-8");

int gy_json(gy_request *r, const char *shape, ...)
{
    struct gy__request *q = gy__request_of(r);
    int e = gy__response_open(q);
    if (e)
        return e;
    va_list ap;
    va_start(ap, shape);
    e = gy__json_vshape(&q->body, shape, ap);
    va_end(ap);
    gy__response_set_type(q, json_type);
    if (e == GY_EINVAL)
        gy_fail(r, 500, "a malformed JSON shape: %s", shape);
    return e ? gy__response_fail(q, e) : 0;
}

gy_json_out gy_json_begin(gy_request *r)
{
    struct gy__request *q = gy__request_of(r);
    gy_json_out out = {.r = r};
    out.failure = gy__response_open(q);
    struct gy__json_out *w = out.failure ? NULL : gy_alloc(r->arena, sizeof *w);
    if (!out.failure && !w)
        out.failure = GY_ENOMEM;
    if (w) {
        gy__json_begin(w, &q->body);
        gy__json_object(w, NULL);
        q->json_open = true;
    }
    out.writer = w;
    return out;
}

/* NULL after a failure, and when the response went another way meanwhile. */
static struct gy__json_out *writer_of(const gy_json_out *out)
{
    return gy__request_of(out->r)->json_open ? out->writer : NULL;
}

void gy_json_array(gy_json_out *out, const char *key)
{
    struct gy__json_out *w = writer_of(out);
    if (w)
        gy__json_array(w, key);
}

void gy_json_object(gy_json_out *out, const char *key)
{
    struct gy__json_out *w = writer_of(out);
    if (w)
        gy__json_object(w, key);
}

void gy_json_close(gy_json_out *out)
{
    struct gy__json_out *w = writer_of(out);
    if (w)
        gy__json_close(w);
}

void gy_json_item(gy_json_out *out, const char *shape, ...)
{
    struct gy__json_out *w = writer_of(out);
    if (!w)
        return;
    va_list ap;
    va_start(ap, shape);
    gy__json_vput(w, NULL, shape, ap);
    va_end(ap);
}

void gy_json_put(gy_json_out *out, const char *key, const char *shape, ...)
{
    struct gy__json_out *w = writer_of(out);
    if (!w)
        return;
    va_list ap;
    va_start(ap, shape);
    gy__json_vput(w, key, shape, ap);
    va_end(ap);
}

int gy_json_end(gy_json_out *out)
{
    struct gy__request *q = gy__request_of(out->r);
    struct gy__json_out *w = writer_of(out);
    int e = w ? gy__json_end(w) : out->failure ? out->failure : GY_EINVAL;
    if (w)
        q->json_open = false;
    out->writer = NULL;
    gy__response_set_type(q, json_type);
    return e ? gy__response_fail(q, e) : 0;
}
