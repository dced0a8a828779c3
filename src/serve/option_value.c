/* SPDX-License-Identifier: MIT */
/* option_value.c - texts become the values of options. */
#include "serve/option_value.h"

#include <gyre/error.h>
#include <limits.h>
#include <string.h>

bool gy__option_has_choice(const gy_option *o, gy_str text)
{
    bool found = !o->choices;
    for (const char *const *c = o->choices; c && *c && !found; c++)
        found = gy_str_eq(gy_str_of(*c), text);
    return found;
}

static int set_text(const gy_option *o, const char *text, struct gy__option_state *s)
{
    if (!gy__option_has_choice(o, gy_str_of(text)))
        return GY_EINVAL;
    const char *kept = gy__option_keep(s, text, strlen(text));
    if (!kept)
        return GY_ENOMEM;
    *(const char **)o->value = kept;
    return 0;
}

static int set_int(const gy_option *o, gy_str text)
{
    int64_t n;
    if (gy_str_int(text, &n) || n < INT_MIN || n > INT_MAX || !gy__option_within(o, (double)n))
        return GY_EINVAL;
    *(int *)o->value = (int)n;
    return 0;
}

static int set_size(const gy_option *o, gy_str text)
{
    size_t n;
    if (gy__option_size(text, &n) || !gy__option_within(o, (double)n))
        return GY_EINVAL;
    *(size_t *)o->value = n;
    return 0;
}

static int set_double(const gy_option *o, gy_str text, int (*read)(gy_str text, double *out))
{
    double n;
    if (read(text, &n) || !gy__option_within(o, n))
        return GY_EINVAL;
    *(double *)o->value = n;
    return 0;
}

static int set_choice(const gy_option *o, gy_str text)
{
    for (const gy_option_name *n = o->names; n && n->name; n++) {
        if (gy_str_ieq(text, gy_str_of(n->name))) {
            *(int *)o->value = n->value;
            return 0;
        }
    }
    return GY_EINVAL;
}

int gy__option_set(const gy_option *o, const char *text, const struct gy__option_reading *how)
{
    gy_str s = gy_str_of(text);
    switch (o->kind) {
    case GY_OPTION_TEXT:
        return set_text(o, text, how->state);
    case GY_OPTION_INT:
        return set_int(o, s);
    case GY_OPTION_DOUBLE:
        return set_double(o, s, gy_str_double);
    case GY_OPTION_BOOL:
        return gy__option_bool(s, o->value);
    case GY_OPTION_SIZE:
        return set_size(o, s);
    case GY_OPTION_TIME:
        return set_double(o, s, gy__option_time);
    case GY_OPTION_CHOICE:
        return set_choice(o, s);
    case GY_OPTION_DATE:
        return set_double(o, s, gy__option_date);
    case GY_OPTION_PATH:
    case GY_OPTION_CONFIG:
        return gy__option_path(text, how, o->value);
    case GY_OPTION_TEXTS:
    case GY_OPTION_PATHS:
        return gy__option_texts(o, s, how);
    case GY_OPTION_INTS:
        return gy__option_ints(o, s, how);
    case GY_OPTION_GROUP:
        break;
    }
    return GY_EINVAL;
}
