/* SPDX-License-Identifier: MIT */
/* Log lines: level, shape, escaping, sinks. */
#include "base/clock.h"
#include "base/log_line.h"
#include "support/sweep.h"

#include <errno.h>
#include <gyre/error.h>
#include <gyre/log.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct seen {
    int lines;
    enum gy_log_channel channel;
    enum gy_log_level level;
    char text[GY__LOG_TEXT + 1];
    size_t len;
};

static void remember(void *arg, enum gy_log_channel channel, enum gy_log_level level,
                     const char *text, size_t len)
{
    struct seen *s = arg;
    s->lines++;
    s->channel = channel;
    s->level = level;
    s->len = len;
    memcpy(s->text, text, len);
    s->text[len] = '\0';
    gy_error("from within the sink: not to be seen");
    errno = EBADF;
}

static void levels_and_sinks(void **state)
{
    (void)state;
    struct seen s = {0};
    gy_log_set_sink(remember, &s);
    errno = ERANGE;
    gy_debug("no %d", 1);
    assert_int_equal(s.lines, 0);
    gy_warning("yes %d", 2);
    assert_int_equal(s.lines, 1);
    assert_string_equal(s.text, "yes 2");
    assert_int_equal(s.channel, GY_LOG_APP);
    assert_int_equal(s.level, GY_LOG_WARNING);
    assert_int_equal(errno, ERANGE);
    gy_log_set_level(GY_LOG_OFF);
    gy_error("no");
    assert_false(gy_log_enabled(GY_LOG_APP, GY_LOG_ERROR));
    assert_false(gy_log_enabled(GY_LOG_APP, GY_LOG_OFF));
    gy_log_set_level(GY_LOG_DEBUG);
    gy_log(GY_LOG_ACCESS, GY_LOG_DEBUG, "%s", "GET /\r\n\x1b[31m");
    assert_int_equal(s.lines, 2);
    assert_string_equal(s.text, "GET /\\x0D\\x0A\\x1B[31m");
    gy_log_set_level(GY_LOG_INFO);
    gy_log_set_sink(NULL, NULL);
}

static void names_of_levels(void **state)
{
    (void)state;
    enum gy_log_level level = GY_LOG_INFO;
    assert_int_equal(gy_log_level_parse("debug", &level), 0);
    assert_int_equal(level, GY_LOG_DEBUG);
    assert_int_equal(gy_log_level_parse("ERROR", &level), 0);
    assert_int_equal(level, GY_LOG_ERROR);
    assert_int_equal(gy_log_level_parse("none", &level), 0);
    assert_int_equal(level, GY_LOG_OFF);
    assert_int_equal(gy_log_level_parse("off", &level), 0);
    assert_int_equal(level, GY_LOG_OFF);
    assert_int_equal(gy_log_level_parse("warn", &level), GY_EINVAL);
    assert_int_equal(gy_log_level_parse("", &level), GY_EINVAL);
}

static void check_escape(const char *text, const char *expected)
{
    char out[GY__LOG_TEXT];
    size_t n = gy__log_escape(out, text, strlen(text), false);
    assert_int_equal(n, strlen(expected));
    assert_memory_equal(out, expected, n);
}

static void escapes(void **state)
{
    (void)state;
    char out[GY__LOG_TEXT];
    check_escape("", "");
    check_escape("plain ~", "plain ~");
    check_escape("a\tb\x7f", "a\\x09b\\x7F");
    check_escape("\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80",
                 "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80");
    check_escape("\xc2\x9b"
                 "31m \xc2\xa0",
                 "\\xC2\\x9B31m \xc2\xa0");
    check_escape("\xff \xc3", "\\xFF \\xC3");
    check_escape("\xed\xa0\x80", "\\xED\\xA0\\x80");
    assert_int_equal(gy__log_escape(out, "\0", 1, false), 4);
    assert_memory_equal(out, "\\x00", 4);
}

static void long_lines_are_cut(void **state)
{
    (void)state;
    static char text[3 * GY__LOG_TEXT];
    static char out[GY__LOG_TEXT];
    const char kinds[] = {'a', '\n', '\xff'};
    for (size_t k = 0; k < sizeof kinds; k++) {
        memset(text, kinds[k], sizeof text);
        size_t step = kinds[k] == 'a' ? 1 : 4;
        size_t whole = (GY__LOG_TEXT - 6) / step;
        assert_int_equal(gy__log_escape(out, text, whole, false), whole * step);
        assert_int_equal(gy__log_escape(out, text, whole + 1, false), whole * step + 6);
        assert_memory_equal(out + whole * step, " [cut]", 6);
        assert_int_equal(gy__log_escape(out, text, sizeof text, false), whole * step + 6);
    }
    assert_int_equal(gy__log_escape(out, "x", 1, true), 7);
    struct seen s = {0};
    gy_log_set_sink(remember, &s);
    memset(text, 'a', sizeof text);
    gy_info("%.*s", (int)sizeof text, text);
    gy_log_set_sink(NULL, NULL);
    assert_int_equal(s.len, GY__LOG_TEXT);
    assert_string_equal(s.text + s.len - 7, "a [cut]");
}

static void prefixes(void **state)
{
    (void)state;
    char out[GY__LOG_PREFIX];
    const int64_t t = (int64_t)1795348800 * GY__NS_PER_S; /* 2026-11-22 12:00:00 UTC */
    struct gy__log_line line = {
        .channel = GY_LOG_ACCESS, .level = GY_LOG_INFO, .wall_ns = t + 123456789};
    size_t n = gy__log_prefix(out, &line, false);
    assert_int_equal(n, strlen("[I 261122 12:00:00.123 access] "));
    assert_memory_equal(out, "[I 261122 12:00:00.123 access] ", n);
    line = (struct gy__log_line){.channel = GY_LOG_GENERAL,
                                 .level = GY_LOG_ERROR,
                                 .wall_ns = t + 59 * (int64_t)GY__NS_PER_S};
    n = gy__log_prefix(out, &line, true);
    const char *coloured = "\033[31m[E 261122 12:00:59.000 general]\033[0m ";
    assert_int_equal(n, strlen(coloured));
    assert_memory_equal(out, coloured, n);
    line = (struct gy__log_line){.channel = GY_LOG_APP, .level = GY_LOG_DEBUG, .wall_ns = -1};
    n = gy__log_prefix(out, &line, false);
    assert_memory_equal(out, "[D 691231 23:59:59.999 app] ", n);
    line.id = "5f0c a\x1b";
    n = gy__log_prefix(out, &line, false);
    const char *marked = "[D 691231 23:59:59.999 app 5f0c?a?] ";
    assert_int_equal(n, strlen(marked));
    assert_memory_equal(out, marked, n);
}

static int64_t fixed(void *arg)
{
    return *(int64_t *)arg;
}

/* What [fn] writes to standard error, NUL-terminated in [text]. */
static void capture(void (*fn)(void), char *text, size_t size)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    int saved = dup(STDERR_FILENO);
    dup2(fileno(file), STDERR_FILENO);
    fn();
    dup2(saved, STDERR_FILENO);
    close(saved);
    rewind(file);
    text[fread(text, 1, size - 1, file)] = '\0';
    fclose(file);
}

static void two_lines(void)
{
    gy_log(GY_LOG_GENERAL, GY_LOG_WARNING, "first\n");
    gy_info("second");
}

static void standard_error(void **state)
{
    (void)state;
    int64_t t = (int64_t)1795348800 * GY__NS_PER_S;
    struct gy__clock_source source = {.now_ns = fixed, .wall_ns = fixed, .arg = &t};
    char text[200];
    gy__clock_set(&source);
    capture(two_lines, text, sizeof text);
    gy__clock_set(NULL);
    assert_string_equal(text, "[W 261122 12:00:00.000 general] first\\x0A\n"
                              "[I 261122 12:00:00.000 app] second\n");
}

enum { THREADS = 4, LINES = 200 };

static void *log_many(void *arg)
{
    (void)arg;
    for (int i = 0; i < LINES; i++)
        gy_info("%0500d", i);
    return NULL;
}

static void from_threads(void)
{
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, log_many, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

static void lines_of_threads_do_not_mix(void **state)
{
    (void)state;
    static char text[THREADS * LINES * 600];
    capture(from_threads, text, sizeof text);
    int lines = 0;
    for (char *p = text; *p; lines++) {
        char *end = strchr(p, '\n');
        assert_non_null(end);
        assert_int_equal(end - p, strlen("[I 261122 12:00:00.000 app] ") + 500);
        assert_memory_equal(p, "[I ", 3);
        p = end + 1;
    }
    assert_int_equal(lines, THREADS * LINES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels_and_sinks),
        cmocka_unit_test(names_of_levels),
        cmocka_unit_test(escapes),
        cmocka_unit_test(long_lines_are_cut),
        cmocka_unit_test(prefixes),
        cmocka_unit_test(standard_error),
        cmocka_unit_test(lines_of_threads_do_not_mix),
    };
    setenv("TZ", "UTC0", 1);
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
