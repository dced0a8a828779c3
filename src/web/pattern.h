/* SPDX-License-Identifier: MIT */
/* pattern.h - "/story/{id:int}" taken apart into literals and typed parts. */
#ifndef GYRE_WEB_PATTERN_H
#define GYRE_WEB_PATTERN_H

#include <gyre/arena.h>
#include <stdbool.h>
#include <stddef.h>

enum gy__part_type {
    GY__PART_STR,
    GY__PART_INT,
    GY__PART_UINT,
    GY__PART_FLOAT,
    GY__PART_SLUG,
    GY__PART_HEX,
    GY__PART_UUID,
    GY__PART_REST, /* always the last piece */
    GY__PART_RE
};

/* A run of literal bytes, or a part. */
struct gy__piece {
    gy_str text; /* the bytes, or the part's name */
    gy_str re;   /* the expression of GY__PART_RE */
    enum gy__part_type type;
    bool is_part;
};

struct gy__pattern {
    struct gy__piece *pieces;
    size_t count;
};

/* One sentence about what is wrong with a table, for whoever wrote it. */
struct gy__fault {
    char text[256];
};

/* Set the sentence; gives GY_EINVAL to return. [why] may be NULL. */
int gy__fault_say(struct gy__fault *why, const char *fmt, ...) GY_PRINTF(2, 3);

/* What stands before a part's name is literal; "\{", "\}" and "\\" are the bytes themselves. 0,
 * GY_ENOMEM, or GY_EINVAL with [why] naming the position (from 0). Borrows [text]. */
int gy__pattern_parse(gy_arena *a, gy_str text, struct gy__pattern *out, struct gy__fault *why);

/* "int" and so on, GY__PART_RE left out; false when there is no such type. */
bool gy__part_type_of(gy_str name, enum gy__part_type *out);
const char *gy__part_type_name(enum gy__part_type type);

/* Is [value], percent-decoded, a text of that type? Any value fits GY__PART_RE here. */
bool gy__part_fits(enum gy__part_type type, gy_str value);

/* The regular expression of a type, without group. It may take more than gy__part_fits does. */
const char *gy__part_regex(enum gy__part_type type);

#endif
