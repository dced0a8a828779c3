/* SPDX-License-Identifier: MIT */
/* query.c - "a=b&c=d" to pairs (application/x-www-form-urlencoded). */
#include "codec/query.h"

#include "codec/percent.h"
#include "codec/utf8.h"

#include <gyre/error.h>

static size_t count_pairs(gy_str text)
{
    size_t n = 0;
    for (gy_str part; gy_str_cut(&text, '&', &part);)
        n += part.len > 0;
    return n;
}

/* Decode a piece of our copy; the byte behind it is ours too, a separator or the last NUL. */
static int decode(char *start, size_t len, gy_str *out)
{
    bool malformed;
    start[len] = '\0';
    len = gy__percent_decode(start, len, GY__PERCENT_FORM, &malformed);
    *out = gy_str_n(start, len);
    return gy__utf8_valid(start, len) ? 0 : GY_EPROTO;
}

static int parse_pair(char *start, size_t len, struct gy__pair *out)
{
    char *equals = memchr(start, '=', len);
    size_t name_len = equals ? (size_t)(equals - start) : len;
    char *value = start + name_len + (equals ? 1 : 0);

    int e = decode(start, name_len, &out->name);
    return e ? e : decode(value, len - (size_t)(value - start), &out->value);
}

int gy__query_parse(gy_arena *a, gy_str text, size_t limit, struct gy__query *out)
{
    size_t count = count_pairs(text);
    if (count > limit)
        return GY_ETOOBIG;
    *out = (struct gy__query){0};
    if (count == 0)
        return 0;
    gy_str copy = gy_str_copy(a, text);
    out->pairs = copy.ptr ? gy_alloc(a, count * sizeof *out->pairs) : NULL;
    if (!out->pairs)
        return GY_ENOMEM;
    char *start = (char *)copy.ptr, *end = start + copy.len;
    while (start < end) {
        char *ampersand = memchr(start, '&', (size_t)(end - start));
        size_t len = (size_t)((ampersand ? ampersand : end) - start);
        if (len) {
            int e = parse_pair(start, len, &out->pairs[out->len]);
            if (e)
                return e;
            out->len++;
        }
        start += len + 1;
    }
    return 0;
}
