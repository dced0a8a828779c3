/* SPDX-License-Identifier: MIT */
/* option_name.h - finding options by their names, and by what was probably meant. */
#ifndef GYRE_SERVE_OPTION_NAME_H
#define GYRE_SERVE_OPTION_NAME_H

#include <gyre/options.h>
#include <gyre/str.h>

/* The option of that name, where '-' and '_' are the same, or NULL. [off] when it was found as
 * "no-name", which only those of kind GY_OPTION_BOOL are. */
const gy_option *gy__option_find(const gy_option *options, gy_str name, bool *off);

/* The one most like [name], or NULL when none is like it. */
const gy_option *gy__option_nearest(const gy_option *options, gy_str name);

#endif
