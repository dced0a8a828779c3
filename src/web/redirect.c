/* SPDX-License-Identifier: MIT */
/* redirect.c - sends the client elsewhere. */
#include "web/request.h"

#include <gyre/error.h>

/* What must be encoded in any URL; a backslash because browsers take it for a slash. */
static bool must_encode(unsigned char c)
{
    return c <= ' ' || c >= 0x7f || strchr("\"<>\\^`{|}", c);
}

static bool is_control(unsigned char c)
{
    return c < ' ' || c == 0x7f;
}

/* Escapes that are there stay. NULL when memory is exhausted. */
static const char *encode(gy_arena *a, const char *url)
{
    static const char hex[] = "0123456789ABCDEF";
    char *out = gy_alloc(a, strlen(url) * 3 + 1), *at = out;
    for (; out && *url; url++) {
        unsigned char c = (unsigned char)*url;
        if (must_encode(c)) {
            *at++ = '%';
            *at++ = hex[c >> 4];
            *at++ = hex[c & 15];
        } else {
            *at++ = (char)c;
        }
    }
    if (out)
        *at = '\0';
    return out;
}

int gy_redirect_with(gy_request *r, const char *url, int status)
{
    struct gy__request *q = gy__request_of(r);
    if (q->failure)
        return q->failure;
    if (q->ended)
        return GY_EFINISHED;
    if (q->x->head_sent || status < 300 || status > 399)
        return gy__response_fail(q, GY_EINVAL);
    for (const char *p = url; *p; p++)
        if (is_control((unsigned char)*p))
            return gy__response_fail(q, GY_EINVAL);
    const char *location = encode(r->arena, url);
    if (!location)
        return gy__response_fail(q, GY_ENOMEM);
    int e = gy_set_header(r, "Location", location);
    if (e)
        return e;
    q->status = status;
    q->phrase = NULL;
    gy__response_clear_body(q);
    q->ended = true;
    return 0;
}

int gy_redirect(gy_request *r, const char *url)
{
    return gy_redirect_with(r, url, 302);
}
