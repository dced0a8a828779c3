/* SPDX-License-Identifier: MIT */
/* json_conversion.c - one printf conversion of a shape. */
#include "codec/json_conversion.h"

#include "codec/json_scalar.h"

#include <limits.h>
#include <sys/types.h>

enum { SHORTEST = -1 }; /* no precision given */

enum size { INT, CHAR, SHORT, LONG, LONG_LONG, SIZE, INTMAX, PTRDIFF };

struct conversion {
    unsigned negations;
    int precision;
    enum size size;
    char kind;
};

static const char *read_size(const char *p, enum size *size)
{
    static const struct {
        char text[3];
        enum size size;
    } sizes[] = {{"hh", CHAR}, {"ll", LONG_LONG}, {"h", SHORT},  {"l", LONG},
                 {"z", SIZE},  {"j", INTMAX},     {"t", PTRDIFF}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t len = strlen(sizes[i].text);
        if (strncmp(p, sizes[i].text, len) == 0) {
            *size = sizes[i].size;
            return p + len;
        }
    }
    *size = INT;
    return p;
}

static const char *read_precision(struct gy__shape *s, const char *p, int *precision)
{
    *precision = SHORTEST;
    if (*p != '.')
        return p;
    if (p[1] == '*') {
        *precision = va_arg(s->ap, int);
        if (*precision < 0)
            *precision = SHORTEST;
        return p + 2;
    }
    /* A point alone is a precision of 0. */
    *precision = 0;
    for (p++; *p >= '0' && *p <= '9'; p++)
        *precision = *precision < INT_MAX / 10 - 1 ? *precision * 10 + (*p - '0') : INT_MAX / 10;
    return p;
}

/* Flags and widths would make no sense in JSON, so they are not read and fail later on. */
static void read_conversion(struct gy__shape *s, struct conversion *c)
{
    const char *p = s->at;
    c->negations = 0;
    for (; *p == '!'; p++)
        c->negations++;
    c->precision = SHORTEST;
    c->size = INT;
    c->kind = '\0';
    if (*p == '%') {
        p = read_precision(s, p + 1, &c->precision);
        p = read_size(p, &c->size);
        c->kind = *p;
        p += *p != '\0';
    }
    s->at = p;
}

static int64_t take_signed(struct gy__shape *s, enum size size)
{
    switch (size) {
    case CHAR:
        return (signed char)va_arg(s->ap, int);
    case SHORT:
        return (short)va_arg(s->ap, int);
    case LONG:
        return va_arg(s->ap, long);
    case LONG_LONG:
        return va_arg(s->ap, long long);
    case SIZE:
        return va_arg(s->ap, ssize_t);
    case INTMAX:
        return va_arg(s->ap, intmax_t);
    case PTRDIFF:
        return va_arg(s->ap, ptrdiff_t);
    default:
        return va_arg(s->ap, int);
    }
}

static uint64_t take_unsigned(struct gy__shape *s, enum size size)
{
    switch (size) {
    case CHAR:
        return (unsigned char)va_arg(s->ap, unsigned);
    case SHORT:
        return (unsigned short)va_arg(s->ap, unsigned);
    case LONG:
        return va_arg(s->ap, unsigned long);
    case LONG_LONG:
        return va_arg(s->ap, unsigned long long);
    case SIZE:
    case PTRDIFF:
        return va_arg(s->ap, size_t);
    case INTMAX:
        return va_arg(s->ap, uintmax_t);
    default:
        return va_arg(s->ap, unsigned);
    }
}

static int put_bool(struct gy__shape *s, bool v)
{
    return v ? gy__buf_add(s->out, "true", 4) : gy__buf_add(s->out, "false", 5);
}

static int put_integer(struct gy__shape *s, const struct conversion *c)
{
    if (c->precision != SHORTEST)
        return GY_EINVAL;
    if (c->kind == 'u') {
        uint64_t v = take_unsigned(s, c->size);
        return c->negations ? put_bool(s, (v != 0) == (c->negations % 2 == 0))
                            : gy__json_uint(s->out, v);
    }
    int64_t v = take_signed(s, c->size);
    return c->negations ? put_bool(s, (v != 0) == (c->negations % 2 == 0))
                        : gy__json_int(s->out, v);
}

static int put_double(struct gy__shape *s, const struct conversion *c)
{
    if (c->size != INT && c->size != LONG) /* %lf is %f */
        return GY_EINVAL;
    double v = va_arg(s->ap, double);
    if (c->precision == SHORTEST)
        return gy__json_double(s->out, v);
    return gy__json_printf(s->out, v, c->kind, c->precision);
}

static int put_text(struct gy__shape *s, const struct conversion *c, bool as_key)
{
    if (c->size != INT)
        return GY_EINVAL;
    const char *text = va_arg(s->ap, const char *);
    if (!text)
        return as_key ? GY_EINVAL : gy__buf_add(s->out, "null", 4);
    size_t len = c->precision == SHORTEST ? strlen(text) : strnlen(text, (size_t)c->precision);
    return gy__json_string(s->out, gy_str_n(text, len));
}

int gy__shape_conversion(struct gy__shape *s, bool as_key)
{
    struct conversion c;
    read_conversion(s, &c);
    if ((as_key && c.kind != 's') || (c.negations && !(c.kind && strchr("diu", c.kind))))
        return GY_EINVAL;
    switch (c.kind) {
    case 'd':
    case 'i':
    case 'u':
        return put_integer(s, &c);
    case 'f':
    case 'e':
    case 'g':
        return put_double(s, &c);
    case 's':
        return put_text(s, &c, as_key);
    case 'c':
        if (c.size != INT || c.precision != SHORTEST)
            return GY_EINVAL;
        return gy__json_string(s->out, gy_str_n((char[]){(char)va_arg(s->ap, int)}, 1));
    default:
        return GY_EINVAL;
    }
}
