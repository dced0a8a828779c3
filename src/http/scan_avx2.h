/* SPDX-License-Identifier: MIT */
/* scan_avx2.h - the ends of runs of characters, 32 bytes a step; the contract is scan_plain.h's. */
#ifndef GYRE_HTTP_SCAN_AVX2_H
#define GYRE_HTTP_SCAN_AVX2_H

#include "http/scan_token16.h"
#include <immintrin.h>
#include <stdbool.h>
#include <stdint.h>

static inline __m256i load32(const char *p)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

static inline uint32_t bits32(__m256i m)
{
    return (uint32_t)_mm256_movemask_epi8(m);
}

static inline __m256i is32(__m256i c, char what)
{
    return _mm256_cmpeq_epi8(c, _mm256_set1_epi8(what));
}

static inline __m256i not_value32(__m256i c)
{
    __m256i low = _mm256_cmpeq_epi8(_mm256_min_epu8(c, _mm256_set1_epi8(0x1f)), c);
    return _mm256_or_si256(_mm256_andnot_si256(is32(c, '\t'), low), is32(c, 0x7f));
}

static inline __m256i not_target32(__m256i c)
{
    /* A signed comparison: 0x80 and above are below the space. */
    __m256i good = _mm256_cmpgt_epi8(c, _mm256_set1_epi8(' '));
    __m256i bad = _mm256_or_si256(is32(c, 0x7f), is32(c, '#'));
    return _mm256_or_si256(bad, _mm256_xor_si256(good, _mm256_set1_epi8(-1)));
}

static inline char *scan_value(char *p, const char *end)
{
    for (; p < end; p += 32) {
        uint32_t m = bits32(not_value32(load32(p)));
        if (m) {
            return p + __builtin_ctz(m);
        }
    }
    return p;
}

static inline char *scan_target(char *p, const char *end)
{
    for (; p < end; p += 32) {
        uint32_t m = bits32(not_target32(load32(p)));
        if (m) {
            return p + __builtin_ctz(m);
        }
    }
    return p;
}

static inline char *scan_path(char *p, const char *end, bool *escaped)
{
    uint32_t percent = 0;
    for (; p < end; p += 32) {
        __m256i c = load32(p);
        uint32_t m = bits32(_mm256_or_si256(not_target32(c), is32(c, '?')));
        uint32_t here = bits32(is32(c, '%'));
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
