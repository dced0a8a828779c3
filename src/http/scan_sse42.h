/* SPDX-License-Identifier: MIT */
/* scan_sse42.h - the ends of runs of characters, 16 bytes a step; the contract is scan_plain.h's. */
#ifndef GYRE_HTTP_SCAN_SSE42_H
#define GYRE_HTTP_SCAN_SSE42_H

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

/* A character is looked up by its low nibble in a table of bit sets over the high nibble; bytes
 * from 0x80 give an empty set by themselves. */
static inline __m128i not_token16(__m128i c)
{
    const __m128i sets = _mm_setr_epi8((char)0xe8, (char)0xfc, (char)0xf8, (char)0xfc, (char)0xfc,
                                       (char)0xfc, (char)0xfc, (char)0xfc, (char)0xf8, (char)0xf8,
                                       (char)0xf4, 0x54, (char)0xd0, 0x54, (char)0xf4, 0x70);
    const __m128i bit = _mm_setr_epi8(1, 2, 4, 8, 16, 32, 64, (char)0x80, 0, 0, 0, 0, 0, 0, 0, 0);
    __m128i high = _mm_and_si128(_mm_srli_epi16(c, 4), _mm_set1_epi8(0x0f));
    __m128i hit = _mm_and_si128(_mm_shuffle_epi8(sets, c), _mm_shuffle_epi8(bit, high));
    return _mm_cmpeq_epi8(hit, _mm_setzero_si128());
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

static inline char *scan_token(char *p, const char *end)
{
    for (; p < end; p += 16) {
        uint32_t m = bits16(not_token16(load16(p)));
        if (m) {
            return p + __builtin_ctz(m);
        }
    }
    return p;
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
