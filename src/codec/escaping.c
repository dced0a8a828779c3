/* SPDX-License-Identifier: MIT */
/* escaping.c - the public escapes, with their results in an arena. */

#include <gyre/escape.h>

#include "base/buf.h"
#include "codec/base64.h"
#include "codec/escape.h"
#include "codec/percent.h"

static const gy_str none = {NULL, 0};

gy_str gy_html_escape(gy_arena *a, gy_str text)
{
    struct gy__buf out;
    gy__buf_init(&out, SIZE_MAX / 2);
    gy_str result = gy__html_escape(&out, text) ? none : gy_str_copy(a, gy__buf_str(&out));
    gy__buf_done(&out);
    return result;
}

gy_str gy_url_escape(gy_arena *a, gy_str text)
{
    return gy__percent_encoded(a, text, GY__PERCENT_COMPONENT);
}

gy_str gy_url_unescape(gy_arena *a, gy_str text)
{
    bool malformed;
    return gy__percent_decoded(a, text, GY__PERCENT_COMPONENT, &malformed);
}

gy_str gy_base64(gy_arena *a, gy_str bytes)
{
    char *out = gy_alloc(a, gy__base64_room(bytes.len) + 1);
    return out ? gy_str_n(out, gy__base64_encode(out, bytes.ptr, bytes.len, GY__BASE64)) : none;
}

gy_str gy_unbase64(gy_arena *a, gy_str text)
{
    size_t len = 0;
    char *out = gy_alloc(a, text.len / 4 * 3 + 3);
    if (!out || gy__base64_decode(out, &len, text, GY__BASE64))
        return none;
    out[len] = '\0';
    return gy_str_n(out, len);
}
