/* SPDX-License-Identifier: MIT */
/* cookie.h - Set-Cookie and Cookie fields read as browsers do (RFC 6265 and its successor). */
#ifndef GYRE_CODEC_COOKIE_H
#define GYRE_CODEC_COOKIE_H

#include <gyre/str.h>

enum gy__same_site {
    GY__SAME_SITE_UNSET,
    GY__SAME_SITE_NONE,
    GY__SAME_SITE_LAX,
    GY__SAME_SITE_STRICT
};

enum { GY__COOKIE_MAX = 4096, GY__COOKIE_ATTRIBUTE_MAX = 1024, GY__COOKIE_MAX_AGE = 400 * 86400 };

/* The texts are views into the field: no NUL behind them. */
struct gy__cookie {
    gy_str name, value; /* one of them may be empty */
    gy_str domain;      /* as it was written, without a first dot; empty: not said */
    gy_str path;        /* begins with /; empty: not said, or not to be used */
    int64_t
        expires; /* seconds since 1970, at most GY__COOKIE_MAX_AGE ahead; INT64_MAX: a session */
    bool secure, http_only;
    enum gy__same_site same_site;
};

/* Read a Set-Cookie field that came at [now]. 0, or GY_EINVAL: control characters, neither name nor
 * value, or more than GY__COOKIE_MAX bytes of them. What it does not know it passes over. */
GY_CHECKED int gy__cookie_parse(gy_str field, int64_t now, struct gy__cookie *out);

/* The next pair of a Cookie field, which [rest] is at first; false at its end. Pieces without a name and
 * = are passed over. Views; quotes stay. In all this takes time linear in the field. */
bool gy__cookie_next(gy_str *rest, gy_str *name, gy_str *value);

/* A date of an Expires attribute, as loosely as browsers read it. 0 or GY_EINVAL. */
GY_CHECKED int gy__cookie_date(gy_str text, int64_t *out);

#endif
