/* SPDX-License-Identifier: MIT */
/* escape.h - text made safe inside HTML. */
#ifndef GYRE_CODEC_ESCAPE_H
#define GYRE_CODEC_ESCAPE_H

#include "base/buf.h"

/* Append [s] with & < > " ' as entities, so that it is text in an element and in a quoted
 * attribute. 0, GY_ETOOBIG, GY_ENOMEM; on failure nothing is appended. */
GY_CHECKED int gy__html_escape(struct gy__buf *out, gy_str s);

#endif
