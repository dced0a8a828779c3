/* SPDX-License-Identifier: MIT */
/* percent.c - percent-encoding (RFC 3986 2.1) and its form variant. */
#include "codec/percent.h"

#include "codec/hex.h"

/* The first byte that decoding changes, or [len]. */
static size_t plain_run(const char *p, size_t len, bool form)
{
    const char *percent = len ? memchr(p, '%', len) : NULL;
    size_t n = percent ? (size_t)(percent - p) : len;
    const char *plus = form && n ? memchr(p, '+', n) : NULL;
    return plus ? (size_t)(plus - p) : n;
}

size_t gy__percent_decode(char *p, size_t len, enum gy__percent kind, bool *malformed)
{
    bool form = kind == GY__PERCENT_FORM;
    size_t from = plain_run(p, len, form), to = from;

    while (from < len) {
        char c = p[from++];
        if (c == '+' && form) {
            c = ' ';
        } else if (c == '%') {
            int high = len - from >= 2 ? gy__hex_value(p[from]) : -1;
            int low = high >= 0 ? gy__hex_value(p[from + 1]) : -1;
            if (low < 0) {
                *malformed = true;
            } else {
                c = (char)(high << 4 | low);
                from += 2;
            }
        }
        p[to++] = c;
    }
    if (to < len)
        p[to] = '\0';
    return to;
}

gy_str gy__percent_decoded(gy_arena *a, gy_str s, enum gy__percent kind, bool *malformed)
{
    char *p = s.len < SIZE_MAX ? gy_alloc(a, s.len + 1) : NULL;
    if (!p)
        return gy_str_n(NULL, 0);
    if (s.len)
        memcpy(p, s.ptr, s.len);
    p[s.len] = '\0';
    return gy_str_n(p, gy__percent_decode(p, s.len, kind, malformed));
}

static bool keeps(unsigned char c, enum gy__percent kind)
{
    static const char *const others[] = {"-._~", "-._~!$&'()*+,;=:@/", "-._*"};
    if (c - (unsigned)'0' < 10 || (c | 0x20u) - (unsigned)'a' < 26)
        return true;
    return c && strchr(others[kind], c);
}

static size_t encoded_len(gy_str s, enum gy__percent kind)
{
    size_t n = s.len;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (!keeps(c, kind) && !(c == ' ' && kind == GY__PERCENT_FORM))
            n += 2;
    }
    return n;
}

static void encode(char *to, gy_str s, enum gy__percent kind)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (keeps(c, kind)) {
            *to++ = (char)c;
        } else if (c == ' ' && kind == GY__PERCENT_FORM) {
            *to++ = '+';
        } else {
            *to++ = '%';
            *to++ = digits[c >> 4];
            *to++ = digits[c & 15];
        }
    }
    *to = '\0';
}

int gy__percent_encode(struct gy__buf *out, gy_str s, enum gy__percent kind)
{
    size_t len = encoded_len(s, kind);
    int e = gy__buf_need(out, len);
    if (e)
        return e;
    encode(out->data + out->len, s, kind);
    out->len += len;
    return 0;
}

gy_str gy__percent_encoded(gy_arena *a, gy_str s, enum gy__percent kind)
{
    size_t len = encoded_len(s, kind);
    char *p = gy_alloc(a, len + 1);
    if (!p)
        return gy_str_n(NULL, 0);
    encode(p, s, kind);
    return gy_str_n(p, len);
}
