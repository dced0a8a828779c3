/* SPDX-License-Identifier: MIT */
/* json_text.c - a JSON text in an arena. */
#include "codec/json_shape.h"

#include <gyre/json.h>

gy_str gy_json_vstrf(gy_arena *a, const char *shape, va_list ap)
{
    struct gy__buf b;
    gy_str text = {NULL, 0};

    gy__buf_init(&b, PTRDIFF_MAX);
    if (gy__json_vshape(&b, shape, ap) == 0)
        text = gy_str_copy(a, gy__buf_str(&b));
    gy__buf_done(&b);
    return text;
}

gy_str gy_json_strf(gy_arena *a, const char *shape, ...)
{
    va_list ap;
    va_start(ap, shape);
    gy_str text = gy_json_vstrf(a, shape, ap);
    va_end(ap);
    return text;
}
