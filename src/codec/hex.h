/* SPDX-License-Identifier: MIT */
/* hex.h - bytes as hexadecimal digits and back. */
#ifndef GYRE_CODEC_HEX_H
#define GYRE_CODEC_HEX_H

#include <gyre/str.h>

/* The value of a hexadecimal digit, or -1. */
static inline int gy__hex_value(char c)
{
    unsigned digit = (unsigned char)c - (unsigned)'0';
    unsigned letter = ((unsigned char)c | 0x20u) - (unsigned)'a';
    return digit < 10 ? (int)digit : letter < 6 ? (int)letter + 10 : -1;
}

/* 2 * [len] lower-case digits and a NUL into [out]. */
void gy__hex_encode(char *out, const void *bytes, size_t len);

/* text.len / 2 bytes into [out]. 0, or GY_EINVAL when [text] is anything but pairs of digits. */
GY_CHECKED int gy__hex_decode(void *out, gy_str text);

#endif
