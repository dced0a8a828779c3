/* SPDX-License-Identifier: MIT */
/* test_options_file.c - options from a file: what it may hold, who wins, reading it again. */
#include <errno.h>
#include <gyre/error.h>
#include <gyre/options.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/sweep.h"

static struct {
    const char *config, *text, *path;
    int port;
    double wait;
    bool fast, help;
    gy_texts names, paths;
} v;

static const gy_option table[] = {
    GY_OPT_CONFIG("config", &v.config, "the file"),
    GY_OPT_TEXT("text", &v.text, "a text"),
    GY_OPT_PATH("path", &v.path, "a path"),
    GY_OPT_INT("port", &v.port, "a port", .max = 65535),
    GY_OPT_TIME("log-wait", &v.wait, "a time"),
    GY_OPT_BOOL("fast", &v.fast, "fast"),
    GY_OPT_TEXTS("names", &v.names, "names"),
    GY_OPT_PATHS("paths", &v.paths, "paths"),
    GY_OPT_BOOL("help", &v.help, "help", .no_env = true),
    GY_OPT_END,
};

static gy_options parser;
static char folder[64], path[96], why[300];

static int begin(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/gyre-options-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/it.conf", folder);
    memset(&v, 0, sizeof v);
    v.port = 8888;
    parser = (gy_options){.table = table};
    return 0;
}

static int end(void **state)
{
    (void)state;
    gy_options_done(&parser);
    unlink(path);
    return rmdir(folder);
}

static void write_bytes(const char *text, size_t len)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    fclose(file);
}

static void write_file(const char *text)
{
    write_bytes(text, strlen(text));
}

/* With --config and one more argument, which may be NULL. */
static int parse(const char *more)
{
    char config[120], other[100];
    char *argv[] = {(char[]){"prog"}, config, more ? other : NULL, NULL};
    int argc = more ? 3 : 2;
    snprintf(config, sizeof config, "--config=%s", path);
    if (more)
        snprintf(other, sizeof other, "%s", more);
    return gy_options_parse(&parser, &argc, argv, why, sizeof why);
}

static void reads(const char *text)
{
    write_file(text);
    if (parse(NULL))
        fail_msg("%s", why);
}

/* [sentence] follows the name of the file. */
static void refuses(const char *text, const char *sentence)
{
    char expected[400];
    write_file(text);
    assert_int_equal(parse(NULL), GY_EINVAL);
    snprintf(expected, sizeof expected, "%s%s", path, sentence);
    assert_string_equal(why, expected);
}

static void test_lines(void **state)
{
    (void)state;
    reads("\xef\xbb\xbf# a comment\n"
          "; another = one\n"
          "\r\n"
          "[server]\n"
          "port = 80\r\n"
          "  log_wait=1h30m  \n"
          "text =  two words # and this \n"
          "fast\n"
          "names = a, b\n"
          "names = c");
    assert_int_equal(v.port, 80);
    assert_true(v.wait == 5400 && v.fast);
    assert_string_equal(v.text, "two words # and this");
    assert_int_equal(v.names.count, 3);
    reads("no-fast\nport = 81\n");
    assert_false(v.fast);
    assert_int_equal(v.port, 81);
    assert_null(v.text);
    reads("");
    assert_int_equal(v.port, 8888);
}

static void test_quotes(void **state)
{
    (void)state;
    static const struct {
        const char *line, *text;
    } good[] = {
        {"text = \" a \\\"b\\\" \\\\ \\n\\t \"", " a \"b\" \\ \n\t "},
        {"text = ' a \"b\" \\n '", " a \"b\" \\n "},
        {"text = \"\"", ""},
        {"text = ", ""},
        {"text = a \"b\" = c", "a \"b\" = c"},
        {"text = it's", "it's"},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        reads(good[i].line);
        assert_string_equal(v.text, good[i].text);
    }
    refuses("\ntext = \"open\n", ":2: text: the quotes of \"open do not fit; within \"\" there is "
                                 "\\\" \\\\ \\n \\t");
    refuses("port = 'x' 1\n", ":1: port: the quotes of 'x' 1 do not fit; within \"\" there is "
                              "\\\" \\\\ \\n \\t");
    refuses("text = \"\\x\"\n", ":1: text: the quotes of \"\\x\" do not fit; within \"\" there is "
                                "\\\" \\\\ \\n \\t");
}

static void test_mistakes(void **state)
{
    (void)state;
    refuses("# \nport = x\n", ":2: port: 'x' is not a whole number from 0 to 65535");
    refuses("prot = 1\n", ":1: unknown option prot; did you mean port?");
    refuses("zzzzzz\n", ":1: unknown option zzzzzz; --help lists them");
    refuses("port\n", ":1: port needs a value: port = ...");
    refuses("fast = maybe\n", ":1: fast: 'maybe' is not true or false");
    refuses("no-fast = true\n", ":1: no-fast takes no value");
    refuses("help\n", ":1: help stands only on the command line");
    refuses("config = x\n", ":1: config stands only on the command line or in the environment");
    refuses("= 1\n", ":1: unknown option ; --help lists them");
    write_bytes("fast\nte\0xt = 1\n", 15);
    assert_int_equal(parse(NULL), GY_EINVAL);
    assert_non_null(strstr(why, ":2: a NUL byte; this is no text"));
}

static void test_files_that_are_none(void **state)
{
    (void)state;
    char expected[200];
    assert_int_equal(parse(NULL), -ENOENT);
    snprintf(expected, sizeof expected, "cannot read %s: No such file or directory", path);
    assert_string_equal(why, expected);
    v.config = path; /* a default that is not there */
    int argc = 1;
    char *argv[] = {(char[]){"prog"}, NULL};
    gy_options_done(&parser);
    v.config = path;
    assert_int_equal(gy_options_parse(&parser, &argc, argv, why, sizeof why), 0);
    write_file("port = 80");
    assert_int_equal(gy_options_parse(&parser, &argc, argv, why, sizeof why), 0);
    assert_int_equal(v.port, 80);
    assert_int_equal(gy_options_set(&parser, "config", folder, why, sizeof why), 0);
    assert_int_equal(gy_options_reload(&parser, why, sizeof why), -EISDIR);
    FILE *large = fopen(path, "w");
    assert_non_null(large);
    for (int i = 0; i < 1 << 17; i++)
        fputs("# too much", large);
    fclose(large);
    assert_int_equal(parse(NULL), GY_ETOOBIG);
}

static void test_who_wins(void **state)
{
    (void)state;
    write_file("port = 1\ntext = file\nnames = a\nlog-wait = nonsense\n");
    setenv("T_TEXT", "environment", 1);
    setenv("T_NAMES", "b", 1);
    setenv("T_LOG_WAIT", "2", 1);
    parser.prefix = "T";
    assert_int_equal(parse("--names=c"), 0);
    assert_int_equal(v.port, 1);
    assert_string_equal(v.text, "environment");
    assert_int_equal(v.names.count, 1);
    assert_string_equal(v.names.items[0], "c");
    assert_true(v.wait == 2);

    setenv("T_CONFIG", path, 1);
    v.port = 0;
    int argc = 1;
    char *argv[] = {(char[]){"prog"}, NULL};
    assert_int_equal(gy_options_parse(&parser, &argc, argv, why, sizeof why), 0);
    assert_int_equal(v.port, 1);
    static const char *const names[] = {"T_TEXT", "T_NAMES", "T_LOG_WAIT", "T_CONFIG"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unsetenv(names[i]);
}

static void test_paths_count_from_the_file(void **state)
{
    (void)state;
    char expected[120];
    reads("path = web/static");
    snprintf(expected, sizeof expected, "%s/web/static", folder);
    assert_string_equal(v.path, expected);
    reads("path = /web");
    assert_string_equal(v.path, "/web");
    assert_int_equal(parse("--path=web"), 0);
    assert_string_equal(v.path, "web");

    reads("paths = a/b, /c");
    snprintf(expected, sizeof expected, "%s/a/b", folder);
    assert_int_equal(v.paths.count, 2);
    assert_string_equal(v.paths.items[0], expected);
    assert_string_equal(v.paths.items[1], "/c");
    setenv("HOME", "/home/it", 1);
    assert_int_equal(parse("--paths=a,~/b"), 0);
    assert_int_equal(v.paths.count, 2);
    assert_string_equal(v.paths.items[0], "a");
    assert_string_equal(v.paths.items[1], "/home/it/b");
}

static int reload(void)
{
    return gy_options_reload(&parser, why, sizeof why);
}

static void test_reload(void **state)
{
    (void)state;
    write_file("port = 1\ntext = one\nlog-wait = 1\n");
    assert_int_equal(parse("--log-wait=9"), 0);
    assert_int_equal(gy_options_set(&parser, "fast", "true", why, sizeof why), 0);
    write_file("port = 2\nlog-wait = 2\nfast = false\n");
    assert_int_equal(reload(), 0);
    assert_int_equal(v.port, 2);
    assert_null(v.text);
    assert_true(v.wait == 9 && v.fast);

    /* Nothing changes when something is wrong. */
    write_file("port = 3\ntext = three\nnames\n");
    assert_int_equal(reload(), GY_EINVAL);
    assert_non_null(strstr(why, ":3: names needs a value"));
    assert_int_equal(v.port, 2);
    assert_null(v.text);
    unlink(path);
    assert_int_equal(reload(), -ENOENT);
    assert_int_equal(v.port, 2);
    write_file("");
    assert_int_equal(reload(), 0);
    assert_int_equal(v.port, 8888);
}

static const char *refuse_port_13(void *arg)
{
    ++*(int *)arg;
    return v.port == 13 ? "13 brings bad luck" : NULL;
}

static void test_reload_is_checked(void **state)
{
    (void)state;
    int calls = 0;
    parser.check = refuse_port_13;
    parser.arg = &calls;
    reads("port = 1");
    write_file("port = 13");
    assert_int_equal(reload(), GY_EINVAL);
    assert_string_equal(why, "13 brings bad luck");
    assert_int_equal(v.port, 1);
    assert_int_equal(calls, 2);
}

static void test_reload_without_a_file(void **state)
{
    (void)state;
    assert_int_equal(reload(), 0);
    assert_int_equal(gy_options_set(&parser, "port", "7", why, sizeof why), 0);
    assert_int_equal(reload(), 0);
    assert_int_equal(v.port, 7);
}

static int parse_and_reload(void *arg)
{
    (void)arg;
    memset(&v, 0, sizeof v);
    parser = (gy_options){.table = table};
    int e = parse(NULL);
    if (!e)
        e = reload();
    if (e && !strstr(why, "memory"))
        fail_msg("%d: %s", e, why);
    gy_options_done(&parser);
    return e;
}

static void test_each_allocation_fails(void **state)
{
    (void)state;
    write_file("port = 1\ntext = one\nnames = a,b\npath = x\n");
    sweep_allocations(parse_and_reload, NULL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_lines, begin, end),
        cmocka_unit_test_setup_teardown(test_quotes, begin, end),
        cmocka_unit_test_setup_teardown(test_mistakes, begin, end),
        cmocka_unit_test_setup_teardown(test_files_that_are_none, begin, end),
        cmocka_unit_test_setup_teardown(test_who_wins, begin, end),
        cmocka_unit_test_setup_teardown(test_paths_count_from_the_file, begin, end),
        cmocka_unit_test_setup_teardown(test_reload, begin, end),
        cmocka_unit_test_setup_teardown(test_reload_is_checked, begin, end),
        cmocka_unit_test_setup_teardown(test_reload_without_a_file, begin, end),
        cmocka_unit_test_setup_teardown(test_each_allocation_fails, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
