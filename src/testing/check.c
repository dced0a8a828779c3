/* SPDX-License-Identifier: MIT */
/* check.c - checks and how their failures are reported. */

#include <stdarg.h>
#include <stdio.h>

#include "base/alloc.h"
#include "testing/test.h"

enum { SHOWN = 2000 };

void gy_test_fail(gy_test *t, const char *fmt, ...)
{
    char text[2 * SHOWN + 500];
    size_t n = (size_t)snprintf(text, sizeof text, "%s: ", t->name);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text + n, sizeof text - n, fmt, ap);
    va_end(ap);
    t->failures++;
    if (t->report)
        t->report(t->report_arg, text);
    else
        fprintf(stderr, "%s\n", text);
}

bool gy_test_check(bool held, const char *text, const char *file, int line)
{
    gy_test *t = gy_test_current();
    if (!held && t)
        gy_test_fail(t, "%s:%d: %s", file, line, text);
    return held;
}

bool gy_test_check_int(long long got, long long want, const char *text, const char *file, int line)
{
    gy_test *t = gy_test_current();
    if (got != want && t)
        gy_test_fail(t, "%s:%d: %s is %lld, not %lld", file, line, text, got, want);
    return got == want;
}

/* Bytes that a terminal would not show stand as \xNN. */
static const char *shown(gy_str s, char out[SHOWN])
{
    char *at = out;
    for (size_t i = 0; i < s.len && at < out + SHOWN - 5; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c >= 0x20 && c < 0x7f)
            *at++ = (char)c;
        else
            at += snprintf(at, 5, "\\x%02x", c);
    }
    *at = '\0';
    return out;
}

static bool compared(bool held, gy_str got, const char *want, const char *text, const char *where,
                     int line)
{
    char a[SHOWN], b[SHOWN];
    gy_test *t = gy_test_current();
    if (!held && t)
        gy_test_fail(t, "%s:%d: %s is \"%s\", not \"%s\"", where, line, text, shown(got, a),
                     shown(gy_str_of(want), b));
    return held;
}

bool gy_test_check_text(gy_str got, const char *want, const char *text, const char *file, int line)
{
    return compared(gy_str_eq(got, gy_str_of(want)), got, want, text, file, line);
}

bool gy_test_check_glob(gy_str got, const char *glob, const char *text, const char *file, int line)
{
    return compared(gy_test_matches(glob, got), got, glob, text, file, line);
}
