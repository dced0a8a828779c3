/* SPDX-License-Identifier: MIT */
/* shortcut.h - literal paths, found by a look at three of their bytes.
 *
 * A path has one slot that it may lie in. Where two meet, the second is left to the tree. */
#ifndef GYRE_WEB_SHORTCUT_H
#define GYRE_WEB_SHORTCUT_H

#include "web/table.h"

#include <string.h>

struct gy__literal {
    gy_str path; /* of length 0: none */
    const struct gy__row *row;
};

struct gy__shortcut {
    struct gy__literal *slots;
    size_t mask; /* one less than there are slots, a power of two */
};

/* Room for about [rows] rows. 0 or GY_ENOMEM. */
int gy__shortcut_init(struct gy__shortcut *s, gy_arena *a, size_t rows);

/* From now on [path] gives [row], unless its slot is taken. Borrows both. */
void gy__shortcut_add(struct gy__shortcut *s, gy_str path, const struct gy__row *row);

/* [path] is not empty. */
static inline struct gy__literal *gy__shortcut_slot(const struct gy__shortcut *s, gy_str path)
{
    size_t middle = (unsigned char)path.ptr[path.len / 2];
    size_t last = (unsigned char)path.ptr[path.len - 1];
    return &s->slots[(path.len + 5 * middle + 7 * last) & s->mask];
}

/* The row of that very path; NULL when there is none here. */
static inline const struct gy__row *gy__shortcut_find(const struct gy__shortcut *s, gy_str path)
{
    if (path.len == 0)
        return NULL;
    const struct gy__literal *l = gy__shortcut_slot(s, path);
    return l->path.len == path.len && memcmp(l->path.ptr, path.ptr, path.len) == 0 ? l->row : NULL;
}

#endif
