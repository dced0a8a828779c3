/* SPDX-License-Identifier: MIT */
/* str.h - views: a pointer and a length. */
#ifndef GYRE_STR_H
#define GYRE_STR_H

#include <gyre/export.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A view of bytes that somebody else owns. Every view that gyre gives out is also NUL-terminated
 * at ptr[len], so that `s.ptr` may go to libc, unless a prototype says otherwise. */
typedef struct gy_str {
    const char *ptr;
    size_t len;
} gy_str;

/* A view of a string literal, as an initialiser; in an expression (gy_str)GY_STR("text"). */
#define GY_STR(literal_)                                                                           \
    {                                                                                              \
        "" literal_, sizeof(literal_) - 1                                                          \
    }

/* For "%.*s": printf("%.*s", GY_FMT(s)). */
#define GY_FMT(s_) (int)(s_).len, (s_).ptr

GY_BEGIN_DECLS

static inline gy_str gy_str_of(const char *text)
{
    gy_str s = {text, text ? strlen(text) : 0};
    return s;
}

static inline gy_str gy_str_n(const char *ptr, size_t len)
{
    gy_str s = {ptr, len};
    return s;
}

static inline bool gy_str_eq(gy_str a, gy_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* ASCII letters compare without regard to case. */
GY_API bool gy_str_ieq(gy_str a, gy_str b);
GY_API bool gy_str_starts(gy_str s, gy_str prefix);
GY_API bool gy_str_ends(gy_str s, gy_str suffix);

/* Spaces and tabs removed from both ends. The result need not be NUL-terminated. */
GY_API gy_str gy_str_trim(gy_str s);

/* Cut [rest] at the first [sep]: gives the part before it and moves [rest] behind it. Without a
 * separator gives all and leaves [rest] empty with ptr NULL. The part is not NUL-terminated.
 *     for (gy_str part, rest = list; gy_str_cut(&rest, ',', &part);) ... */
GY_API bool gy_str_cut(gy_str *rest, char sep, gy_str *part);

/* The position of [c], or SIZE_MAX. */
GY_API size_t gy_str_find(gy_str s, char c);

/* Strict decimal: an optional '-' for the signed one, then digits only, all of [s]. No spaces, no
 * '+'. 0, or GY_EINVAL, or -ERANGE when the value does not fit; [out] is set only on success. */
GY_API GY_CHECKED int gy_str_int(gy_str s, int64_t *out);
GY_API GY_CHECKED int gy_str_uint(gy_str s, uint64_t *out);

/* A finite decimal fraction such as "-1.5" or "2e3", all of [s], whatever the locale. */
GY_API GY_CHECKED int gy_str_double(gy_str s, double *out);

GY_END_DECLS

#endif
