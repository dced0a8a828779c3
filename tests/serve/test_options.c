/* SPDX-License-Identifier: MIT */
/* test_options.c - options of every kind, from argv and from the environment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <gyre/error.h>
#include <gyre/options.h>
#include <stdlib.h>
#include <string.h>

enum { ARGS_MAX = 16 };

static struct {
    const char *text, *level;
    int port;
    double ratio, grace;
    size_t body;
    bool fast, slow, no_delay, help;
} v;

static const char *const levels[] = {"debug", "info", "off", NULL};

static const gy_option options[] = {
    GY_OPT_TEXT("text", &v.text, "any text"),
    GY_OPT_TEXT("log-level", &v.level, "what is logged", .choices = levels),
    GY_OPT_INT("port", &v.port, "the port", .meta = "PORT", .max = 65535),
    GY_OPT_DOUBLE("ratio", &v.ratio, "a ratio", .min = -1, .max = 1),
    GY_OPT_TIME("grace", &v.grace, "how long", .max = 86400),
    GY_OPT_SIZE("max-body", &v.body, "how much", .min = 1024, .max = 1024.0 * 1024),
    GY_OPT_BOOL("fast", &v.fast, "be fast"),
    GY_OPT_BOOL("slow", &v.slow, "be slow"),
    GY_OPT_BOOL("no-delay", &v.no_delay, "do not wait"),
    GY_OPT_BOOL("help", &v.help, "this text", .no_env = true),
    GY_OPT_END,
};

static gy_options parser = {.table = options};

static char why[200];
static char *args[ARGS_MAX];
static int argc;

static int reset(void **state)
{
    (void)state;
    memset(&v, 0, sizeof v);
    v.level = "info";
    v.port = 8888;
    return 0;
}

/* The arguments, split at blanks; '~' stands for a blank inside of one. */
static int parse_in(const char *prefix, const char *line)
{
    static char words[512];
    snprintf(words, sizeof words, "prog %s", line);
    argc = 0;
    for (char *word = strtok(words, " "); word; word = strtok(NULL, " ")) {
        for (char *c = word; *c; c++)
            if (*c == '~')
                *c = ' ';
        args[argc++] = word;
    }
    args[argc] = NULL;
    parser.prefix = prefix;
    return gy_options_parse(&parser, &argc, args, why, sizeof why);
}

static int parse(const char *line)
{
    return parse_in(NULL, line);
}

static void refuses(const char *line, const char *sentence)
{
    assert_int_equal(parse(line), GY_EINVAL);
    assert_string_equal(why, sentence);
}

static void test_nothing(void **state)
{
    (void)state;
    assert_int_equal(parse(""), 0);
    assert_int_equal(argc, 1);
    assert_int_equal(v.port, 8888);
    assert_string_equal(why, "");
}

static void test_both_forms(void **state)
{
    (void)state;
    assert_int_equal(parse("--port=1 --text two~words --ratio=-0.5 --log_level debug"), 0);
    assert_int_equal(v.port, 1);
    assert_string_equal(v.text, "two words");
    assert_true(v.ratio == -0.5);
    assert_string_equal(v.level, "debug");

    assert_int_equal(parse("--port=1 --port 2 --text= --ratio -1"), 0);
    assert_int_equal(v.port, 2);
    assert_string_equal(v.text, "");
    assert_true(v.ratio == -1);
    assert_int_equal(parse("--text=a=b --text=--port"), 0);
    assert_string_equal(v.text, "--port");
}

static void test_bool(void **state)
{
    (void)state;
    static const char *const yes[] = {"--fast", "--fast=true", "--fast=YES", "--fast=on",
                                      "--fast=1"};
    static const char *const no[] = {"--no-fast", "--no_fast",  "--fast=false",
                                     "--fast=No", "--fast=off", "--fast=0"};
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
        v.fast = false;
        assert_int_equal(parse(yes[i]), 0);
        assert_true(v.fast);
    }
    for (size_t i = 0; i < sizeof no / sizeof *no; i++) {
        v.fast = true;
        assert_int_equal(parse(no[i]), 0);
        assert_false(v.fast);
    }
    assert_int_equal(parse("--no-delay --fast file"), 1);
    assert_true(v.no_delay && v.fast);
    assert_int_equal(parse("--no-no-delay"), 0);
    assert_false(v.no_delay);

    refuses("--fast=maybe", "--fast: 'maybe' is not true or false");
    refuses("--no-fast=true", "--no-fast takes no value");
    refuses("--no-port", "unknown option --no-port; did you mean --port?");
}

static void test_help(void **state)
{
    (void)state;
    assert_int_equal(parse("-h"), 0);
    assert_true(v.help);
}

static void test_others_move_to_the_front(void **state)
{
    (void)state;
    assert_int_equal(parse("one --port 1 two --fast - --slow -- --port three"), 5);
    assert_int_equal(argc, 6);
    static const char *const left[] = {"prog", "one", "two", "-", "--port", "three"};
    for (int i = 0; i < argc; i++)
        assert_string_equal(args[i], left[i]);
    assert_null(args[6]);
    assert_int_equal(v.port, 1);
    assert_true(v.slow);
}

static void test_ranges(void **state)
{
    (void)state;
    assert_int_equal(parse("--port=0"), 0);
    assert_int_equal(parse("--port=65535"), 0);
    refuses("--port=65536", "--port: '65536' is not a whole number from 0 to 65535");
    refuses("--port=-1", "--port: '-1' is not a whole number from 0 to 65535");
    refuses("--port=99999999999999999999",
            "--port: '99999999999999999999' is not a whole number from 0 to 65535");
    refuses("--port=8x", "--port: '8x' is not a whole number from 0 to 65535");
    refuses("--port=", "--port: '' is not a whole number from 0 to 65535");
    refuses("--ratio=1.01", "--ratio: '1.01' is not a number from -1 to 1");
    refuses("--ratio=nan", "--ratio: 'nan' is not a number from -1 to 1");
    assert_int_equal(v.port, 65535);
}

static void test_sizes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t size;
    } good[] = {{"--max-body=1024", 1024}, {"--max-body=2K", 2048}, {"--max-body=1m", 1 << 20}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_int_equal(parse(good[i].text), 0);
        assert_int_equal(v.body, good[i].size);
    }
    static const char *const bad[] = {"1023",         "2M",  "1025K", "K", "1KB",
                                      "1.5K",         "-1K", "1 K",   "",  "99999999999999999999",
                                      "17179869185G", "1P"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char line[64];
        snprintf(line, sizeof line, "--max-body=%s", bad[i]);
        if (strchr(line, ' '))
            line[strcspn(line, " ")] = '~';
        assert_int_equal(parse(line), GY_EINVAL);
    }
    assert_int_equal(v.body, 1 << 20);
    refuses("--max-body=2M",
            "--max-body: '2M' is not a size such as 64, 64K, 10M or 1G, from 1K to 1M");
}

static void test_times(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double seconds;
    } good[] = {
        {"--grace=1.5", 1.5},        {"--grace=250ms", 0.25}, {"--grace=2m", 120},
        {"--grace=1h30m", 5400},     {"--grace=1d", 86400},   {"--grace=0", 0},
        {"--grace=1m1s500ms", 61.5}, {"--grace=0.5h", 1800},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_int_equal(parse(good[i].text), 0);
        assert_true(v.grace == good[i].seconds);
    }
    static const char *const bad[] = {"",   "s",   "1h30", "-1",  "1w",  "1..5s", ".",     "1e3",
                                      "2d", "1 s", "ms",   "1mm", "0x1", "inf",   "1e400", "1sm"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char line[64];
        snprintf(line, sizeof line, "--grace=%s", bad[i]);
        if (strchr(line, ' '))
            line[strcspn(line, " ")] = '~';
        if (parse(line) != GY_EINVAL)
            fail_msg("%s was taken for a time", line);
    }
    refuses("--grace=never", "--grace: 'never' is not a time such as 1.5, 250ms, 2m or 1h30m, "
                             "from 0s to 86400s");
}

static void test_choices(void **state)
{
    (void)state;
    refuses("--log-level=loud", "--log-level: 'loud' is not one of debug, info or off");
    refuses("--log-level=", "--log-level: '' is not one of debug, info or off");
    assert_string_equal(v.level, "info");
}

static void test_unknown(void **state)
{
    (void)state;
    refuses("--prot=80", "unknown option --prot; did you mean --port?");
    refuses("--log", "unknown option --log; did you mean --log-level?");
    refuses("--maxbody", "unknown option --maxbody; did you mean --max-body?");
    refuses("--no-fats", "unknown option --no-fats; did you mean --fast?");
    refuses("-port", "unknown option -port; did you mean --port?");
    refuses("--zzz", "unknown option --zzz; --help lists them");
    refuses("-p", "unknown option -p; --help lists them");
    refuses("---", "unknown option ---; --help lists them");
    refuses("--=", "unknown option --; --help lists them");
    refuses("--a\x1b[2Jb", "unknown option --a?[2Jb; --help lists them");
    refuses("--xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "unknown option --xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...; "
            "--help lists them");
}

static void test_missing_value(void **state)
{
    (void)state;
    refuses("--port", "--port needs a value: a whole number from 0 to 65535");
    refuses("--text --port 1", "--text needs a value: a text");
}

static void test_environment(void **state)
{
    (void)state;
    setenv("T_PORT", "1", 1);
    setenv("T_LOG_LEVEL", "debug", 1);
    setenv("T_FAST", "true", 1);
    setenv("T_TEXT", "", 1);
    setenv("T_HELP", "true", 1);
    v.text = "kept";
    assert_int_equal(parse_in("T", "--port 2"), 0);
    assert_int_equal(v.port, 2);
    assert_string_equal(v.level, "debug");
    assert_true(v.fast);
    assert_string_equal(v.text, "kept");
    assert_false(v.help);
    assert_int_equal(parse_in("T", "--no-fast"), 0);
    assert_int_equal(v.port, 1);
    assert_false(v.fast);

    setenv("T_PORT", "x", 1);
    assert_int_equal(parse_in("T", ""), GY_EINVAL);
    assert_string_equal(why, "T_PORT: 'x' is not a whole number from 0 to 65535");
    assert_int_equal(parse_in("T", "--port=3"), 0);
    assert_int_equal(v.port, 3);
    assert_int_equal(parse_in("T", "-- --port=3"), GY_EINVAL);
    static const char *const names[] = {"T_PORT", "T_LOG_LEVEL", "T_FAST", "T_TEXT", "T_HELP"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unsetenv(names[i]);
}

static void test_set(void **state)
{
    (void)state;
    assert_int_equal(gy_options_set(&parser, "log_level", "off", why, sizeof why), 0);
    assert_string_equal(v.level, "off");
    assert_int_equal(gy_options_set(&parser, "port", "x", why, sizeof why), GY_EINVAL);
    assert_string_equal(why, "port: 'x' is not a whole number from 0 to 65535");
    assert_int_equal(gy_options_set(&parser, "prot", "1", why, sizeof why), GY_ENOTFOUND);
    assert_string_equal(why, "unknown option prot; did you mean --port?");
    assert_int_equal(gy_options_set(&parser, "no-fast", "1", why, 0), GY_ENOTFOUND);
}

static void test_help_text(void **state)
{
    (void)state;
    static const char *const colours[] = {"red", "blue", NULL};
    static const char *colour = "red", *none;
    static int port = 80;
    static size_t size = 10 << 20;
    static double ratio = 0.25, wait = 90;
    static bool on = true, off, help;
    const gy_option table[] = {
        GY_OPT_INT("port", &port, "listen on this port", .meta = "PORT"),
        GY_OPT_TEXT("colour", &colour,
                    "of the page that is shown when nothing else is there to see",
                    .choices = colours),
        GY_OPT_TEXT("name", &none, "a name"),
        GY_OPT_TEXT("hidden", &none, NULL),
        GY_OPT_SIZE("room", &size, "how much"),
        GY_OPT_TIME("wait", &wait, "how long"),
        GY_OPT_DOUBLE("a-rather-long-name-of-an-option", &ratio, "part"),
        GY_OPT_BOOL("on", &on, "switch it off"),
        GY_OPT_BOOL("off", &off, "switch it on"),
        GY_OPT_BOOL("help", &help, "this text"),
        GY_OPT_END,
    };
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    gy_options_help(table, 60, out);
    fclose(out);
    assert_string_equal(text, "  --port=PORT    listen on this port (default 80)\n"
                              "  --colour=TEXT  of the page that is shown when nothing else\n"
                              "                 is there to see (one of red or blue;\n"
                              "                 default red)\n"
                              "  --name=TEXT    a name\n"
                              "  --room=SIZE    how much (default 10M)\n"
                              "  --wait=TIME    how long (default 90s)\n"
                              "  --a-rather-long-name-of-an-option=NUMBER\n"
                              "                 part (default 0.25)\n"
                              "  --no-on        switch it off\n"
                              "  --off          switch it on\n"
                              "  --help, -h     this text\n");
    free(text);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_nothing, reset),
        cmocka_unit_test_setup(test_both_forms, reset),
        cmocka_unit_test_setup(test_bool, reset),
        cmocka_unit_test_setup(test_help, reset),
        cmocka_unit_test_setup(test_others_move_to_the_front, reset),
        cmocka_unit_test_setup(test_ranges, reset),
        cmocka_unit_test_setup(test_sizes, reset),
        cmocka_unit_test_setup(test_times, reset),
        cmocka_unit_test_setup(test_choices, reset),
        cmocka_unit_test_setup(test_unknown, reset),
        cmocka_unit_test_setup(test_missing_value, reset),
        cmocka_unit_test_setup(test_environment, reset),
        cmocka_unit_test_setup(test_set, reset),
        cmocka_unit_test_setup(test_help_text, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
