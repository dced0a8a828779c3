/* SPDX-License-Identifier: MIT */
/* hex.c - bytes as hexadecimal digits and back. */
#include "codec/hex.h"

#include <gyre/error.h>

void gy__hex_encode(char *out, const void *bytes, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *p = bytes;
    for (size_t i = 0; i < len; i++) {
        *out++ = digits[p[i] >> 4];
        *out++ = digits[p[i] & 15];
    }
    *out = '\0';
}

int gy__hex_decode(void *out, gy_str text)
{
    unsigned char *to = out;
    if (text.len % 2)
        return GY_EINVAL;
    for (size_t i = 0; i < text.len; i += 2) {
        int high = gy__hex_value(text.ptr[i]), low = gy__hex_value(text.ptr[i + 1]);
        if (high < 0 || low < 0)
            return GY_EINVAL;
        *to++ = (unsigned char)(high << 4 | low);
    }
    return 0;
}
