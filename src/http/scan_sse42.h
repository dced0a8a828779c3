/* SPDX-License-Identifier: MIT */
/* scan_sse42.h - the ends of runs of characters, 16 bytes a step; the contract is scan_plain.h's. */
#ifndef GYRE_HTTP_SCAN_SSE42_H
#define GYRE_HTTP_SCAN_SSE42_H

#include "http/scan_token16.h"
#include <nmmintrin.h>
#include <stdbool.h>
#include <stdint.h>

static inline __m128i load16(const char *p)
{
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}

static inline uint32_t bits16(__m128i m)
{
    return (uint32_t)_mm_movemask_epi8(m);
}

static inline __m128i is16(__m128i c, char what)
{
    return _mm_cmpeq_epi8(c, _mm_set1_epi8(what));
}

static inline __m128i not_value16(__m128i c)
{
    __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(c, _mm_set1_epi8(0x1f)), c);
    return _mm_or_si128(_mm_andnot_si128(is16(c, '\t'), low), is16(c, 0x7f));
}

static inline __m128i not_target16(__m128i c)
{
    /* A signed comparison: 0x80 and above are below the space. */
    __m128i good = _mm_cmpgt_epi8(c, _mm_set1_epi8(' '));
    __m128i bad = _mm_or_si128(is16(c, 0x7f), is16(c, '#'));
    return _mm_or_si128(bad, _mm_xor_si128(good, _mm_set1_epi8(-1)));
}

static inline char *scan_value(char *p, const char *end)
{
    for (; p < end; p += 16) {
        uint32_t m = bits16(not_value16(load16(p)));
        if (m) {
            return p + __builtin_ctz(m);
        }
    }
    return p;
}

static inline char *scan_target(char *p, const char *end)
{
    for (; p < end; p += 16) {
        uint32_t m = bits16(not_target16(load16(p)));
        if (m) {
            return p + __builtin_ctz(m);
        }
    }
    return p;
}

static inline char *scan_path(char *p, const char *end, bool *escaped)
{
    uint32_t percent = 0;
    for (; p < end; p += 16) {
        __m128i c = load16(p);
        uint32_t m = bits16(_mm_or_si128(not_target16(c), is16(c, '?')));
        uint32_t here = bits16(is16(c, '%'));
        if (m) {
            *escaped = percent || (here & (m ^ (m - 1))) != 0;
            return p + __builtin_ctz(m);
        }
        percent |= here;
    }
    *escaped = percent != 0;
    return p;
}

#endif
