/* SPDX-License-Identifier: MIT */
/* json_scalar.c - strings and numbers as JSON (RFC 8259). */
#include "codec/json_scalar.h"

#include "base/utf8_step.h"
#include "codec/number.h"

#include <math.h>

/* Eight bytes at once: which of them are zero? Exact up to the first that is, which is enough. */
static inline uint64_t zeros(uint64_t word)
{
    return (word - UINT64_C(0x0101010101010101)) & ~word;
}

static inline uint64_t repeat(char c)
{
    return UINT64_C(0x0101010101010101) * (unsigned char)c;
}

/* Bytes that go out as they are without a second look. */
static inline bool plain(char c)
{
    return (unsigned char)c >= 0x20 && (unsigned char)c < 0x80 && c != '"' && c != '\\' && c != '/';
}

static size_t plain_run(const char *p, size_t len)
{
    size_t n = 0;
    for (; len - n >= 8; n += 8) {
        uint64_t w;
        memcpy(&w, p + n, sizeof w);
        uint64_t found = w | ((w - repeat(0x20)) & ~w) | zeros(w ^ repeat('"')) |
                         zeros(w ^ repeat('\\')) | zeros(w ^ repeat('/'));
        if (found & repeat('\x80'))
            break;
    }
    while (n < len && plain(p[n]))
        n++;
    return n;
}

static int add_escape(struct gy__buf *out, char c)
{
    static const char digits[] = "0123456789abcdef";
    static const char from[] = "\"\\/\b\f\n\r\t", to[] = "\"\\/bfnrt";
    unsigned char u = (unsigned char)c;
    const char *found = c ? strchr(from, c) : NULL;

    if (found)
        return gy__buf_add(out, (char[]){'\\', to[found - from]}, 2);
    if (u >= 0x80)
        return gy__buf_add(out, "\xef\xbf\xbd", 3);
    return gy__buf_add(out, (char[]){'\\', 'u', '0', '0', digits[u >> 4], digits[u & 15]}, 6);
}

int gy__json_escape(struct gy__buf *out, gy_str s)
{
    size_t from = 0, at = 0;

    for (;;) {
        at += plain_run(s.ptr + at, s.len - at);
        if (at == s.len)
            break;
        bool harmless = s.ptr[at] == '/' && (at == 0 || s.ptr[at - 1] != '<');
        size_t step = s.ptr[at] & 0x80 ? gy__utf8_step(s.ptr + at, s.len - at) : harmless;
        if (step) {
            at += step;
            continue;
        }
        int e = gy__buf_add(out, s.ptr + from, at - from);
        if (!e)
            e = add_escape(out, s.ptr[at]);
        if (e)
            return e;
        from = ++at;
    }
    return gy__buf_add(out, s.len ? s.ptr + from : "", s.len - from);
}

int gy__json_string(struct gy__buf *out, gy_str s)
{
    int e = gy__buf_add(out, "\"", 1);
    if (!e && s.len)
        e = gy__json_escape(out, s);
    return e ? e : gy__buf_add(out, "\"", 1);
}

int gy__json_int(struct gy__buf *out, int64_t v)
{
    char text[GY__NUMBER_ROOM];
    return gy__buf_add(out, text, gy__number_int(text, v));
}

int gy__json_uint(struct gy__buf *out, uint64_t v)
{
    char text[GY__NUMBER_ROOM];
    return gy__buf_add(out, text, gy__number_uint(text, v));
}

int gy__json_double(struct gy__buf *out, double v)
{
    char text[GY__NUMBER_ROOM];
    if (!isfinite(v))
        return gy__buf_add(out, "null", 4);
    return gy__buf_add(out, text, gy__number_shortest(text, v));
}

int gy__json_printf(struct gy__buf *out, double v, char conversion, int precision)
{
    char text[GY__NUMBER_PRINTF_ROOM];
    if (!isfinite(v))
        return gy__buf_add(out, "null", 4);
    return gy__buf_add(out, text, gy__number_printf(text, v, conversion, precision));
}
