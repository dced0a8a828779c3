/* SPDX-License-Identifier: MIT */
/* path.h - the path of a request in the form that routes are matched against. */
#ifndef GYRE_WEB_PATH_H
#define GYRE_WEB_PATH_H

#include <gyre/arena.h>
#include <stdbool.h>

/* Neither a '%' nor a byte above ASCII: decoding leaves it as it is. */
bool gy__path_is_plain(gy_str raw);

/* Decode [raw]. An encoded slash must not end a part as a plain one does, so it becomes this byte,
 * which no decoded path holds otherwise. */
#define GY__PATH_SLASH '\0'

/* 0 with [out], which is [raw] itself when nothing is encoded, else lies in the arena; or the
 * status to answer with: 400 for a malformed escape, what is no UTF-8, or control characters but
 * tab and line ends; 503. */
int gy__path_decode(gy_arena *a, gy_str raw, gy_str *out);

/* Copy a piece of a decoded path to [to], with plain slashes and a NUL behind. Gives the end, one
 * past the NUL. */
char *gy__path_copy(char *to, gy_str piece);

#endif
