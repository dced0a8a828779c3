/* SPDX-License-Identifier: MIT */
/* utf8.c - is it UTF-8? */
#include "codec/utf8.h"

#include "base/utf8_step.h"

#include <stdint.h>
#include <string.h>

static inline uint64_t word_at(const char *p)
{
    uint64_t w;
    memcpy(&w, p, sizeof w);
    return w;
}

size_t gy__utf8_ascii(const char *p, size_t len)
{
    const uint64_t high = UINT64_C(0x8080808080808080);
    size_t n = 0;
    while (len - n >= 16 && !((word_at(p + n) | word_at(p + n + 8)) & high))
        n += 16;
    while (n < len && !(p[n] & 0x80))
        n++;
    return n;
}

bool gy__utf8_valid(const char *p, size_t len)
{
    size_t at = gy__utf8_ascii(p, len);
    while (at < len) {
        size_t step = gy__utf8_step(p + at, len - at);
        if (step == 0)
            return false;
        at += step;
        if (step == 1)
            at += gy__utf8_ascii(p + at, len - at);
    }
    return true;
}
