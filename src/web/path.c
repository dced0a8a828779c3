/* SPDX-License-Identifier: MIT */
/* path.c - percent-decoding of a request's path. */
#include "web/path.h"

#include "codec/utf8.h"

/* Eight bytes at a time. */
bool gy__path_is_plain(gy_str s)
{
    const uint64_t ones = 0x0101010101010101, highs = 0x8080808080808080;
    size_t i = 0;
    for (; i + 8 <= s.len; i += 8) {
        uint64_t w;
        memcpy(&w, s.ptr + i, 8);
        uint64_t x = w ^ (ones * '%');
        if ((w | ((x - ones) & ~x)) & highs)
            return false;
    }
    for (; i < s.len; i++)
        if (s.ptr[i] == '%' || (unsigned char)s.ptr[i] >= 0x80)
            return false;
    return true;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_refused(int c)
{
    return (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f;
}

/* Gives the length, or SIZE_MAX. */
static size_t decode(char *to, gy_str raw)
{
    size_t len = 0;
    for (size_t i = 0; i < raw.len; i++) {
        int c = (unsigned char)raw.ptr[i];
        if (c == '%') {
            int high = raw.len - i > 2 ? hex_value(raw.ptr[i + 1]) : -1;
            int low = high >= 0 ? hex_value(raw.ptr[i + 2]) : -1;
            if (low < 0)
                return SIZE_MAX;
            i += 2;
            c = high * 16 + low;
            if (is_refused(c))
                return SIZE_MAX;
            if (c == '/')
                c = GY__PATH_SLASH;
        }
        to[len++] = (char)c;
    }
    return len;
}

int gy__path_decode(gy_arena *a, gy_str raw, gy_str *out)
{
    if (gy__path_is_plain(raw)) {
        *out = raw;
        return 0;
    }
    char *text = gy_alloc(a, raw.len + 1);
    if (!text)
        return 503;
    size_t len = decode(text, raw);
    if (len == SIZE_MAX || !gy__utf8_valid(text, len))
        return 400;
    text[len] = '\0';
    *out = gy_str_n(text, len);
    return 0;
}

char *gy__path_copy(char *to, gy_str piece)
{
    for (size_t i = 0; i < piece.len; i++)
        *to++ = piece.ptr[i] == GY__PATH_SLASH ? '/' : piece.ptr[i];
    *to++ = '\0';
    return to;
}
