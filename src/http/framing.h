/* SPDX-License-Identifier: MIT */
/* framing.h - how a message's body is delimited (RFC 9112 section 6.3). */
#ifndef GYRE_HTTP_FRAMING_H
#define GYRE_HTTP_FRAMING_H

#include "http/parse.h"
#include <stdbool.h>
#include <stdint.h>

enum gy__body_kind {
    GY__BODY_NONE,    /* the message ends with its head */
    GY__BODY_LENGTH,  /* [length] bytes, more than 0 */
    GY__BODY_CHUNKED, /* see chunked.h */
    GY__BODY_CLOSE,   /* until the connection closes; responses only */
    GY__BODY_TUNNEL   /* not HTTP any more: 101, or 2xx to CONNECT */
};

struct gy__body {
    enum gy__body_kind kind;
    uint64_t length;
};

/* The body that a head announces, else [otherwise]. */
static inline struct gy__body gy__body_announced(const struct gy__head *h,
                                                 enum gy__body_kind otherwise)
{
    struct gy__body body = {otherwise, 0};
    if (h->chunked) {
        body.kind = GY__BODY_CHUNKED;
    } else if (h->has_length) {
        body.kind = h->length > 0 ? GY__BODY_LENGTH : GY__BODY_NONE;
        body.length = h->length;
    }
    return body;
}

/* The body that follows a parsed request head. */
static inline struct gy__body gy__body_of_request(const struct gy__head *h)
{
    return gy__body_announced(h, GY__BODY_NONE);
}

/* The body that follows a response to a request with method [verb]. */
struct gy__body gy__body_of_response(const struct gy__head *h, enum gy_method verb);

/* The methods that are there to bring a body. */
static inline bool gy__method_has_body(enum gy_method verb)
{
    return verb == GY_METHOD_POST || verb == GY_METHOD_PUT || verb == GY_METHOD_PATCH;
}

/* Those that may be asked again when nobody knows whether they were done. */
static inline bool gy__method_is_idempotent(enum gy_method verb)
{
    return verb != GY_METHOD_POST && verb != GY_METHOD_PATCH && verb != GY_METHOD_OTHER;
}

/* May a response with this status carry a body at all? Not 1xx, 204 and 304. */
static inline bool gy__status_has_body(int status)
{
    return status >= 200 && status != 204 && status != 304;
}

#endif
