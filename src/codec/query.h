/* SPDX-License-Identifier: MIT */
/* query.h - "a=b&c=d" to pairs (application/x-www-form-urlencoded). */
#ifndef GYRE_CODEC_QUERY_H
#define GYRE_CODEC_QUERY_H

#include <gyre/arena.h>

struct gy__pair {
    gy_str name;
    gy_str value;
};

struct gy__query {
    struct gy__pair *pairs; /* in the order they came, names may repeat */
    size_t len;
};

/* Parse as browsers do: only & separates, a name without = has an empty value, nothing between two
 * & is skipped, a malformed % stays as it is. Names and values are decoded, valid UTF-8 and
 * NUL-terminated in the arena; they may hold any character, U+0000 too. Takes time linear in
 * [text]. 0, GY_ETOOBIG for more than [limit] pairs, GY_EPROTO for what is not UTF-8, GY_ENOMEM. */
GY_CHECKED int gy__query_parse(gy_arena *a, gy_str text, size_t limit, struct gy__query *out);

#endif
