/* SPDX-License-Identifier: MIT */
/* parameter.c - tokens and quoted strings, as fields have them (RFC 9110 section 5.6). */
#include "codec/parameter.h"

#include <gyre/error.h>

static bool is_token_character(char c)
{
    return ((unsigned char)c | 0x20u) - 'a' < 26u || (unsigned)c - '0' < 10u ||
           (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_control(char c)
{
    return ((unsigned char)c < 0x20 && c != '\t') || c == 0x7f;
}

static void move(gy_str *rest, size_t n)
{
    *rest = gy_str_n(rest->ptr + n, rest->len - n);
}

void gy__parameter_skip(gy_str *rest, const char *set)
{
    size_t n = 0;
    while (n < rest->len && rest->ptr[n] && strchr(set, rest->ptr[n]))
        n++;
    move(rest, n);
}

gy_str gy__parameter_token(gy_str *rest)
{
    size_t n = 0;
    while (n < rest->len && is_token_character(rest->ptr[n]))
        n++;
    gy_str token = gy_str_n(rest->ptr, n);
    move(rest, n);
    return token;
}

/* [rest] begins behind the first quote. */
static int read_quoted(gy_arena *a, gy_str *rest, gy_str *out)
{
    size_t end = 0;
    while (end < rest->len && rest->ptr[end] != '"') {
        end += rest->ptr[end] == '\\';
        if (end < rest->len && is_control(rest->ptr[end]))
            return GY_EPROTO;
        end++;
    }
    if (end >= rest->len)
        return GY_EPROTO;
    char *text = gy_alloc(a, end + 1);
    if (!text)
        return GY_ENOMEM;
    size_t n = 0;
    for (size_t i = 0; i < end; i++) {
        i += rest->ptr[i] == '\\';
        text[n++] = rest->ptr[i];
    }
    text[n] = '\0';
    *out = gy_str_n(text, n);
    move(rest, end + 1);
    return 0;
}

int gy__parameter_value(gy_arena *a, gy_str *rest, gy_str *out)
{
    gy__parameter_skip(rest, " \t");
    if (rest->len && rest->ptr[0] == '"') {
        move(rest, 1);
        return read_quoted(a, rest, out);
    }
    gy_str token = gy__parameter_token(rest);
    if (token.len == 0)
        return GY_EPROTO;
    *out = gy_str_copy(a, token);
    return out->ptr ? 0 : GY_ENOMEM;
}

int gy__parameter_quote(struct gy__buf *out, gy_str value)
{
    for (size_t i = 0; i < value.len; i++) {
        if (is_control(value.ptr[i]))
            return GY_EINVAL;
    }
    int e = gy__buf_add(out, "\"", 1);
    for (size_t i = 0; i < value.len && !e; i++) {
        bool escape = value.ptr[i] == '"' || value.ptr[i] == '\\';
        e = escape ? gy__buf_add(out, "\\", 1) : 0;
        if (!e)
            e = gy__buf_add(out, value.ptr + i, 1);
    }
    return e ? e : gy__buf_add(out, "\"", 1);
}
