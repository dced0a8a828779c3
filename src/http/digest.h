/* SPDX-License-Identifier: MIT */
/* digest.h - what the fields that steer the connection say, taken as they go by. */
#ifndef GYRE_HTTP_DIGEST_H
#define GYRE_HTTP_DIGEST_H

#include "http/parse.h"
#include <stdbool.h>
#include <string.h>

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

/* After the last field: sums up what was seen. */
static inline void gy__digest_finish(const struct gy__digest *d, struct gy__head *h)
{
    h->has_length = d->length;
    h->keep_alive = !d->close && (h->minor > 0 || d->keep_alive);
    h->upgrade = d->upgrade && d->upgrade_asked && h->minor > 0;
    h->expect_continue = d->expect && (h->chunked || h->length > 0);
}

/* Do [n] bytes (4 or 8) at [name] differ from those at [lower] by more than case? */
static inline uint64_t gy__name_differs(const char *name, const char *lower, size_t n)
{
    uint64_t a = 0, b = 0;
    memcpy(&a, name, n);
    memcpy(&b, lower, n);
    return (a | UINT64_C(0x2020202020202020)) ^ (b | UINT64_C(0x2020202020202020));
}

/* Is [name] spelt like [lower], which is all small letters and dashes? Both are [n] token
 * characters, at least 4, so that setting one bit lowers letters and confuses nothing with them.
 * The last step may look at some a second time. */
static inline bool gy__name_is(const char *name, const char *lower, size_t n)
{
    const size_t step = n < 8 ? 4 : 8;
    uint64_t differ = gy__name_differs(name + n - step, lower + n - step, step);
    for (size_t i = 0; i + step < n; i += step) {
        differ |= gy__name_differs(name + i, lower + i, step);
    }
    return differ == 0;
}

/* Take [name]'s meaning, if it has one; Host is seen to by the parser. Only few lengths and first letters come as far as a
 * comparison. */
static inline int gy__digest_field(struct gy__digest *d, struct gy__head *h, gy_str name,
                                   gy_str value, bool request)
{
    const char *n = name.ptr;
    switch (name.len) {
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
