/* SPDX-License-Identifier: MIT */
/* digest.h - what the fields that steer the connection say, taken as they go by. */
#ifndef GYRE_HTTP_DIGEST_H
#define GYRE_HTTP_DIGEST_H

#include "http/parse.h"
#include <stdbool.h>

/* What was seen so far; {0} at the start of a head. */
struct gy__digest {
    bool host, length, transfer, close, keep_alive, upgrade, upgrade_asked, expect;
    const char *reason; /* after a refusal */
};

/* Each takes one field's trimmed value. 0, or the status to refuse the message with.
 * The values hold no control characters but tabs: the parser has seen to that. */
int gy__digest_host(struct gy__digest *d, struct gy__head *h, gy_str value);
int gy__digest_length(struct gy__digest *d, struct gy__head *h, gy_str value);
int gy__digest_transfer(struct gy__digest *d, struct gy__head *h, gy_str value);
int gy__digest_expect(struct gy__digest *d, struct gy__head *h, gy_str value);
int gy__digest_connection(struct gy__digest *d, gy_str value);

/* After the last field: sums up what was seen. The first is for requests. */
int gy__digest_finish_request(struct gy__digest *d, struct gy__head *h);
void gy__digest_finish(const struct gy__digest *d, struct gy__head *h);

/* Is [name] spelt like [lower], which is all small letters and dashes? Both are [n] token
 * characters, so that setting one bit lowers letters and confuses nothing with them. */
static inline bool gy__name_is(const char *name, const char *lower, size_t n)
{
    unsigned differ = 0;
    for (size_t i = 0; i < n; i++) {
        differ |= ((unsigned char)name[i] | 0x20u) ^ (unsigned char)lower[i];
    }
    return differ == 0;
}

/* Take [name]'s meaning, if it has one. Only few lengths and first letters come as far as a
 * comparison. */
static inline int gy__digest_field(struct gy__digest *d, struct gy__head *h, gy_str name,
                                   gy_str value, bool request)
{
    const char *n = name.ptr;
    switch (name.len) {
    case 4:
        return request && gy__name_is(n, "host", 4) ? gy__digest_host(d, h, value) : 0;
    case 6:
        return request && (n[0] | 0x20) == 'e' && gy__name_is(n, "expect", 6)
                   ? gy__digest_expect(d, h, value)
                   : 0;
    case 7:
        d->upgrade |= (n[0] | 0x20) == 'u' && gy__name_is(n, "upgrade", 7) && value.len > 0;
        return 0;
    case 10:
        return (n[3] | 0x20) == 'n' && gy__name_is(n, "connection", 10)
                   ? gy__digest_connection(d, value)
                   : 0;
    case 14:
        return gy__name_is(n, "content-length", 14) ? gy__digest_length(d, h, value) : 0;
    case 17:
        return (n[0] | 0x20) == 't' && gy__name_is(n, "transfer-encoding", 17)
                   ? gy__digest_transfer(d, h, value)
                   : 0;
    default:
        return 0;
    }
}

#endif
