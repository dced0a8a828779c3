/* SPDX-License-Identifier: MIT */
/* option_value.h - the values of options as text. */
#ifndef GYRE_SERVE_OPTION_VALUE_H
#define GYRE_SERVE_OPTION_VALUE_H

#include <gyre/options.h>
#include <gyre/str.h>

/* Longest text that gy__option_expects and gy__option_print write, with its NUL. */
enum { GY__OPTION_TEXT = 256 };

/* Set the value of [o] from [text]. GY_EINVAL leaves it as it was. */
GY_CHECKED int gy__option_set(const gy_option *o, const char *text);

/* What would have been right: "a whole number from 1 to 9". */
void gy__option_expects(const gy_option *o, char out[GY__OPTION_TEXT]);

/* The present value as it would be written; empty when there is nothing to say. */
void gy__option_print(const gy_option *o, char out[GY__OPTION_TEXT]);

/* "1h30m" in seconds. GY_EINVAL. */
GY_CHECKED int gy__option_time(gy_str text, double *out);

/* "64K" in bytes. GY_EINVAL. */
GY_CHECKED int gy__option_size(gy_str text, size_t *out);

#endif
