/* SPDX-License-Identifier: MIT */
/* framing.c - the rules of RFC 9112 section 6.3, in its order. */
#include "http/framing.h"

struct gy__body gy__body_of_response(const struct gy__head *h, enum gy_method verb)
{
    bool accepted = verb == GY_METHOD_CONNECT && h->status >= 200 && h->status < 300;
    if (accepted || h->status == 101) {
        return (struct gy__body){GY__BODY_TUNNEL, 0};
    }
    if (verb == GY_METHOD_HEAD || !gy__status_has_body(h->status)) {
        return (struct gy__body){GY__BODY_NONE, 0};
    }
    return gy__body_announced(h, GY__BODY_CLOSE);
}
