/* SPDX-License-Identifier: MIT */
/* cookie_jar.h - what the client asks of a cookie jar. */
#ifndef GYRE_HTTP_COOKIE_JAR_H
#define GYRE_HTTP_COOKIE_JAR_H

#include "codec/url.h"

#include <gyre/client.h>

enum {
    GY__JAR_MAX = 3000,          /* cookies in all; the one unused for longest goes */
    GY__JAR_DOMAIN_MAX = 180,    /* of one domain */
    GY__JAR_FIELD_MAX = 8 * 1024 /* bytes of a Cookie field; what comes last by order is left out */
};

/* Take a Set-Cookie field of [url]'s response. 0, GY_EINVAL when it is malformed, for a path longer than
 * GY__COOKIE_ATTRIBUTE_MAX, or when [url] has no right to set it, GY_ENOMEM. */
GY_CHECKED int gy__cookie_jar_set(gy_cookie_jar *jar, const struct gy__url *url, gy_str field);

/* The Cookie field of a request to [url], in [arena]; empty when there is none, ptr NULL when out of
 * memory. */
gy_str gy__cookie_jar_get(gy_arena *arena, gy_cookie_jar *jar, const struct gy__url *url);

#endif
