/* SPDX-License-Identifier: MIT */
/* option_print.c - the values of options, and what they may be, in words. */
#include <stdarg.h>
#include <string.h>

#include "serve/option_value.h"

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
    append(out, o->kind == GY_OPTION_TEXTS ? "a list of" : "one of");
    for (const char *const *c = o->choices; *c; c++)
        append(out, "%s %s", c == o->choices ? "" : c[1] ? "," : " or", *c);
}

static void append_names(const gy_option *o, char out[GY__OPTION_TEXT])
{
    append(out, "one of");
    for (const gy_option_name *n = o->names; n && n->name; n++)
        append(out, "%s %s", n == o->names ? "" : n[1].name ? "," : " or", n->name);
}

static bool has_bounds(const gy_option *o)
{
    switch (o->kind) {
    case GY_OPTION_INT:
    case GY_OPTION_DOUBLE:
    case GY_OPTION_SIZE:
    case GY_OPTION_TIME:
    case GY_OPTION_INTS:
        return o->max > o->min;
    default:
        return false;
    }
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
        [GY_OPTION_PATH] = "a path, where ~ is a home folder that exists",
        [GY_OPTION_CONFIG] = "the path of a file",
        [GY_OPTION_DATE] = "a date such as 2026-11-22, '2026-11-22 15:04:05' or 15:04",
        [GY_OPTION_TEXTS] = "a list such as one,two",
        [GY_OPTION_INTS] = "a list of whole numbers such as 1,4:6",
        [GY_OPTION_PATHS] = "a list of paths, where ~ is a home folder that exists",
    };
    out[0] = 0;
    if (o->kind == GY_OPTION_CHOICE)
        append_names(o, out);
    else if (o->choices && (o->kind == GY_OPTION_TEXT || o->kind == GY_OPTION_TEXTS))
        append_choices(o, out);
    else
        append(out, "%s", words[o->kind]);
    if (!has_bounds(o))
        return;
    append(out, o->kind >= GY_OPTION_SIZE ? ", from " : " from ");
    append_number(o, out, o->min);
    append(out, " to ");
    append_number(o, out, o->max);
}

static void append_name(const gy_option *o, char out[GY__OPTION_TEXT], int value)
{
    for (const gy_option_name *n = o->names; n && n->name; n++) {
        if (n->value == value) {
            append(out, "%s", n->name);
            return;
        }
    }
}

static void append_texts(char out[GY__OPTION_TEXT], const gy_texts *list)
{
    for (size_t i = 0; i < list->count; i++)
        append(out, "%s%s", i ? "," : "", list->items[i]);
}

/* Three or more in a row are written as a range. */
static void append_ints(char out[GY__OPTION_TEXT], const gy_ints *list)
{
    for (size_t i = 0; i < list->count;) {
        size_t end = i + 1;
        while (end < list->count && list->items[end - 1] < list->items[end] &&
               list->items[end] - 1 == list->items[end - 1])
            end++;
        append(out, "%s%d", i ? "," : "", list->items[i]);
        if (end - i > 2) {
            append(out, ":%d", list->items[end - 1]);
            i = end;
        } else {
            i++;
        }
    }
}

static void append_date(char out[GY__OPTION_TEXT], double seconds)
{
    char text[32];
    if (seconds == 0)
        return;
    gy__option_date_print(seconds, text);
    append(out, "%s", text);
}

void gy__option_print(const gy_option *o, char out[GY__OPTION_TEXT])
{
    out[0] = 0;
    switch (o->kind) {
    case GY_OPTION_TEXT:
    case GY_OPTION_PATH:
    case GY_OPTION_CONFIG:
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
        break;
    case GY_OPTION_CHOICE:
        append_name(o, out, *(int *)o->value);
        break;
    case GY_OPTION_DATE:
        append_date(out, *(double *)o->value);
        break;
    case GY_OPTION_TEXTS:
    case GY_OPTION_PATHS:
        append_texts(out, o->value);
        break;
    case GY_OPTION_INTS:
        append_ints(out, o->value);
        break;
    case GY_OPTION_GROUP:
        break;
    }
}
