/* SPDX-License-Identifier: MIT */
/* escape.c - text made safe inside HTML. */
#include "codec/escape.h"

static gy_str entity(char c)
{
    switch (c) {
    case '&':
        return (gy_str)GY_STR("&amp;");
    case '<':
        return (gy_str)GY_STR("&lt;");
    case '>':
        return (gy_str)GY_STR("&gt;");
    case '"':
        return (gy_str)GY_STR("&quot;");
    case '\'':
        return (gy_str)GY_STR("&#x27;");
    default:
        return gy_str_n(NULL, 0);
    }
}

int gy__html_escape(struct gy__buf *out, gy_str s)
{
    size_t before = out->len, plain = 0;
    int e = 0;

    for (size_t i = 0; i < s.len && !e; i++) {
        gy_str with = entity(s.ptr[i]);
        if (!with.ptr)
            continue;
        e = gy__buf_add(out, s.ptr + plain, i - plain);
        if (!e)
            e = gy__buf_add(out, with.ptr, with.len);
        plain = i + 1;
    }
    if (!e)
        e = gy__buf_add(out, s.len ? s.ptr + plain : "", s.len - plain);
    if (e)
        gy__buf_cut(out, before);
    return e;
}
