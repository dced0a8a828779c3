/* SPDX-License-Identifier: MIT */
/* digest.c - the rules of the fields that steer the connection, where smuggling is refused. */
#include "http/digest.h"
#include "http/chars.h"
#include "http/target.h"

static int refuse(struct gy__digest *d, int status, const char *reason)
{
    d->reason = reason;
    return status;
}

/* The next member of a comma-separated list, trimmed; false after the last. */
static bool next_member(const char **at, const char *end, gy_str *member)
{
    if (*at > end) {
        return false;
    }
    const char *from = *at, *comma = from;
    while (comma < end && *comma != ',') {
        comma++;
    }
    *at = comma + 1;
    const char *to = comma;
    while (from < to && (*from == ' ' || *from == '\t')) {
        from++;
    }
    while (from < to && (to[-1] == ' ' || to[-1] == '\t')) {
        to--;
    }
    *member = gy_str_n(from, (size_t)(to - from));
    return true;
}

static bool word_is(gy_str s, const char *lower, size_t n)
{
    for (size_t i = 0; i < s.len && i < n; i++) {
        char c = s.ptr[i];
        if ((c >= 'A' && c <= 'Z' ? c + 32 : c) != lower[i]) {
            return false;
        }
    }
    return s.len == n;
}

int gy__digest_host(struct gy__digest *d, struct gy__head *h, gy_str value)
{
    if (d->host) {
        return refuse(d, 400, "more than one Host");
    }
    if (!gy__authority_valid(value, false)) {
        return refuse(d, 400, "malformed Host");
    }
    d->host = true;
    h->host = value;
    return 0;
}

/* Digits only, below 2^63. */
static bool length_of(gy_str s, uint64_t *out)
{
    uint64_t n = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (!gy__char_is(s.ptr[i], GY__CHAR_DIGIT) || n > (uint64_t)INT64_MAX / 10) {
            return false;
        }
        n = n * 10 + (uint64_t)(s.ptr[i] - '0');
    }
    *out = n;
    return s.len > 0 && n <= (uint64_t)INT64_MAX;
}

int gy__digest_length(struct gy__digest *d, struct gy__head *h, gy_str value)
{
    if (d->transfer) {
        return refuse(d, 400, "both Content-Length and Transfer-Encoding");
    }
    const char *at = value.ptr;
    gy_str member;
    while (next_member(&at, value.ptr + value.len, &member)) {
        uint64_t n;
        if (!length_of(member, &n)) {
            return refuse(d, 400, "malformed Content-Length");
        }
        if (d->length && n != h->length) {
            return refuse(d, 400, "Content-Lengths that differ");
        }
        d->length = true;
        h->length = n;
    }
    return 0;
}

int gy__digest_transfer(struct gy__digest *d, struct gy__head *h, gy_str value)
{
    if (d->length) {
        return refuse(d, 400, "both Content-Length and Transfer-Encoding");
    }
    if (h->minor == 0) {
        return refuse(d, 400, "Transfer-Encoding in HTTP/1.0");
    }
    d->transfer = true;
    const char *at = value.ptr;
    gy_str member;
    while (next_member(&at, value.ptr + value.len, &member)) {
        size_t n = 0;
        while (n < member.len && gy__char_is(member.ptr[n], GY__CHAR_TOKEN)) {
            n++;
        }
        bool chunked = word_is(gy_str_n(member.ptr, n), "chunked", 7);
        if (n == 0 || (n < member.len && (chunked || !strchr("; \t", member.ptr[n])))) {
            return refuse(d, 400, "malformed Transfer-Encoding");
        }
        if (h->chunked) {
            return refuse(d, 400, "chunked is not the last transfer coding, once");
        }
        if (!chunked) {
            return refuse(d, 501, "a transfer coding that is not known");
        }
        h->chunked = true;
    }
    return 0;
}

int gy__digest_expect(struct gy__digest *d, struct gy__head *h, gy_str value)
{
    if (h->minor == 0) {
        return 0;
    }
    if (!word_is(value, "100-continue", 12)) {
        return refuse(d, 417, "an expectation that cannot be met");
    }
    d->expect = true;
    return 0;
}

int gy__digest_connection(struct gy__digest *d, gy_str value)
{
    const char *at = value.ptr;
    gy_str member;
    while (next_member(&at, value.ptr + value.len, &member)) {
        d->close |= word_is(member, "close", 5);
        d->keep_alive |= word_is(member, "keep-alive", 10);
        d->upgrade_asked |= word_is(member, "upgrade", 7);
    }
    return 0;
}
