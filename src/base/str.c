/* SPDX-License-Identifier: MIT */
/* str.c - views: compare, cut, trim. */
#include <gyre/str.h>

static inline unsigned char lower(char c)
{
    unsigned char u = (unsigned char)c;
    return (unsigned char)((unsigned)u - 'A' < 26u ? u | 0x20 : u);
}

bool gy_str_ieq(gy_str a, gy_str b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        if (a.ptr[i] != b.ptr[i] && lower(a.ptr[i]) != lower(b.ptr[i]))
            return false;
    }
    return true;
}

bool gy_str_starts(gy_str s, gy_str prefix)
{
    return s.len >= prefix.len && gy_str_eq(gy_str_n(s.ptr, prefix.len), prefix);
}

bool gy_str_ends(gy_str s, gy_str suffix)
{
    if (s.len < suffix.len)
        return false;
    return suffix.len == 0 || memcmp(s.ptr + (s.len - suffix.len), suffix.ptr, suffix.len) == 0;
}

static inline bool blank(char c)
{
    return c == ' ' || c == '\t';
}

gy_str gy_str_trim(gy_str s)
{
    while (s.len && blank(s.ptr[0])) {
        s.ptr++;
        s.len--;
    }
    while (s.len && blank(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

size_t gy_str_find(gy_str s, char c)
{
    const char *p = s.len ? memchr(s.ptr, c, s.len) : NULL;
    return p ? (size_t)(p - s.ptr) : SIZE_MAX;
}

bool gy_str_cut(gy_str *rest, char sep, gy_str *part)
{
    if (!rest->ptr)
        return false;
    size_t at = gy_str_find(*rest, sep);
    if (at == SIZE_MAX) {
        *part = *rest;
        *rest = gy_str_n(NULL, 0);
        return true;
    }
    *part = gy_str_n(rest->ptr, at);
    *rest = gy_str_n(rest->ptr + at + 1, rest->len - at - 1);
    return true;
}
