/* SPDX-License-Identifier: MIT */
/* shortcut.c - filling the table of literal paths. */
#include "web/shortcut.h"

#include <gyre/error.h>

int gy__shortcut_init(struct gy__shortcut *s, gy_arena *a, size_t rows)
{
    size_t slots = 4;
    while (slots < 4 * rows) /* so that few meet */
        slots *= 2;
    s->slots = gy_zalloc(a, slots * sizeof *s->slots);
    s->mask = slots - 1;
    return s->slots ? 0 : GY_ENOMEM;
}

void gy__shortcut_add(struct gy__shortcut *s, gy_str path, const struct gy__row *row)
{
    struct gy__literal *l = path.len ? gy__shortcut_slot(s, path) : NULL;
    if (l && l->path.len == 0)
        *l = (struct gy__literal){.path = path, .row = row};
}
