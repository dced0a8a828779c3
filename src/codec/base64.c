/* SPDX-License-Identifier: MIT */
/* base64.c - RFC 4648 base64, plain and safe in URLs. */
#include "codec/base64.h"

#include <gyre/error.h>

static const char alphabets[2][65] = {
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
};

size_t gy__base64_encode(char *out, const void *bytes, size_t len, enum gy__base64 kind)
{
    const char *alphabet = alphabets[kind];
    const unsigned char *p = bytes;
    char *start = out;

    for (; len >= 3; p += 3, len -= 3) {
        *out++ = alphabet[p[0] >> 2];
        *out++ = alphabet[(p[0] & 3) << 4 | p[1] >> 4];
        *out++ = alphabet[(p[1] & 15) << 2 | p[2] >> 6];
        *out++ = alphabet[p[2] & 63];
    }
    if (len) {
        unsigned second = len == 2 ? p[1] : 0;
        *out++ = alphabet[p[0] >> 2];
        *out++ = alphabet[(p[0] & 3u) << 4 | second >> 4];
        if (len == 2)
            *out++ = alphabet[(second & 15) << 2];
        if (kind == GY__BASE64) {
            *out++ = '=';
            if (len == 1)
                *out++ = '=';
        }
    }
    *out = '\0';
    return (size_t)(out - start);
}

/* The six bits of a character, or -1. */
static int value_of(char c, enum gy__base64 kind)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == alphabets[kind][62])
        return 62;
    return c == alphabets[kind][63] ? 63 : -1;
}

/* [text] without its padding; false when that is not as it must be. */
static bool strip_padding(gy_str *text, enum gy__base64 kind)
{
    size_t padding = 0;
    while (padding < 2 && padding < text->len && text->ptr[text->len - 1 - padding] == '=')
        padding++;
    bool whole = text->len % 4 == 0;
    text->len -= padding;
    return whole || (kind == GY__BASE64_URL && padding == 0 && text->len % 4 != 1);
}

int gy__base64_decode(void *out, size_t *len, gy_str text, enum gy__base64 kind)
{
    unsigned char *to = out;
    unsigned bits = 0, held = 0;

    if (!strip_padding(&text, kind))
        return GY_EINVAL;
    for (size_t i = 0; i < text.len; i++) {
        int v = value_of(text.ptr[i], kind);
        if (v < 0)
            return GY_EINVAL;
        bits = (bits << 6 | (unsigned)v) & 0xffff;
        held += 6;
        if (held >= 8) {
            held -= 8;
            *to++ = (unsigned char)(bits >> held & 0xff);
        }
    }
    if (held >= 6 || (bits & ((1u << held) - 1)))
        return GY_EINVAL;
    *len = (size_t)(to - (unsigned char *)out);
    return 0;
}
