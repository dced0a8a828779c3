/* SPDX-License-Identifier: MIT */
/* percent.h - percent-encoding (RFC 3986 2.1) and its form variant. */
#ifndef GYRE_CODEC_PERCENT_H
#define GYRE_CODEC_PERCENT_H

#include "base/buf.h"

#include <gyre/arena.h>

enum gy__percent {
    GY__PERCENT_COMPONENT, /* keeps letters, digits and -._~ */
    GY__PERCENT_PATH,      /* keeps / as well, and what a path segment may hold */
    GY__PERCENT_FORM       /* application/x-www-form-urlencoded: a space is + */
};

/* Decode [len] bytes at [p] in place, with GY__PERCENT_FORM a + as a space; gives the new length
 * and, when that is smaller, puts a NUL behind. A % without two digits stays as it is, and
 * *malformed is then set to true; otherwise it is left alone. */
size_t gy__percent_decode(char *p, size_t len, enum gy__percent kind, bool *malformed);

/* The same for a copy in the arena, NUL-terminated; ptr NULL when memory is exhausted. */
gy_str gy__percent_decoded(gy_arena *a, gy_str s, enum gy__percent kind, bool *malformed);

/* Append the encoded text. 0, GY_ETOOBIG, GY_ENOMEM; on failure nothing is appended. */
GY_CHECKED int gy__percent_encode(struct gy__buf *out, gy_str s, enum gy__percent kind);

/* The encoded text in the arena; ptr NULL when memory is exhausted. */
gy_str gy__percent_encoded(gy_arena *a, gy_str s, enum gy__percent kind);

#endif
