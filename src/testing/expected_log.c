/* SPDX-License-Identifier: MIT */
/* expected_log.c - lines of the log that a test expects, and those that it does not. */

#include <gyre/log.h>

#include "testing/test.h"

struct gy__expected {
    struct gy__expected *next;
    const char *glob;
    bool came;
    bool any_number;
};

bool gy_test_matches(const char *glob, gy_str text)
{
    const char *at = text.ptr, *end = text.ptr + text.len;
    const char *star = NULL, *from = NULL;
    while (at < end) {
        if (*glob == '*') {
            star = ++glob;
            from = at;
        } else if (*glob == '?' || *glob == *at) {
            glob++;
            at++;
        } else if (star) {
            glob = star;
            at = ++from;
        } else {
            return false;
        }
    }
    while (*glob == '*')
        glob++;
    return *glob == '\0';
}

/* Anywhere in the line. */
static bool contains(const char *glob, gy_str text)
{
    char wide[1024];
    size_t len = strlen(glob);
    if (len > sizeof wide - 3)
        return false;
    wide[0] = '*';
    memcpy(wide + 1, glob, len);
    memcpy(wide + 1 + len, "*", 2);
    return gy_test_matches(wide, text);
}

static bool is_expected(gy_test *t, gy_str text)
{
    for (struct gy__expected *e = t->expected; e; e = e->next) {
        if ((e->came && !e->any_number) || !contains(e->glob, text))
            continue;
        e->came = true;
        return true;
    }
    return false;
}

static void sink(void *arg, enum gy_log_channel channel, enum gy_log_level level, const char *text,
                 size_t len)
{
    gy_test *t = arg;
    /* What the access log says of an answer the test sees in the answer. */
    bool alarming = level >= GY_LOG_WARNING && channel != GY_LOG_ACCESS;
    gy__test_own(t);
    if (gy__buf_addf(&t->logged, "%s\n", text))
        gy_test_fail(t, "out of memory");
    if (!is_expected(t, gy_str_n(text, len)) && alarming && !t->disturbance.sweep)
        gy_test_fail(t, "logged: %s", text);
    gy__test_theirs(t);
}

void gy__test_log_begin(gy_test *t)
{
    gy__buf_init(&t->logged, SIZE_MAX / 2);
    gy_log_set_sink(sink, t);
}

void gy__test_log_end(gy_test *t)
{
    for (struct gy__expected *e = t->expected; e; e = e->next)
        if (!e->came && !e->any_number && !t->disturbance.sweep)
            gy_test_fail(t, "not logged: %s", e->glob);
    gy_log_set_sink(t->outer ? sink : NULL, t->outer);
    gy__buf_done(&t->logged);
}

/* In the order they are expected. */
static void expect(gy_test *t, const char *glob, bool any_number)
{
    struct gy__expected **at = &t->expected;
    gy__test_own(t);
    struct gy__expected *e = gy_alloc(&t->arena, sizeof *e);
    if (e)
        *e = (struct gy__expected){.glob = gy_strdup(&t->arena, glob), .any_number = any_number};
    gy__test_theirs(t);
    if (!e || !e->glob) {
        gy_test_fail(t, "out of memory");
        return;
    }
    while (*at)
        at = &(*at)->next;
    *at = e;
}

void gy_test_expect_log(gy_test *t, const char *glob)
{
    expect(t, glob, false);
}

void gy_test_allow_log(gy_test *t, const char *glob)
{
    expect(t, glob, true);
}

gy_str gy_test_logged(gy_test *t)
{
    return gy__buf_str(&t->logged);
}
