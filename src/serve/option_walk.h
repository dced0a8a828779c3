/* SPDX-License-Identifier: MIT */
/* option_walk.h - a table of options with those inside it, as one row after another. */
#ifndef GYRE_SERVE_OPTION_WALK_H
#define GYRE_SERVE_OPTION_WALK_H

#include <gyre/options.h>

enum { GY__OPTION_DEPTH = 8 }; /* tables within tables; what is deeper is not seen */

struct gy__option_walk {
    struct {
        const gy_option *at;
        const char *group;
    } levels[GY__OPTION_DEPTH];
    int depth;
    size_t index;      /* of the row that was given, counted from 0 over all tables */
    const char *group; /* its heading */
};

static inline struct gy__option_walk gy__option_walk(const gy_option *table)
{
    return (struct gy__option_walk){
        .levels = {{table, ""}}, .depth = table ? 1 : 0, .index = (size_t)-1, .group = ""};
}

/* The next option, no groups among them; NULL at the end. */
const gy_option *gy__option_next(struct gy__option_walk *w);

#endif
