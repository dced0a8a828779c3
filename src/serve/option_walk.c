/* SPDX-License-Identifier: MIT */
/* option_walk.c - a table of options with those inside it, as one row after another. */
#include "serve/option_walk.h"

static void enter(struct gy__option_walk *w, const gy_option *group)
{
    if (w->depth == GY__OPTION_DEPTH || !group->rows)
        return;
    w->levels[w->depth].at = group->rows;
    w->levels[w->depth].group = group->name;
    w->depth++;
}

const gy_option *gy__option_next(struct gy__option_walk *w)
{
    while (w->depth > 0) {
        const gy_option *o = w->levels[w->depth - 1].at;
        if (!o->name) {
            w->depth--;
            continue;
        }
        w->levels[w->depth - 1].at++;
        if (o->kind == GY_OPTION_GROUP) {
            enter(w, o);
            continue;
        }
        w->group = w->levels[w->depth - 1].group;
        w->index++;
        return o;
    }
    return NULL;
}
