/* SPDX-License-Identifier: MIT */
/* option_name.c - finding options by their names, and by what was probably meant. */
#include "serve/option_name.h"

#include <string.h>

#include "serve/option_walk.h"

enum { LONGEST = 40 }; /* names beyond that are compared in full, but not for likeness */

static char plain(char c)
{
    return c == '_' ? '-' : c;
}

static bool is_named(gy_str name, const char *option)
{
    if (name.len != strlen(option))
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (plain(name.ptr[i]) != plain(option[i]))
            return false;
    return true;
}

static const gy_option *find_exact(const gy_option *options, gy_str name)
{
    struct gy__option_walk w = gy__option_walk(options);
    const gy_option *o;
    while ((o = gy__option_next(&w)))
        if (is_named(name, o->name))
            break;
    return o;
}

static bool says_no(gy_str name)
{
    return name.len > 3 && name.ptr[0] == 'n' && name.ptr[1] == 'o' && plain(name.ptr[2]) == '-';
}

const gy_option *gy__option_find(const gy_option *options, gy_str name, bool *off)
{
    *off = false;
    const gy_option *o = find_exact(options, name);
    if (o || !says_no(name))
        return o;
    o = find_exact(options, gy_str_n(name.ptr + 3, name.len - 3));
    if (!o || o->kind != GY_OPTION_BOOL)
        return NULL;
    *off = true;
    return o;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* How many letters must be added, removed, changed or swapped with their neighbour to make one from
 * the other: three rows of the usual table. */
static unsigned distance(gy_str a, const char *b, size_t b_len)
{
    unsigned before[LONGEST + 1], above[LONGEST + 1], row[LONGEST + 1] = {0};
    for (size_t j = 0; j <= b_len; j++)
        before[j] = above[j] = (unsigned)j;
    for (size_t i = 1; i <= a.len; i++) {
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_len; j++) {
            char x = plain(a.ptr[i - 1]), y = plain(b[j - 1]);
            row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == plain(b[j - 2]) && plain(a.ptr[i - 2]) == y)
                row[j] = least(row[j], before[j - 2] + 1);
        }
        memcpy(before, above, sizeof above);
        memcpy(above, row, sizeof row);
    }
    return above[b_len];
}

const gy_option *gy__option_nearest(const gy_option *options, gy_str name)
{
    if (says_no(name))
        name = gy_str_n(name.ptr + 3, name.len - 3);
    if (name.len < 2 || name.len > LONGEST)
        return NULL;
    /* About a third of the letters may be wrong; further away, a suggestion is a guess. */
    unsigned best = least(2 + (unsigned)name.len / 3, 4);
    struct gy__option_walk w = gy__option_walk(options);
    const gy_option *o, *near = NULL;
    while ((o = gy__option_next(&w))) {
        size_t len = strlen(o->name);
        if (len > LONGEST)
            continue;
        bool begins = len > name.len && memcmp(name.ptr, o->name, name.len) == 0;
        unsigned d = begins ? 1 : distance(name, o->name, len);
        if (d < best) {
            best = d;
            near = o;
        }
    }
    return near;
}
