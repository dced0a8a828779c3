/* SPDX-License-Identifier: MIT */
/* echo.c - a request told back as JSON. */

#include "testbed.h"

static bool seen_before(const gy_headers *h, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (gy_str_ieq(h->items[k].name, h->items[i].name))
            return true;
    return false;
}

static const char *lower(gy_request *r, gy_str name)
{
    char *s = gy_strdup(r->arena, name.ptr);
    for (char *p = s; p && *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
    return s;
}

int testbed_echo(gy_request *r)
{
    gy_str body = gy_base64(r->arena, r->body);
    if (!body.ptr)
        return 503;
    gy_json_out out = gy_json_begin(r);
    gy_json_put(&out, "method", "%s", r->method.ptr);
    gy_json_put(&out, "path", "%s", r->path.ptr);
    gy_json_put(&out, "query", "%s", r->query.ptr ? r->query.ptr : "");
    gy_json_object(&out, "headers");
    for (size_t i = 0; i < r->headers.count; i++) {
        const char *name = lower(r, r->headers.items[i].name);
        if (name && !seen_before(&r->headers, i))
            gy_json_put(&out, name, "%s", gy_header(r, name, ""));
    }
    gy_json_close(&out);
    gy_json_put(&out, "body", "%s", body.ptr);
    return gy_json_end(&out);
}
