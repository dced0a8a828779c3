/* SPDX-License-Identifier: MIT */
/* chars.h - the character classes of HTTP in one table. */
#ifndef GYRE_HTTP_CHARS_H
#define GYRE_HTTP_CHARS_H

#include <stdbool.h>

enum gy__char {
    GY__CHAR_TOKEN = 1,  /* tchar, RFC 9110 section 5.6.2 */
    GY__CHAR_VALUE = 2,  /* HTAB, SP, visible, 0x80 and above: field-content */
    GY__CHAR_TARGET = 4, /* visible ASCII but '#' */
    GY__CHAR_HOST = 8,   /* unreserved and sub-delims of RFC 3986, but not the comma */
    GY__CHAR_HEX = 16,
    GY__CHAR_DIGIT = 32
};

extern const unsigned char gy__char_table[256];

static inline bool gy__char_is(char c, enum gy__char kind)
{
    return (gy__char_table[(unsigned char)c] & kind) != 0;
}

#endif
