/* SPDX-License-Identifier: MIT */
/* flat.c - reads an object of JSON that holds texts and numbers only. */

#include "lab.h"

struct reader {
    gy_arena *arena;
    const char *at, *end;
    const char *why; /* the first thing that was wrong */
};

static int fail(struct reader *in, const char *why)
{
    in->why = why;
    return GY_EPROTO;
}

static void skip_space(struct reader *in)
{
    while (in->at < in->end && strchr(" \t\r\n", *in->at) && *in->at)
        in->at++;
}

static bool take(struct reader *in, char c)
{
    skip_space(in);
    if (in->at == in->end || *in->at != c)
        return false;
    in->at++;
    return true;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* The four digits of \uXXXX, or -1. */
static long take_unit(struct reader *in)
{
    long unit = 0;
    if (in->end - in->at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(*in->at++);
        if (digit < 0)
            return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

static char *put_utf8(char *to, long c)
{
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    int size = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    if (size == 1) {
        *to = (char)c;
        return to + 1;
    }
    for (int i = size - 1; i > 0; i--, c >>= 6)
        to[i] = (char)(0x80 | (c & 0x3f));
    to[0] = (char)(lead[size] | c);
    return to + size;
}

/* Behind "\u"; two of them for what lies past the first 65536. NULL when it is no character. */
static char *take_unicode(struct reader *in, char *to)
{
    long c = take_unit(in);
    if (c >= 0xd800 && c < 0xdc00 && in->end - in->at >= 2 && in->at[0] == '\\' &&
        in->at[1] == 'u') {
        in->at += 2;
        long low = take_unit(in);
        if (low < 0xdc00 || low > 0xdfff)
            return NULL;
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    } else if (c < 0 || (c >= 0xd800 && c < 0xe000)) {
        return NULL;
    }
    return put_utf8(to, c);
}

static char *take_escape(struct reader *in, char *to)
{
    static const char names[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    if (in->at == in->end)
        return NULL;
    char c = *in->at++;
    if (c == 'u')
        return take_unicode(in, to);
    const char *name = c ? strchr(names, c) : NULL;
    if (!name)
        return NULL;
    *to = meant[name - names];
    return to + 1;
}

/* Behind the first quote. What is unescaped is never longer than what was there. */
static int take_text(struct reader *in, gy_str *out)
{
    char *text = gy_alloc(in->arena, (size_t)(in->end - in->at) + 1), *to = text;
    if (!text)
        return GY_ENOMEM;
    while (in->at < in->end && *in->at != '"') {
        char c = *in->at++;
        if ((unsigned char)c < 0x20)
            return fail(in, "a control character in a text");
        if (c != '\\')
            *to++ = c;
        else if (!(to = take_escape(in, to)))
            return fail(in, "an escape that is none");
    }
    if (in->at == in->end)
        return fail(in, "a text without an end");
    in->at++;
    *to = '\0';
    *out = gy_str_n(text, (size_t)(to - text));
    return 0;
}

static int take_number(struct reader *in, gy_str *out)
{
    const char *from = in->at;
    while (in->at < in->end && strchr("+-.0123456789eE", *in->at) && *in->at)
        in->at++;
    if (in->at == from)
        return fail(in, "neither a text nor a number");
    *out = gy_str_copy(in->arena, gy_str_n(from, (size_t)(in->at - from)));
    return out->ptr ? 0 : GY_ENOMEM;
}

static int take_member(struct reader *in, gy_field *out)
{
    if (!take(in, '"'))
        return fail(in, "no name in quotes");
    int e = take_text(in, &out->name);
    if (!e && !take(in, ':'))
        e = fail(in, "no colon behind a name");
    if (e)
        return e;
    return take(in, '"') ? take_text(in, &out->value) : take_number(in, &out->value);
}

static int take_object(struct reader *in, gy_field *out, size_t max, size_t *count)
{
    if (!take(in, '{'))
        return fail(in, "no object");
    bool more = !take(in, '}');
    while (more) {
        if (*count == max)
            return fail(in, "too many members");
        int e = take_member(in, &out[*count]);
        if (e)
            return e;
        ++*count;
        more = take(in, ',');
        if (!more && !take(in, '}'))
            return fail(in, "neither a comma nor the end behind a member");
    }
    skip_space(in);
    return in->at == in->end ? 0 : fail(in, "something behind the object");
}

int flat_parse(gy_arena *a, gy_str json, gy_field *out, size_t max, size_t *count, const char **why)
{
    struct reader in = {.arena = a, .at = json.ptr, .end = json.ptr + json.len};
    *count = 0;
    int e = take_object(&in, out, max, count);
    *why = in.why;
    return e;
}
