/* SPDX-License-Identifier: MIT */
/* utf8_step.h - one UTF-8 sequence at a time. */
#ifndef GYRE_BASE_UTF8_STEP_H
#define GYRE_BASE_UTF8_STEP_H

#include <stdbool.h>
#include <stddef.h>

/* The length (1 to 4) of the well-formed sequence at [p], 0 when there is none within [left]
 * bytes. Strict as RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
static inline size_t gy__utf8_step(const char *p, size_t left)
{
    const unsigned char *s = (const unsigned char *)p;
    if (left == 0)
        return 0;
    if (s[0] < 0x80)
        return 1;
    if (s[0] < 0xc2 || s[0] > 0xf4 || left < 2)
        return 0;
    if (s[0] < 0xe0)
        return (s[1] & 0xc0) == 0x80 ? 2 : 0;
    if (s[0] < 0xf0) {
        unsigned low = s[0] == 0xe0 ? 0xa0 : 0x80, high = s[0] == 0xed ? 0x9f : 0xbf;
        return left >= 3 && s[1] >= low && s[1] <= high && (s[2] & 0xc0) == 0x80 ? 3 : 0;
    }
    unsigned low = s[0] == 0xf0 ? 0x90 : 0x80, high = s[0] == 0xf4 ? 0x8f : 0xbf;
    bool tail = left >= 4 && (s[2] & 0xc0) == 0x80 && (s[3] & 0xc0) == 0x80;
    return tail && s[1] >= low && s[1] <= high ? 4 : 0;
}

/* Whether what [step] found at [p] shows something: control characters do not, nor what is no UTF-8. U+0080
 * to U+009F steer terminals as their ASCII twins behind ESC do. */
static inline bool gy__utf8_shows(const char *p, size_t step)
{
    if (step == 1)
        return *p >= ' ' && *p != 127;
    return step > 2 || (step == 2 && !(p[0] == '\xc2' && (unsigned char)p[1] < 0xa0));
}

/* Put a question mark in the place of each byte that shows nothing: what strangers have said, for a person to
 * read. */
static inline void gy__utf8_tame(char *text, size_t len)
{
    for (size_t at = 0, step; at < len; at += step) {
        step = gy__utf8_step(text + at, len - at);
        if (gy__utf8_shows(text + at, step))
            continue;
        text[at] = '?';
        step = 1;
    }
}

#endif
