/* SPDX-License-Identifier: MIT */
/* base64.h - RFC 4648 base64, plain and safe in URLs. */
#ifndef GYRE_CODEC_BASE64_H
#define GYRE_CODEC_BASE64_H

#include <gyre/str.h>

enum gy__base64 {
    GY__BASE64,    /* with + and /, padded */
    GY__BASE64_URL /* with - and _, not padded */
};

/* How many characters [len] bytes make, at most; not counting the NUL. */
static inline size_t gy__base64_room(size_t len)
{
    return (len + 2) / 3 * 4;
}

/* Encode into [out], which has room for gy__base64_room(len) + 1; puts a NUL behind and gives the
 * length. */
size_t gy__base64_encode(char *out, const void *bytes, size_t len, enum gy__base64 kind);

/* Decode into [out], which has room for text.len / 4 * 3 + 2 bytes; *len is how many there are.
 * Strict: no white space, nothing behind the padding, no stray bits. GY__BASE64 demands the
 * padding, GY__BASE64_URL takes it or leaves it. 0 or GY_EINVAL. */
GY_CHECKED int gy__base64_decode(void *out, size_t *len, gy_str text, enum gy__base64 kind);

#endif
