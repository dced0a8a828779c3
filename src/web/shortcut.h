/* SPDX-License-Identifier: MIT */
/* shortcut.h - literal paths, found by a look at three of their bytes.
 *
 * A path has one slot that it may lie in. Where two meet, the second is left to the tree. */
#ifndef GYRE_WEB_SHORTCUT_H
#define GYRE_WEB_SHORTCUT_H

#include "web/table.h"

#include <stdint.h>
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

/* Most paths are short: a call of memcmp would cost more. */
static inline bool gy__shortcut_same(gy_str a, gy_str b)
{
    size_t i = 0;
    if (a.len != b.len)
        return false;
    for (uint64_t x, y; a.len - i >= 8; i += 8) {
        memcpy(&x, a.ptr + i, 8);
        memcpy(&y, b.ptr + i, 8);
        if (x != y)
            return false;
    }
    while (i < a.len && a.ptr[i] == b.ptr[i])
        i++;
    return i == a.len;
}

/* The row of that very path; NULL when there is none here. */
static inline const struct gy__row *gy__shortcut_find(const struct gy__shortcut *s, gy_str path)
{
    if (path.len == 0)
        return NULL;
    const struct gy__literal *l = gy__shortcut_slot(s, path);
    return gy__shortcut_same(l->path, path) ? l->row : NULL;
}

#endif
