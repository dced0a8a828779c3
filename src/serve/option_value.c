/* SPDX-License-Identifier: MIT */
/* option_value.c - the values of options as text. */
#include "serve/option_value.h"

#include <gyre/error.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>

/* -- Reading ------------------------------------------------------------------------------------- */

static bool in_range(const gy_option *o, double value)
{
    return o->max <= o->min || (value >= o->min && value <= o->max);
}

static int read_bool(const char *text, bool *out)
{
    static const char *const words[] = {"false", "true", "no", "yes", "off", "on", "0", "1"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (gy_str_ieq(gy_str_of(text), gy_str_of(words[i]))) {
            *out = i % 2;
            return 0;
        }
    }
    return GY_EINVAL;
}

int gy__option_size(gy_str text, size_t *out)
{
    static const char units[] = "KMGT";
    unsigned shift = 0;
    if (text.len > 0) {
        char last = text.ptr[text.len - 1];
        if (last >= 'a' && last <= 'z')
            last = (char)(last - 'a' + 'A');
        const char *unit = memchr(units, last, sizeof units - 1);
        if (unit) {
            shift = 10 * (unsigned)(unit - units + 1);
            text.len--;
        }
    }
    uint64_t count;
    if (gy_str_uint(text, &count) || count > SIZE_MAX >> shift)
        return GY_EINVAL;
    *out = (size_t)count << shift;
    return 0;
}

/* The seconds of "ms", "s", "m", "h" or "d", or 0. */
static double unit_seconds(gy_str unit)
{
    static const struct {
        gy_str name;
        double seconds;
    } units[] = {
        {GY_STR("ms"), 0.001}, {GY_STR("s"), 1},     {GY_STR("m"), 60},
        {GY_STR("h"), 3600},   {GY_STR("d"), 86400},
    };
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (gy_str_eq(unit, units[i].name))
            return units[i].seconds;
    return 0;
}

/* How many bytes at the start of [s] are of [set]. */
static size_t span(gy_str s, const char *set)
{
    size_t n = 0;
    while (n < s.len && s.ptr[n] && strchr(set, s.ptr[n]))
        n++;
    return n;
}

int gy__option_time(gy_str text, double *out)
{
    double sum = 0, number;
    if (span(text, "0123456789.") == text.len) {
        if (gy_str_double(text, &sum))
            return GY_EINVAL;
        text.len = 0;
    }
    while (text.len > 0) {
        size_t digits = span(text, "0123456789.");
        size_t letters = span(gy_str_n(text.ptr + digits, text.len - digits), "smhd");
        double unit = unit_seconds(gy_str_n(text.ptr + digits, letters));
        if (unit == 0 || gy_str_double(gy_str_n(text.ptr, digits), &number))
            return GY_EINVAL;
        sum += number * unit;
        text = gy_str_n(text.ptr + digits + letters, text.len - digits - letters);
    }
    if (sum > 1e15)
        return GY_EINVAL;
    *out = sum;
    return 0;
}

static int set_text(const gy_option *o, const char *text)
{
    bool found = !o->choices;
    for (const char *const *c = o->choices; c && *c && !found; c++)
        found = strcmp(*c, text) == 0;
    if (!found)
        return GY_EINVAL;
    *(const char **)o->value = text;
    return 0;
}

static int set_int(const gy_option *o, const char *text)
{
    int64_t n;
    if (gy_str_int(gy_str_of(text), &n) || n < INT_MIN || n > INT_MAX || !in_range(o, (double)n))
        return GY_EINVAL;
    *(int *)o->value = (int)n;
    return 0;
}

static int set_size(const gy_option *o, const char *text)
{
    size_t n;
    if (gy__option_size(gy_str_of(text), &n) || !in_range(o, (double)n))
        return GY_EINVAL;
    *(size_t *)o->value = n;
    return 0;
}

static int set_double(const gy_option *o, const char *text, bool is_time)
{
    double n;
    gy_str s = gy_str_of(text);
    if ((is_time ? gy__option_time(s, &n) : gy_str_double(s, &n)) || !in_range(o, n))
        return GY_EINVAL;
    *(double *)o->value = n;
    return 0;
}

int gy__option_set(const gy_option *o, const char *text)
{
    switch (o->kind) {
    case GY_OPTION_TEXT:
        return set_text(o, text);
    case GY_OPTION_INT:
        return set_int(o, text);
    case GY_OPTION_DOUBLE:
        return set_double(o, text, false);
    case GY_OPTION_BOOL:
        return read_bool(text, o->value);
    case GY_OPTION_SIZE:
        return set_size(o, text);
    case GY_OPTION_TIME:
        return set_double(o, text, true);
    }
    return GY_EINVAL;
}

/* -- Printing ------------------------------------------------------------------------------------ */

/* Append to [out]; what does not fit is cut. */
static GY_PRINTF(2, 3) void append(char out[GY__OPTION_TEXT], const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    size_t len = strlen(out);
    vsnprintf(out + len, GY__OPTION_TEXT - len, fmt, ap);
    va_end(ap);
}

static void append_size(char out[GY__OPTION_TEXT], size_t n)
{
    static const char units[] = "KMGT";
    int unit = -1;
    for (; n > 0 && n % 1024 == 0 && unit < 3; unit++)
        n /= 1024;
    append(out, "%zu", n);
    if (unit >= 0)
        append(out, "%c", units[unit]);
}

static void append_number(const gy_option *o, char out[GY__OPTION_TEXT], double n)
{
    if (o->kind == GY_OPTION_SIZE)
        append_size(out, n > 0 ? (size_t)n : 0);
    else
        append(out, "%.15g%s", n, o->kind == GY_OPTION_TIME ? "s" : "");
}

static void append_choices(const gy_option *o, char out[GY__OPTION_TEXT])
{
    append(out, "one of");
    for (const char *const *c = o->choices; *c; c++)
        append(out, "%s %s", c == o->choices ? "" : c[1] ? "," : " or", *c);
}

void gy__option_expects(const gy_option *o, char out[GY__OPTION_TEXT])
{
    static const char *const words[] = {
        [GY_OPTION_TEXT] = "a text",
        [GY_OPTION_INT] = "a whole number",
        [GY_OPTION_DOUBLE] = "a number",
        [GY_OPTION_BOOL] = "true or false",
        [GY_OPTION_SIZE] = "a size such as 64, 64K, 10M or 1G",
        [GY_OPTION_TIME] = "a time such as 1.5, 250ms, 2m or 1h30m",
    };
    out[0] = 0;
    if (o->kind == GY_OPTION_TEXT && o->choices) {
        append_choices(o, out);
        return;
    }
    append(out, "%s", words[o->kind]);
    if (o->max <= o->min || o->kind == GY_OPTION_TEXT || o->kind == GY_OPTION_BOOL)
        return;
    append(out, o->kind >= GY_OPTION_SIZE ? ", from " : " from ");
    append_number(o, out, o->min);
    append(out, " to ");
    append_number(o, out, o->max);
}

void gy__option_print(const gy_option *o, char out[GY__OPTION_TEXT])
{
    out[0] = 0;
    switch (o->kind) {
    case GY_OPTION_TEXT:
        if (*(const char **)o->value)
            append(out, "%s", *(const char **)o->value);
        break;
    case GY_OPTION_INT:
        append(out, "%d", *(int *)o->value);
        break;
    case GY_OPTION_BOOL:
        append(out, "%s", *(bool *)o->value ? "true" : "");
        break;
    case GY_OPTION_SIZE:
        append_size(out, *(size_t *)o->value);
        break;
    case GY_OPTION_DOUBLE:
    case GY_OPTION_TIME:
        append_number(o, out, *(double *)o->value);
    }
}
