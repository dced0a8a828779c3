/* SPDX-License-Identifier: MIT */
/* test_options_kinds.c - choices, paths, dates and lists; checks; groups; what a person is told. */
#include <gyre/error.h>
#include <gyre/options.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "support/sweep.h"

enum { RED = 7, GREEN = 8 };

static struct {
    int colour;
    const char *path, *even;
    double since;
    gy_texts names, fruit;
    gy_ints numbers, small;
} v;

static const gy_option_name colours[] = {{"red", RED}, {"green", GREEN}, {NULL, 0}};
static const char *const fruits[] = {"apple", "pear", NULL};

static const char *check_even(const gy_option *o)
{
    return strlen(*(const char **)o->value) % 2 ? "a text of even length" : NULL;
}

static const gy_option lists[] = {
    GY_OPT_TEXTS("names", &v.names, "some names"),
    GY_OPT_TEXTS("fruit", &v.fruit, "some fruit", .choices = fruits),
    GY_OPT_INTS("numbers", &v.numbers, "some numbers"),
    GY_OPT_INTS("small", &v.small, "small numbers", .min = 1, .max = 9),
    GY_OPT_END,
};

static const gy_option table[] = {
    GY_OPT_CHOICE("colour", &v.colour, colours, "which colour"),
    GY_OPT_PATH("path", &v.path, "a path"),
    GY_OPT_TEXT("even", &v.even, "an even text", .check = check_even),
    GY_OPT_DATE("since", &v.since, "from when on"),
    GY_OPT_GROUP("lists", lists),
    GY_OPT_END,
};

static gy_options parser = {.table = table};
static char why[300];

static int reset(void **state)
{
    (void)state;
    memset(&v, 0, sizeof v);
    v.colour = RED;
    return 0;
}

static int done(void **state)
{
    (void)state;
    gy_options_done(&parser);
    assert_int_equal(v.colour, RED);
    assert_null(v.path);
    assert_int_equal(v.names.count, 0);
    return 0;
}

static int set(const char *name, const char *value)
{
    return gy_options_set(&parser, name, value, why, sizeof why);
}

static void takes(const char *name, const char *value)
{
    if (set(name, value))
        fail_msg("%s", why);
}

static void refuses(const char *name, const char *value, const char *sentence)
{
    assert_int_equal(set(name, value), GY_EINVAL);
    assert_string_equal(why, sentence);
}

static int parse(int count, ...)
{
    char *argv[8] = {(char[]){"prog"}};
    int argc = 1;
    va_list ap;
    va_start(ap, count);
    while (argc <= count)
        argv[argc++] = va_arg(ap, char *);
    va_end(ap);
    argv[argc] = NULL;
    return gy_options_parse(&parser, &argc, argv, why, sizeof why);
}

static void test_choice(void **state)
{
    (void)state;
    takes("colour", "Green");
    assert_int_equal(v.colour, GREEN);
    refuses("colour", "blue", "colour: 'blue' is not one of red or green");
    refuses("colour", "", "colour: '' is not one of red or green");
    assert_int_equal(v.colour, GREEN);
}

static void test_path(void **state)
{
    (void)state;
    setenv("HOME", "/home/of/me", 1);
    takes("path", "~/a");
    assert_string_equal(v.path, "/home/of/me/a");
    takes("path", "~");
    assert_string_equal(v.path, "/home/of/me");
    takes("path", "a/~");
    assert_string_equal(v.path, "a/~");
    struct passwd *root = getpwnam("root");
    if (root) {
        char expected[200];
        snprintf(expected, sizeof expected, "%s/x", root->pw_dir);
        takes("path", "~root/x");
        assert_string_equal(v.path, expected);
    }
    refuses("path", "~no-such-user-here/x",
            "path: '~no-such-user-here/x' is not a path, where ~ is a home folder that exists");
    takes("path", "");
    assert_string_equal(v.path, "");
}

static void test_check(void **state)
{
    (void)state;
    takes("even", "four");
    refuses("even", "odd", "even: 'odd' is not a text of even length");
    assert_string_equal(v.even, "four");
}

static int64_t fixed(void *arg)
{
    (void)arg;
    return INT64_C(1795348800) * GY__NS_PER_S; /* 2026-11-22 12:00:00 UTC */
}

static void test_dates(void **state)
{
    (void)state;
    static const struct gy__clock_source source = {.now_ns = fixed, .wall_ns = fixed};
    static const struct {
        const char *text;
        double seconds;
    } good[] = {
        {"2026-11-22", 1795302000},
        {"20261122", 1795302000},
        {"2026-11-22 15:04", 1795356240},
        {"20261122 15:04:05", 1795356245},
        {"2026-11-22 15:04:05.25", 1795356245.25},
        {"2026-11-22T15:04:05", 1795356245},
        {"2026-11-22T15:04:05Z", 1795359845},
        {"2026-11-22T15:04:05 +01:00", 1795356245},
        {"2026-11-22T15:04-0130", 1795365240},
        {"15:04", 1795356240},
        {"15:04:05", 1795356245},
        {"2024-02-29", 1709161200},
        {"1969-12-31T23:59:59Z", -1},
    };
    gy__clock_set(&source);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        takes("since", good[i].text);
        if (v.since != good[i].seconds)
            fail_msg("%s is %f", good[i].text, v.since);
    }
    static const char *const bad[] = {
        "",
        "now",
        "2026",
        "2026-11",
        "2026-13-01",
        "2026-02-29",
        "2026-11-31",
        "2026-11-00",
        "2026-1122",
        "202611-22",
        "24:00",
        "12:60",
        "12:00:60",
        "12",
        "2026-11-22 ",
        "2026-11-22X",
        "2026-11-22Z",
        "2026-11-22 1:00",
        "12:00:00.",
        "12:00 +1",
        "12:00+24:00",
        "12:00Z0",
        "0000-01-01",
        "12:00 ",
        "-2026-11-22",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (set("since", bad[i]) != GY_EINVAL)
            fail_msg("'%s' was taken for a date", bad[i]);
    refuses("since", "soon",
            "since: 'soon' is not a date such as 2026-11-22, '2026-11-22 15:04:05' or 15:04");
    gy__clock_set(NULL);
}

static void test_texts(void **state)
{
    (void)state;
    takes("names", "ann, bob ,cid");
    assert_int_equal(v.names.count, 3);
    assert_string_equal(v.names.items[0], "ann");
    assert_string_equal(v.names.items[1], "bob");
    assert_string_equal(v.names.items[2], "cid");
    takes("names", "dan");
    assert_int_equal(v.names.count, 1);
    takes("names", "");
    assert_int_equal(v.names.count, 0);
    refuses("names", "a,,b", "names: 'a,,b' is not a list such as one,two");
    refuses("names", "a,", "names: 'a,' is not a list such as one,two");
    takes("fruit", "pear,apple");
    refuses("fruit", "apple,leek", "fruit: 'apple,leek' is not a list of apple or pear");
    assert_string_equal(v.fruit.items[0], "pear");
}

static void has_numbers(const gy_ints *list, size_t count, const int *numbers)
{
    assert_int_equal(list->count, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(list->items[i], numbers[i]);
}

static void test_ints(void **state)
{
    (void)state;
    takes("numbers", "1, 4:6,-2:0,7");
    has_numbers(&v.numbers, 8, (int[]){1, 4, 5, 6, -2, -1, 0, 7});
    takes("numbers", "2147483646:2147483647");
    has_numbers(&v.numbers, 2, (int[]){2147483646, 2147483647});
    static const char *const bad[] = {"x",      "1:",  ":1",         "3:1", "1:2:3",       "1,,2",
                                      "1:9999", "1.5", "2147483648", " ",   "0:2147483647"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (set("numbers", bad[i]) != GY_EINVAL)
            fail_msg("'%s' was taken for numbers", bad[i]);
    assert_int_equal(v.numbers.count, 2);
    takes("small", "1:3");
    refuses("small", "1:10",
            "small: '1:10' is not a list of whole numbers such as 1,4:6, from 1 to 9");
}

static void test_repeated_lists_are_joined(void **state)
{
    (void)state;
    assert_int_equal(parse(3, "--names=a,b", "--numbers=1:2", "--names=c"), 0);
    assert_int_equal(v.names.count, 3);
    assert_string_equal(v.names.items[2], "c");
    has_numbers(&v.numbers, 2, (int[]){1, 2});
    assert_int_equal(parse(1, "--names=d"), 0);
    assert_int_equal(v.names.count, 1);
    setenv("T_NAMES", "x,y", 1);
    parser.prefix = "T";
    assert_int_equal(parse(1, "--names=z"), 0);
    assert_int_equal(v.names.count, 1);
    assert_int_equal(parse(0), 0);
    assert_int_equal(v.names.count, 2);
    parser.prefix = NULL;
    unsetenv("T_NAMES");
}

static const char *refuse_red(void *arg)
{
    return *(bool *)arg && v.colour == RED ? "red does not go with that" : NULL;
}

static void test_check_of_all(void **state)
{
    (void)state;
    bool on = true;
    gy_options all = {.table = table, .check = refuse_red, .arg = &on};
    int argc = 1;
    char *argv[] = {(char[]){"prog"}, NULL};
    assert_int_equal(gy_options_parse(&all, &argc, argv, why, sizeof why), GY_EINVAL);
    assert_string_equal(why, "red does not go with that");
    on = false;
    assert_int_equal(gy_options_parse(&all, &argc, argv, why, sizeof why), 0);
    gy_options_done(&all);
}

static void test_save_and_restore(void **state)
{
    (void)state;
    assert_false(gy_options_restore(&parser));
    takes("names", "a");
    assert_int_equal(gy_options_save(&parser), 0);
    takes("names", "b,c");
    v.colour = GREEN;
    assert_int_equal(gy_options_save(&parser), 0);
    takes("names", "d");
    assert_true(gy_options_restore(&parser));
    assert_string_equal(v.names.items[1], "c");
    assert_int_equal(v.colour, GREEN);
    assert_true(gy_options_restore(&parser));
    assert_string_equal(v.names.items[0], "a");
    assert_int_equal(v.colour, RED);
    assert_false(gy_options_restore(&parser));
    assert_int_equal(gy_options_save(&parser), 0); /* left to gy_options_done */
}

struct listing {
    char text[1000];
};

static void list(void *arg, const char *group, const gy_option *o, const char *value)
{
    struct listing *l = arg;
    size_t len = strlen(l->text);
    snprintf(l->text + len, sizeof l->text - len, "%s/%s=%s\n", group, o->name, value);
}

static void test_looking_at_them(void **state)
{
    (void)state;
    struct listing l = {""};
    static bool yes;
    const gy_option more[] = {GY_OPT_BOOL("yes", &yes, "yes"), GY_OPT_GROUP("", table), GY_OPT_END};
    takes("numbers", "1,4:6,8");
    takes("names", "a,b");
    takes("since", "2026-11-22 15:04:05");
    gy_options_each(more, list, &l);
    assert_string_equal(l.text, "/yes=false\n/colour=red\n/path=\n/even=\n"
                                "/since=2026-11-22 15:04:05\nlists/names=a,b\nlists/fruit=\n"
                                "lists/numbers=1,4:6,8\nlists/small=\n");
    assert_ptr_equal(gy_options_find(more, "small"), &lists[3]);
    assert_null(gy_options_find(more, "lists"));
    assert_null(gy_options_find(more, "no-yes"));
    assert_null(gy_options_main());
}

static void test_help_in_groups(void **state)
{
    (void)state;
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    gy_options_help(table, 60, out);
    fclose(out);
    assert_string_equal(text, "  --colour=WORD  which colour (one of red or green; default\n"
                              "                 red)\n"
                              "  --path=PATH    a path\n"
                              "  --even=TEXT    an even text\n"
                              "  --since=DATE   from when on\n"
                              "\nlists:\n"
                              "  --names=TEXT,...  some names\n"
                              "  --fruit=TEXT,...  some fruit (a list of apple or pear)\n"
                              "  --numbers=N,...   some numbers\n"
                              "  --small=N,...     small numbers\n");
    free(text);
}

static size_t widest_help(void)
{
    static const char many[] = "word word word word word word word word word word word word word "
                               "word word word word word word word word word word word word word";
    static int n;
    const gy_option one[] = {GY_OPT_INT("n", &n, many), GY_OPT_END};
    char *text = NULL;
    size_t len = 0, widest = 0;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    gy_options_help(one, 0, out);
    fclose(out);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        widest = strlen(line) > widest ? strlen(line) : widest;
    free(text);
    return widest;
}

static void test_help_is_as_wide_as_the_terminal(void **state)
{
    (void)state;
    static const struct {
        const char *columns;
        size_t least, most;
    } cases[] = {{"72", 67, 72}, {"20", 55, 60}, {"500", 95, 100}, {"90", 85, 90}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        setenv("COLUMNS", cases[i].columns, 1);
        assert_in_range(widest_help(), cases[i].least, cases[i].most);
    }
    unsetenv("COLUMNS");
}

static int parse_all(void *arg)
{
    (void)arg;
    gy_options own = {.table = table};
    int argc = 4;
    char *argv[] = {(char[]){"prog"}, (char[]){"--names=a,b"}, (char[]){"--numbers=1:9"},
                    (char[]){"--path=~/there"}, NULL};
    int e = gy_options_parse(&own, &argc, argv, why, sizeof why);
    if (e == 0)
        e = gy_options_save(&own);
    if (e < 0 && e != GY_ENOMEM)
        fail_msg("%d: %s", e, why);
    gy_options_done(&own);
    return e;
}

static void test_each_allocation_fails(void **state)
{
    (void)state;
    sweep_allocations(parse_all, NULL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_choice, reset, done),
        cmocka_unit_test_setup_teardown(test_path, reset, done),
        cmocka_unit_test_setup_teardown(test_check, reset, done),
        cmocka_unit_test_setup_teardown(test_dates, reset, done),
        cmocka_unit_test_setup_teardown(test_texts, reset, done),
        cmocka_unit_test_setup_teardown(test_ints, reset, done),
        cmocka_unit_test_setup_teardown(test_repeated_lists_are_joined, reset, done),
        cmocka_unit_test_setup_teardown(test_check_of_all, reset, done),
        cmocka_unit_test_setup_teardown(test_save_and_restore, reset, done),
        cmocka_unit_test_setup_teardown(test_looking_at_them, reset, done),
        cmocka_unit_test_setup_teardown(test_help_in_groups, reset, done),
        cmocka_unit_test_setup_teardown(test_help_is_as_wide_as_the_terminal, reset, done),
        cmocka_unit_test_setup_teardown(test_each_allocation_fails, reset, done),
    };
    setenv("TZ", "CET-1", 1);
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
