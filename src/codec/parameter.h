/* SPDX-License-Identifier: MIT */
/* parameter.h - tokens and quoted strings, as fields have them (RFC 9110 section 5.6). */
#ifndef GYRE_CODEC_PARAMETER_H
#define GYRE_CODEC_PARAMETER_H

#include "base/buf.h"

#include <gyre/arena.h>

/* All move [rest] behind what they have read. */

/* Over any of the characters in [set]. */
void gy__parameter_skip(gy_str *rest, const char *set);

/* A token, a view; empty when there is none. */
gy_str gy__parameter_token(gy_str *rest);

/* Over blanks, a token or a quoted string, unescaped, in the arena with a NUL behind. 0; GY_EPROTO when
 * there is neither, no quote at the end, or a control character in it; GY_ENOMEM. */
GY_CHECKED int gy__parameter_value(gy_arena *a, gy_str *rest, gy_str *out);

/* Append [value] in quotes. 0; GY_EINVAL for a control character other than a tab; GY_ETOOBIG,
 * GY_ENOMEM. */
GY_CHECKED int gy__parameter_quote(struct gy__buf *out, gy_str value);

#endif
