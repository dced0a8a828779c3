/* SPDX-License-Identifier: MIT */
/* scan_plain.h - the ends of runs of characters, in portable C.
 *
 * The contract of all scan_*.h: each gives the first position from [p] that is not of the run, or
 * any position at or behind [end] when there is none before it. They may read up to
 * GY__PARSE_PADDING bytes behind [end]. */
#ifndef GYRE_HTTP_SCAN_PLAIN_H
#define GYRE_HTTP_SCAN_PLAIN_H

#include "http/chars.h"
#include <stdint.h>
#include <string.h>

/* Token characters. */
static inline char *scan_token(char *p, const char *end)
{
    while (p < end && gy__char_is(*p, GY__CHAR_TOKEN)) {
        p++;
    }
    return p;
}

/* Characters of a host's name. */
static inline char *scan_host(char *p, const char *end)
{
    while (p < end && gy__char_is(*p, GY__CHAR_HOST)) {
        p++;
    }
    return p;
}

/* Does any of eight bytes lie below 0x20 or equal 0x7f? Tabs count too: the caller looks closer. */
static inline uint64_t has_control(const char *p)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones * 0x80;
    uint64_t w;
    memcpy(&w, p, sizeof w);
    uint64_t del = w ^ (ones * 0x7f);
    return (((w - ones * 0x20) & ~w) | ((del - ones) & ~del)) & tops;
}

/* Characters of a field value. */
static inline char *scan_value(char *p, const char *end)
{
    while (p < end) {
        if (!has_control(p)) {
            p += 8;
            continue;
        }
        for (int i = 0; i < 8; i++, p++) {
            if (!gy__char_is(*p, GY__CHAR_VALUE)) {
                return p;
            }
        }
    }
    return p;
}

/* Characters of a request target. */
static inline char *scan_target(char *p, const char *end)
{
    while (p < end && gy__char_is(*p, GY__CHAR_TARGET)) {
        p++;
    }
    return p;
}

/* The same up to a '?'. [escaped] becomes true when there was a '%' in it. */
static inline char *scan_path(char *p, const char *end, bool *escaped)
{
    bool percent = false;
    while (p < end && *p != '?' && gy__char_is(*p, GY__CHAR_TARGET)) {
        percent |= *p == '%';
        p++;
    }
    *escaped = percent;
    return p;
}

#endif
