/* SPDX-License-Identifier: MIT */
/* framing.c - the rules of RFC 9112 section 6.3, in its order. */
#include "http/framing.h"

static struct gy__body announced(const struct gy__head *h, enum gy__body_kind otherwise)
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

struct gy__body gy__body_of_request(const struct gy__head *h)
{
    return announced(h, GY__BODY_NONE);
}

struct gy__body gy__body_of_response(const struct gy__head *h, enum gy_method verb)
{
    bool accepted = verb == GY_METHOD_CONNECT && h->status >= 200 && h->status < 300;
    if (accepted || h->status == 101) {
        return (struct gy__body){GY__BODY_TUNNEL, 0};
    }
    if (verb == GY_METHOD_HEAD || !gy__status_has_body(h->status)) {
        return (struct gy__body){GY__BODY_NONE, 0};
    }
    return announced(h, GY__BODY_CLOSE);
}
