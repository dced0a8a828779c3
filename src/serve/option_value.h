/* SPDX-License-Identifier: MIT */
/* option_value.h - the values of options as text. */
#ifndef GYRE_SERVE_OPTION_VALUE_H
#define GYRE_SERVE_OPTION_VALUE_H

#include <gyre/options.h>
#include <gyre/str.h>

#include "serve/option_state.h"

/* Longest text that gy__option_expects and gy__option_print write, with its NUL. */
enum { GY__OPTION_TEXT = 256 };

/* How a text becomes a value. */
struct gy__option_reading {
    struct gy__option_state *state; /* keeps what the value points to */
    const char *folder;             /* relative paths count from here; NULL leaves them */
    bool join;                      /* a list gets longer */
};

/* Set the value of [o] from [text]. GY_EINVAL and GY_ENOMEM leave it as it was. */
GY_CHECKED int gy__option_set(const gy_option *o, const char *text,
                              const struct gy__option_reading *how);

/* What would have been right: "a whole number from 1 to 9". */
void gy__option_expects(const gy_option *o, char out[GY__OPTION_TEXT]);

/* The present value as it would be written; empty when there is nothing to say. What does not fit
 * is cut. */
void gy__option_print(const gy_option *o, char out[GY__OPTION_TEXT]);

/* Is [value] within the bounds of [o]? */
static inline bool gy__option_within(const gy_option *o, double value)
{
    return o->max <= o->min || (value >= o->min && value <= o->max);
}

/* Is [text] among the choices, or are there none? */
bool gy__option_has_choice(const gy_option *o, gy_str text);

/* -- option_number.c --------------------------------------------------------------------------- */

GY_CHECKED int gy__option_bool(gy_str text, bool *out);

/* "1h30m" in seconds. GY_EINVAL. */
GY_CHECKED int gy__option_time(gy_str text, double *out);

/* "64K" in bytes. GY_EINVAL. */
GY_CHECKED int gy__option_size(gy_str text, size_t *out);

/* -- option_date.c ----------------------------------------------------------------------------- */

/* A date, a time of today or both, in seconds since 1970. GY_EINVAL. */
GY_CHECKED int gy__option_date(gy_str text, double *out);

/* The same back: "2026-11-22 15:04:05", in local time. */
void gy__option_date_print(double seconds, char out[32]);

/* -- option_list.c ----------------------------------------------------------------------------- */

GY_CHECKED int gy__option_texts(const gy_option *o, gy_str text,
                                const struct gy__option_reading *how);
GY_CHECKED int gy__option_ints(const gy_option *o, gy_str text,
                               const struct gy__option_reading *how);

/* -- option_path.c ----------------------------------------------------------------------------- */

/* With "~" and "~user" replaced, and from the folder when there is one and the path is relative.
 * GY_EINVAL when there is no such user. */
GY_CHECKED int gy__option_path(const char *text, const struct gy__option_reading *how,
                               const char **out);

#endif
