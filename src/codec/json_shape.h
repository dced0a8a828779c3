/* SPDX-License-Identifier: MIT */
/* json_shape.h - JSON from a printf format in which keys need no quotes. */
#ifndef GYRE_CODEC_JSON_SHAPE_H
#define GYRE_CODEC_JSON_SHAPE_H

#include "base/buf.h"

/* Append one value, as in
 *     "{id: %ld, title: %s, tags: [%s, 'fixed'], done: !!%d, none: null}"
 * without spaces:
 *     {"id":7,"title":"x","tags":["y","fixed"],"done":true,"none":null}
 *
 * A key is a name of letters, digits, _, $ and - that does not begin with a digit or -, or a quoted
 * text, or %s. A value is an object, an array, true, false, null, a number, a text in single or
 * double quotes, or a conversion:
 *     %d %i %u with hh, h, l, ll, z, j, t     a number; with ! before it false or true, as in C
 *     %f %e %g                                the shortest number that reads back
 *     %.2f %.*f ...                           as printf does; not finite: null
 *     %s %.*s %.5s                            a text, escaped; NULL: null
 *     %c                                      a text of one byte
 * A % within quotes is written %%; backslashes there work as in JSON, and \' too.
 *
 * 0, GY_ETOOBIG, GY_ENOMEM, or GY_EINVAL for a malformed shape, for a NULL key, and for more than 64
 * levels; on failure nothing is appended. */
GY_CHECKED int gy__json_vshape(struct gy__buf *out, const char *shape, va_list ap) GY_PRINTF(2, 0);
GY_CHECKED int gy__json_shape(struct gy__buf *out, const char *shape, ...) GY_PRINTF(2, 3);

#endif
