/* SPDX-License-Identifier: MIT */
/* utf8.h - is it UTF-8? */
#ifndef GYRE_CODEC_UTF8_H
#define GYRE_CODEC_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Strict as RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
bool gy__utf8_valid(const char *p, size_t len);

/* How many bytes at the start of [p] are ASCII. */
size_t gy__utf8_ascii(const char *p, size_t len);

#endif
