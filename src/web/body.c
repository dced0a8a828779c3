/* SPDX-License-Identifier: MIT */
/* body.c - the request's body for a handler that reads it itself. */
#include "web/request.h"

#include <gyre/error.h>

ssize_t gy_body_read(gy_request *r, void *buf, size_t size)
{
    struct gy__request *q = gy__request_of(r);
    ssize_t n = gy_exchange_read(q->x, buf, size);
    if (n < 0)
        q->body_error = (int)n;
    return n;
}

void gy_set_max_body(gy_request *r, size_t bytes)
{
    gy__request_of(r)->x->max_body = bytes;
}

const char *gy_trailer(gy_request *r, const char *name, const char *fallback)
{
    gy_str value = gy_headers_get(&gy__request_of(r)->x->trailers, name);
    return value.ptr ? value.ptr : fallback;
}
