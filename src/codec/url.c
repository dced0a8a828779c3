/* SPDX-License-Identifier: MIT */
/* url.c - absolute URLs taken apart, and references followed (RFC 3986). */
#include "codec/url.h"

#include "codec/hex.h"
#include "codec/percent.h"
#include "codec/url_host.h"

#include <gyre/error.h>

static bool is_letter(char c)
{
    return ((unsigned char)c | 0x20u) - 'a' < 26u;
}

static bool is_digit(char c)
{
    return (unsigned)c - '0' < 10u;
}

static bool has_control(gy_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if ((unsigned char)s.ptr[i] < 0x20 || s.ptr[i] == 0x7f)
            return true;
    }
    return false;
}

/* -- Path, query, fragment ----------------------------------------------------------------------- */

/* May [c] stand in a path, query or fragment as it is? A % is seen to by the caller. */
static bool may_stand(char c)
{
    return is_letter(c) || is_digit(c) || (c && strchr("-._~!$&'()*+,;=:@/?", c));
}

/* At most three bytes for each of [s]. */
static char *encode(char *at, gy_str s)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        bool escape = c == '%' && s.len - i > 2 && gy__hex_value(s.ptr[i + 1]) >= 0 &&
                      gy__hex_value(s.ptr[i + 2]) >= 0;
        if (escape || may_stand(c)) {
            *at++ = c;
            continue;
        }
        *at++ = '%';
        *at++ = digits[(unsigned char)c >> 4];
        *at++ = digits[(unsigned char)c & 15];
    }
    return at;
}

/* How many dots a segment consists of, 0 when it is anything else than one or two. */
static int count_dots(const char *p, size_t len)
{
    int dots = 0;
    for (size_t i = 0; i < len; dots++) {
        if (p[i] == '.')
            i++;
        else if (len - i > 2 && p[i] == '%' && p[i + 1] == '2' && (p[i + 2] | 0x20) == 'e')
            i += 3;
        else
            return 0;
    }
    return dots <= 2 ? dots : 0;
}

/* Remove dot segments of a path that begins with /, in place; gives the end. */
static char *remove_dots(char *path, const char *end)
{
    char *to = path;
    for (const char *from = path; from < end;) {
        const char *slash = memchr(from + 1, '/', (size_t)(end - from - 1));
        const char *next = slash ? slash : end;
        int dots = count_dots(from + 1, (size_t)(next - from - 1));
        if (dots == 2) {
            while (to > path && *--to != '/')
                ;
        }
        if (dots == 0) {
            memmove(to, from, (size_t)(next - from));
            to += next - from;
        } else if (!slash) {
            *to++ = '/';
        }
        from = next;
    }
    return to;
}

struct parts {
    gy_str path, query, fragment; /* ptr NULL: not there; without ? and # */
};

/* Cut [s] at the first [c]: gives what is behind it, ptr NULL when there is none. */
static gy_str cut_tail(gy_str *s, char c)
{
    const char *at = s->len ? memchr(s->ptr, c, s->len) : NULL;
    if (!at)
        return gy_str_n(NULL, 0);
    size_t before = (size_t)(at - s->ptr);
    gy_str tail = gy_str_n(at + 1, s->len - before - 1);
    s->len = before;
    return tail;
}

static struct parts split(gy_str text)
{
    struct parts p = {.path = text};
    p.fragment = cut_tail(&p.path, '#');
    p.query = cut_tail(&p.path, '?');
    return p;
}

/* [folder] is what stands before the path, with a / at its end: encoded already. */
static int set_target(gy_arena *a, gy_str folder, const struct parts *p, struct gy__url *out)
{
    size_t most = folder.len + 3 * (p->path.len + p->query.len) + 2;
    char *text = gy_alloc(a, most + 1), *at = text;
    if (!text)
        return GY_ENOMEM;
    memcpy(at, folder.ptr, folder.len);
    at = encode(at + folder.len, p->path);
    at = remove_dots(text, at);
    out->path = gy_str_n(text, (size_t)(at - text));
    if (p->query.ptr) {
        *at++ = '?';
        at = encode(at, p->query);
    }
    *at = '\0';
    out->target = gy_str_n(text, (size_t)(at - text));
    return 0;
}

static int set_fragment(gy_arena *a, gy_str fragment, struct gy__url *out)
{
    if (!fragment.ptr)
        return 0;
    char *text = gy_alloc(a, 3 * fragment.len + 1);
    if (!text)
        return GY_ENOMEM;
    char *end = encode(text, fragment);
    *end = '\0';
    out->fragment = gy_str_n(text, (size_t)(end - text));
    return 0;
}

/* The path of a URL behind its authority: empty, or beginning with /. */
static int set_absolute(gy_arena *a, gy_str rest, struct gy__url *out)
{
    struct parts p = split(rest);
    if (p.path.len)
        p.path = gy_str_n(p.path.ptr + 1, p.path.len - 1);
    int e = set_target(a, gy_str_of("/"), &p, out);
    return e ? e : set_fragment(a, p.fragment, out);
}

/* -- Scheme and user ------------------------------------------------------------------------------ */

/* The length of the scheme that [s] begins with, 0 when it does not begin with one and a colon. */
static size_t scheme_length(gy_str s)
{
    if (s.len == 0 || !is_letter(s.ptr[0]))
        return 0;
    for (size_t i = 1; i < s.len; i++) {
        if (s.ptr[i] == ':')
            return i;
        if (!is_letter(s.ptr[i]) && !is_digit(s.ptr[i]) && !strchr("+-.", s.ptr[i]))
            return 0;
    }
    return 0;
}

static int set_scheme(gy_arena *a, gy_str scheme, struct gy__url *out)
{
    out->scheme = gy_str_copy(a, scheme);
    if (!out->scheme.ptr)
        return GY_ENOMEM;
    for (char *p = (char *)out->scheme.ptr; *p; p++) {
        if (is_letter(*p))
            *p = (char)(*p | 0x20);
    }
    return 0;
}

static int decode_user(gy_arena *a, gy_str s, gy_str *out)
{
    bool malformed = false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (!is_letter(c) && !is_digit(c) && !(c && strchr("-._~!$&'()*+,;=:%", c)))
            return GY_EURL;
    }
    *out = gy__percent_decoded(a, s, GY__PERCENT_COMPONENT, &malformed);
    if (!out->ptr)
        return GY_ENOMEM;
    return malformed || has_control(*out) ? GY_EURL : 0;
}

static int set_user(gy_arena *a, gy_str user, struct gy__url *out)
{
    gy_str password = cut_tail(&user, ':');
    int e = decode_user(a, user, &out->user);
    return e || !password.ptr ? e : decode_user(a, password, &out->password);
}

/* -- A whole URL ---------------------------------------------------------------------------------- */

static size_t authority_length(gy_str s)
{
    size_t n = 0;
    while (n < s.len && s.ptr[n] != '/' && s.ptr[n] != '?' && s.ptr[n] != '#')
        n++;
    return n;
}

/* What follows "scheme://". */
static int parse_rest(gy_arena *a, gy_str rest, struct gy__url *out)
{
    size_t n = authority_length(rest);
    gy_str authority = gy_str_n(rest.ptr, n);
    const char *at = n ? memchr(authority.ptr, '@', n) : NULL;
    int e = 0;
    if (at) {
        size_t len = (size_t)(at - authority.ptr);
        e = set_user(a, gy_str_n(authority.ptr, len), out);
        authority = gy_str_n(at + 1, n - len - 1);
    }
    if (!e)
        e = gy__url_set_host(a, authority, out);
    return e ? e : set_absolute(a, gy_str_n(rest.ptr + n, rest.len - n), out);
}

int gy__url_parse(gy_arena *a, gy_str text, struct gy__url *out)
{
    *out = (struct gy__url){.port = 0};
    size_t n = scheme_length(text);
    if (n == 0 || text.len - n < 3 || memcmp(text.ptr + n, "://", 3) != 0 || has_control(text))
        return GY_EURL;
    int e = set_scheme(a, gy_str_n(text.ptr, n), out);
    return e ? e : parse_rest(a, gy_str_n(text.ptr + n + 3, text.len - n - 3), out);
}

/* -- References ----------------------------------------------------------------------------------- */

/* A reference without scheme and host. */
static int join_path(gy_arena *a, gy_str reference, struct gy__url *out)
{
    struct parts p = split(reference);
    gy_str base = out->path;
    out->fragment = p.fragment.ptr ? gy_str_n(NULL, 0) : out->fragment;
    int e = set_fragment(a, p.fragment, out);
    if (e || (p.path.len == 0 && !p.query.ptr))
        return e;
    if (p.path.len && p.path.ptr[0] == '/') {
        base.len = 0;
    } else if (p.path.len) {
        while (base.ptr[base.len - 1] != '/')
            base.len--;
    }
    return set_target(a, base, &p, out);
}

static int join(gy_arena *a, const struct gy__url *base, gy_str reference, struct gy__url *out)
{
    if (has_control(reference))
        return GY_EURL;
    if (scheme_length(reference))
        return gy__url_parse(a, reference, out);
    if (reference.len < 2 || memcmp(reference.ptr, "//", 2) != 0) {
        *out = *base;
        return join_path(a, reference, out);
    }
    *out = (struct gy__url){.scheme = base->scheme};
    return parse_rest(a, gy_str_n(reference.ptr + 2, reference.len - 2), out);
}

int gy__url_join(gy_arena *a, const struct gy__url *base, gy_str reference, struct gy__url *out)
{
    struct gy__url u;
    int e = join(a, base, reference, &u);
    if (e)
        return e;
    if (!u.fragment.ptr)
        u.fragment = base->fragment;
    *out = u;
    return 0;
}

bool gy__url_same_origin(const struct gy__url *a, const struct gy__url *b)
{
    return a->port == b->port && gy_str_eq(a->scheme, b->scheme) && gy_str_eq(a->host, b->host);
}

gy_str gy__url_text(gy_arena *a, const struct gy__url *u)
{
    bool fragment = u->fragment.ptr != NULL;
    const gy_str pieces[] = {u->scheme, gy_str_n("://", 3),      u->authority,
                             u->target, gy_str_n("#", fragment), u->fragment};
    return gy_str_concat(a, pieces, fragment ? 6 : 4);
}
