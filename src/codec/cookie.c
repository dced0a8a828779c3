/* SPDX-License-Identifier: MIT */
/* cookie.c - Set-Cookie and Cookie fields read as browsers do (RFC 6265 and its successor). */
#include "codec/cookie.h"

#include <gyre/error.h>

static bool has_control(gy_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return true;
    }
    return false;
}

/* "name = value", both trimmed; false without a =, and then all of it is in [value]. */
static bool cut_pair(gy_str text, gy_str *name, gy_str *value)
{
    size_t equals = gy_str_find(text, '=');
    if (equals == SIZE_MAX) {
        *name = gy_str_n("", 0);
        *value = gy_str_trim(text);
        return false;
    }
    *name = gy_str_trim(gy_str_n(text.ptr, equals));
    *value = gy_str_trim(gy_str_n(text.ptr + equals + 1, text.len - equals - 1));
    return true;
}

/* -- Attributes ---------------------------------------------------------------------------------- */

struct reading {
    struct gy__cookie *out;
    int64_t now;
    bool max_age; /* was there: it wins over Expires */
};

static void set_expires(struct reading *r, gy_str value)
{
    int64_t t;
    if (r->max_age || gy__cookie_date(value, &t))
        return;
    r->out->expires = t > r->now + GY__COOKIE_MAX_AGE ? r->now + GY__COOKIE_MAX_AGE : t;
}

static void set_max_age(struct reading *r, gy_str value)
{
    int64_t seconds = 0;
    size_t i = value.len && value.ptr[0] == '-';
    bool negative = i == 1;
    if (i == value.len)
        return;
    for (; i < value.len; i++) {
        if (value.ptr[i] < '0' || value.ptr[i] > '9')
            return;
        if (seconds < GY__COOKIE_MAX_AGE)
            seconds = seconds * 10 + (value.ptr[i] - '0');
    }
    if (seconds > GY__COOKIE_MAX_AGE)
        seconds = GY__COOKIE_MAX_AGE;
    r->max_age = true;
    r->out->expires = negative || seconds == 0 ? INT64_MIN : r->now + seconds;
}

static void set_domain(struct reading *r, gy_str value)
{
    if (value.len && value.ptr[0] == '.')
        value = gy_str_n(value.ptr + 1, value.len - 1);
    r->out->domain = value;
}

static void set_path(struct reading *r, gy_str value)
{
    r->out->path = value.len && value.ptr[0] == '/' ? value : gy_str_n("", 0);
}

static void set_secure(struct reading *r, gy_str value)
{
    (void)value;
    r->out->secure = true;
}

static void set_http_only(struct reading *r, gy_str value)
{
    (void)value;
    r->out->http_only = true;
}

static void set_same_site(struct reading *r, gy_str value)
{
    r->out->same_site = gy_str_ieq(value, gy_str_of("none"))     ? GY__SAME_SITE_NONE
                        : gy_str_ieq(value, gy_str_of("lax"))    ? GY__SAME_SITE_LAX
                        : gy_str_ieq(value, gy_str_of("strict")) ? GY__SAME_SITE_STRICT
                                                                 : GY__SAME_SITE_UNSET;
}

static void set_attribute(struct reading *r, gy_str text)
{
    static const struct {
        const char *name;
        void (*set)(struct reading *r, gy_str value);
    } known[] = {{"expires", set_expires},   {"max-age", set_max_age}, {"domain", set_domain},
                 {"path", set_path},         {"secure", set_secure},   {"httponly", set_http_only},
                 {"samesite", set_same_site}};
    gy_str name, value;
    if (!cut_pair(text, &name, &value)) {
        name = value;
        value = gy_str_n("", 0);
    }
    if (value.len > GY__COOKIE_ATTRIBUTE_MAX)
        return;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (gy_str_ieq(name, gy_str_of(known[i].name)))
            known[i].set(r, value);
    }
}

/* -- Fields -------------------------------------------------------------------------------------- */

int gy__cookie_parse(gy_str field, int64_t now, struct gy__cookie *out)
{
    gy_str part, none = gy_str_n("", 0);
    *out = (struct gy__cookie){.domain = none, .path = none, .expires = INT64_MAX};
    struct reading r = {.out = out, .now = now};
    if (has_control(field) || !gy_str_cut(&field, ';', &part))
        return GY_EINVAL;
    cut_pair(part, &out->name, &out->value);
    size_t len = out->name.len + out->value.len;
    if (len == 0 || len > GY__COOKIE_MAX)
        return GY_EINVAL;
    while (gy_str_cut(&field, ';', &part))
        set_attribute(&r, part);
    return 0;
}

bool gy__cookie_next(gy_str *rest, gy_str *name, gy_str *value)
{
    for (gy_str part; gy_str_cut(rest, ';', &part);) {
        if (cut_pair(part, name, value) && name->len)
            return true;
    }
    return false;
}
