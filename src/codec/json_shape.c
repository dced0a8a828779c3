/* SPDX-License-Identifier: MIT */
/* json_shape.c - JSON from a printf format in which keys need no quotes. */
#include "codec/json_shape.h"

#include "codec/hex.h"
#include "codec/json_conversion.h"
#include "codec/json_scalar.h"

enum { DEEPEST = 64 };

static void skip_blanks(struct gy__shape *s)
{
    s->at += strspn(s->at, " \t\r\n");
}

static bool take(struct gy__shape *s, char c)
{
    skip_blanks(s);
    if (*s->at != c)
        return false;
    s->at++;
    return true;
}

static int put(struct gy__shape *s, const char *bytes, size_t len)
{
    return gy__buf_add(s->out, bytes, len);
}

/* What follows a backslash or a %, both of which end a plain run of a quoted text. */
static int quoted_special(struct gy__shape *s)
{
    const char *p = s->at;
    if (p[0] == '%' && p[1] == '%') {
        s->at += 2;
        return put(s, "%", 1);
    }
    if (p[0] != '\\' || p[1] == '\0')
        return GY_EINVAL;
    if (p[1] == '\'') {
        s->at += 2;
        return put(s, "'", 1);
    }
    if (strchr("\"\\/bfnrt", p[1])) {
        s->at += 2;
        return put(s, p, 2);
    }
    if (p[1] != 'u')
        return GY_EINVAL;
    for (int i = 2; i < 6; i++) {
        if (gy__hex_value(p[i]) < 0)
            return GY_EINVAL;
    }
    s->at += 6;
    return put(s, p, 6);
}

static int quoted(struct gy__shape *s)
{
    const char stops[] = {*s->at++, '\\', '%', '\0'};
    int e = put(s, "\"", 1);
    while (!e && *s->at != stops[0]) {
        size_t run = strcspn(s->at, stops);
        if (run) {
            e = gy__json_escape(s->out, gy_str_n(s->at, run));
            s->at += run;
        } else {
            e = *s->at ? quoted_special(s) : GY_EINVAL;
        }
    }
    s->at += e == 0;
    return e ? e : put(s, "\"", 1);
}

static bool is_letter(char c)
{
    return ((unsigned char)c | 0x20u) - (unsigned)'a' < 26 || c == '_' || c == '$';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t digits(const char *p)
{
    return strspn(p, "0123456789");
}

/* The length of the number of RFC 8259 at [p], 0 when there is none. */
static size_t number_len(const char *p)
{
    const char *start = p;
    p += *p == '-';
    size_t whole = digits(p);
    if (whole == 0 || (whole > 1 && *p == '0'))
        return 0;
    p += whole;
    if (*p == '.') {
        size_t fraction = digits(p + 1);
        if (fraction == 0)
            return 0;
        p += 1 + fraction;
    }
    if (*p == 'e' || *p == 'E') {
        p += p[1] == '+' || p[1] == '-' ? 2 : 1;
        if (digits(p) == 0)
            return 0;
        p += digits(p);
    }
    return (size_t)(p - start);
}

static int number(struct gy__shape *s)
{
    size_t len = number_len(s->at);
    const char *start = s->at;
    s->at += len;
    if (len == 0 || is_letter(*s->at) || is_digit(*s->at) || *s->at == '.')
        return GY_EINVAL;
    return put(s, start, len);
}

static size_t name_len(const char *p)
{
    size_t n = 0;
    while (is_letter(p[n]) || (n > 0 && (is_digit(p[n]) || p[n] == '-')))
        n++;
    return n;
}

static int literal(struct gy__shape *s)
{
    static const gy_str known[] = {GY_STR("true"), GY_STR("false"), GY_STR("null")};
    gy_str name = gy_str_n(s->at, name_len(s->at));
    s->at += name.len;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (gy_str_eq(name, known[i]))
            return put(s, name.ptr, name.len);
    }
    return GY_EINVAL;
}

static int key(struct gy__shape *s)
{
    skip_blanks(s);
    int e;
    if (*s->at == '"' || *s->at == '\'') {
        e = quoted(s);
    } else if (*s->at == '%') {
        e = gy__shape_conversion(s, true);
    } else {
        gy_str name = gy_str_n(s->at, name_len(s->at));
        s->at += name.len;
        e = name.len ? gy__json_string(s->out, name) : GY_EINVAL;
    }
    if (!e && !take(s, ':'))
        e = GY_EINVAL;
    return e ? e : put(s, ":", 1);
}

/* Anything but an object or array. */
static int scalar(struct gy__shape *s)
{
    switch (*s->at) {
    case '"':
    case '\'':
        return quoted(s);
    case '%':
    case '!':
        return gy__shape_conversion(s, false);
    default:
        return is_letter(*s->at) ? literal(s) : number(s);
    }
}

/* The objects and arrays that are open: a bit each, set for an object. A loop and not a recursion,
 * for it runs on the small stacks of tasks. */
struct nest {
    uint64_t objects;
    unsigned depth;
    bool first; /* in the innermost one */
};

static char closer(const struct nest *n)
{
    return n->objects & 1 ? '}' : ']';
}

static int open_one(struct gy__shape *s, struct nest *n)
{
    if (n->depth == DEEPEST)
        return GY_EINVAL;
    char c = *s->at++;
    n->objects = n->objects << 1 | (c == '{');
    n->depth++;
    n->first = true;
    return put(s, &c, 1);
}

static int close_ended(struct gy__shape *s, struct nest *n)
{
    int e = 0;
    while (!e && n->depth && take(s, closer(n))) {
        e = put(s, (char[]){closer(n)}, 1);
        n->objects >>= 1;
        n->depth--;
        n->first = false;
    }
    return e;
}

/* One value with what stands before it: a comma, a key. */
static int element(struct gy__shape *s, struct nest *n)
{
    int e = 0;
    if (n->depth && !n->first)
        e = take(s, ',') ? put(s, ",", 1) : GY_EINVAL;
    if (!e && n->depth && n->objects & 1)
        e = key(s);
    if (e)
        return e;
    skip_blanks(s);
    n->first = false;
    return *s->at == '{' || *s->at == '[' ? open_one(s, n) : scalar(s);
}

static int whole(struct gy__shape *s)
{
    struct nest n = {0};
    int e;
    do {
        e = element(s, &n);
        if (!e)
            e = close_ended(s, &n);
    } while (!e && n.depth);
    skip_blanks(s);
    return e ? e : *s->at ? GY_EINVAL : 0;
}

int gy__json_vshape(struct gy__buf *out, const char *shape, va_list ap)
{
    struct gy__shape s = {.at = shape, .out = out};
    size_t before = out->len;
    va_copy(s.ap, ap);
    int e = whole(&s);
    va_end(s.ap);
    if (e)
        gy__buf_cut(out, before);
    return e;
}

int gy__json_shape(struct gy__buf *out, const char *shape, ...)
{
    va_list ap;
    va_start(ap, shape);
    int e = gy__json_vshape(out, shape, ap);
    va_end(ap);
    return e;
}
