/* SPDX-License-Identifier: MIT */
/* target.h - the rarer forms of a request target, and authorities (RFC 9112 section 3.2). */
#ifndef GYRE_HTTP_TARGET_H
#define GYRE_HTTP_TARGET_H

#include "http/parse.h"
#include <stdbool.h>

/* host [ ":" port ] of RFC 3986 without user information, not empty, the port at most 65535. With
 * [port] there must be one. */
bool gy__authority_valid(gy_str s, bool port);

/* Is that what follows the host, which ends at [at]: nothing, or ':' and a port? */
static inline bool gy__port_follows(gy_str s, size_t at)
{
    if (at == s.len) {
        return true;
    }
    if (s.ptr[at++] != ':') {
        return false;
    }
    unsigned number = 0;
    for (; at < s.len; at++) {
        unsigned digit = (unsigned)(s.ptr[at] - '0');
        number = number * 10 + digit;
        if (digit > 9 || number > 65535) {
            return false;
        }
    }
    return true;
}

/* Make sense of a target that does not start with '/' or belongs to CONNECT: [h] has the verb, the
 * path (all up to the '?') and the query. Gives NULL and corrects path, scheme and authority, or
 * the reason to refuse it with 400. */
const char *gy__target_resolve(struct gy__head *h);

#endif
