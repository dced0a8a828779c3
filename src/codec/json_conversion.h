/* SPDX-License-Identifier: MIT */
/* json_conversion.h - one printf conversion of a shape. */
#ifndef GYRE_CODEC_JSON_CONVERSION_H
#define GYRE_CODEC_JSON_CONVERSION_H

#include "base/buf.h"

/* A shape being read. */
struct gy__shape {
    const char *at;
    struct gy__buf *out;
    va_list ap; /* in a struct, so that it can be passed on and keeps what was taken from it */
};

/* Read the conversion at s->at, which begins with % or !, take its argument and append it. As a key
 * only texts that are not NULL will do. 0, GY_EINVAL, GY_ETOOBIG, GY_ENOMEM. */
GY_CHECKED int gy__shape_conversion(struct gy__shape *s, bool as_key);

#endif
