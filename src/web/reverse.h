/* SPDX-License-Identifier: MIT */
/* reverse.h - from a row and its parts to a path. */
#ifndef GYRE_WEB_REVERSE_H
#define GYRE_WEB_REVERSE_H

#include "web/table.h"

/* The path, percent-encoded, in the arena. ptr NULL and a log line when the number of texts is not
 * that of the parts, a text is not of its part's type, or the row's regular expression is more than
 * text and simple groups. */
gy_str gy__row_url(const struct gy__row *row, gy_arena *a, const char *const *texts, size_t count);

#endif
