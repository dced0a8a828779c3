/* SPDX-License-Identifier: MIT */
/* scan_token16.h - the ends of tokens and hosts, 16 bytes a step. Most are shorter: wider
 * steps are slower. */
#ifndef GYRE_HTTP_SCAN_TOKEN16_H
#define GYRE_HTTP_SCAN_TOKEN16_H

#include <immintrin.h>
#include <stdint.h>

/* A character is looked up by its low nibble in a table of bit sets over the high nibble; bytes
 * from 0x80 give an empty set by themselves. */
static inline __m128i not_in16(__m128i sets, __m128i c)
{
    const __m128i bit = _mm_setr_epi8(1, 2, 4, 8, 16, 32, 64, (char)0x80, 0, 0, 0, 0, 0, 0, 0, 0);
    __m128i high = _mm_and_si128(_mm_srli_epi16(c, 4), _mm_set1_epi8(0x0f));
    __m128i hit = _mm_and_si128(_mm_shuffle_epi8(sets, c), _mm_shuffle_epi8(bit, high));
    return _mm_cmpeq_epi8(hit, _mm_setzero_si128());
}

static inline char *scan_sets16(__m128i sets, char *p, const char *end)
{
    for (; p < end; p += 16) {
        __m128i c = _mm_loadu_si128((const __m128i *)(const void *)p);
        uint32_t m = (uint32_t)_mm_movemask_epi8(not_in16(sets, c));
        if (m) {
            return p + __builtin_ctz(m);
        }
    }
    return p;
}

static inline char *scan_token(char *p, const char *end)
{
    const __m128i sets = _mm_setr_epi8((char)0xe8, (char)0xfc, (char)0xf8, (char)0xfc, (char)0xfc,
                                       (char)0xfc, (char)0xfc, (char)0xfc, (char)0xf8, (char)0xf8,
                                       (char)0xf4, 0x54, (char)0xd0, 0x54, (char)0xf4, 0x70);
    return scan_sets16(sets, p, end);
}

static inline char *scan_host(char *p, const char *end)
{
    const __m128i sets = _mm_setr_epi8((char)0xa8, (char)0xfc, (char)0xf8, (char)0xf8, (char)0xfc,
                                       (char)0xf8, (char)0xfc, (char)0xfc, (char)0xfc, (char)0xfc,
                                       (char)0xf4, 0x5c, 0x50, 0x5c, (char)0xd4, 0x70);
    return scan_sets16(sets, p, end);
}

#endif
