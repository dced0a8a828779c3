/* SPDX-License-Identifier: MIT */
/* The testing kit: what it lets pass and what it complains of. */
#include <gyre/error.h>
#include <gyre/log.h>
#include <gyre/testing.h>

#include "base/alloc.h"
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* The complaints, a line each. */
static char complaints[4096];

static void complain(void *arg, const char *text)
{
    (void)arg;
    size_t n = strlen(complaints);
    snprintf(complaints + n, sizeof complaints - n, "%s\n", text);
}

static gy_test *begin(void)
{
    complaints[0] = '\0';
    gy_test *t = gy_test_begin("it", complain, NULL);
    assert_non_null(t);
    return t;
}

static void end(gy_test *t, const char *want)
{
    int failures = gy_test_end(t);
    assert_int_equal(failures == 0, complaints[0] == '\0');
    if (!gy_test_matches(want, gy_str_of(complaints)))
        fail_msg("complained: %s", complaints);
    assert_null(gy_test_current());
}

static void test_nothing(void **state)
{
    (void)state;
    end(begin(), "");
}

static void test_globs(void **state)
{
    (void)state;
    static const struct {
        const char *glob, *text;
        bool is;
    } cases[] = {{"", "", true},           {"*", "", true},      {"a", "a", true},
                 {"a", "ab", false},       {"a*", "ab", true},   {"*b", "ab", true},
                 {"a?c", "abc", true},     {"a?c", "ac", false}, {"*ab*ab", "abaab", true},
                 {"*ab*ab", "aab", false}, {"a**b", "ab", true}, {"?", "", false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(gy_test_matches(cases[i].glob, gy_str_of(cases[i].text)), cases[i].is);
}

static void test_checks(void **state)
{
    (void)state;
    gy_test *t = begin();
    assert_true(GY_CHECK(1 + 1 == 2));
    assert_true(GY_CHECK_INT(2, 2));
    assert_true(GY_CHECK_TEXT(gy_str_of("a"), "a"));
    assert_int_equal(gy_test_failures(t), 0);
    assert_false(GY_CHECK(1 + 1 == 3));
    assert_false(GY_CHECK_INT(1 + 1, 3));
    assert_false(GY_CHECK_TEXT(gy_str_of("a\n"), "b"));
    assert_false(GY_CHECK_GLOB(gy_str_of("a"), "b*"));
    assert_int_equal(gy_test_failures(t), 4);
    end(t, "it: *test_testing.c:*: 1 + 1 == 3\n"
           "it: *: 1 + 1 is 2, not 3\n"
           "it: *: gy_str_of(\"a\\n\") is \"a\\x0a\", not \"b\"\n"
           "it: *\n");
}

static void test_the_log(void **state)
{
    (void)state;
    gy_test *t = begin();
    gy_info("this is fine");
    gy_test_expect_log(t, "an error*often");
    gy_test_allow_log(t, "often");
    gy_error("such an error comes often");
    gy_warning("often");
    gy_warning("often");
    assert_true(gy_str_eq(gy_test_logged(t),
                          gy_str_of("this is fine\nsuch an error comes often\noften\noften\n")));
    end(t, "");

    t = begin();
    gy_warning("nobody expects this");
    end(t, "it: logged: nobody expects this\n");

    t = begin();
    gy_test_expect_log(t, "twice");
    gy_test_expect_log(t, "twice");
    gy_error("twice");
    end(t, "it: not logged: twice\n");
}

static int sleep_long(void *arg)
{
    int e = gy_sleep(1000);
    if (arg)
        *(int *)arg = e ? e : 1;
    return e;
}

static void test_what_is_left_behind(void **state)
{
    (void)state;
    gy_test *t = begin();
    assert_int_equal(gy_spawn(sleep_long, NULL, &(gy_task_opts){.name = "sleeper"}), 0);
    gy_test_settle(t);
    gy_test_allow_log(t, "task*failed");
    end(t, "it: left behind: task \"sleeper\", which waits for sleep\n");

    t = begin();
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    end(t, "it: left behind: 1 file descriptors\n");
    close(fd);

    t = begin();
    void *p = gy__alloc(1);
    end(t, "it: left behind: 1 allocations\n");
    gy__free(p);
}

static void note_time(void *arg)
{
    *(int64_t *)arg = gy__clock_now();
}

static void test_the_clock(void **state)
{
    (void)state;
    gy_test *t = begin();
    int64_t at[2] = {0, 0}, start = gy__clock_now();
    gy_timer timers[2] = {{.at = 0}, {.at = 0}};
    gy_timer_set(gy_test_loop(t), &timers[0], 2, note_time, &at[0]);
    gy_timer_set(gy_test_loop(t), &timers[1], 1000, note_time, &at[1]);
    gy_test_settle(t);
    assert_int_equal(at[0], 0);
    gy_test_advance(t, 5);
    assert_in_range(at[0] - start, 2000000000, 2010000000);
    assert_int_equal(gy__clock_now() - start, 5000000000);
    assert_int_equal(at[1], 0);
    gy_timer_cancel(gy_test_loop(t), &timers[1]);

    gy_test_clock_auto(t);
    int result = 0;
    assert_int_equal(gy_test_run(t, sleep_long, &result), 0);
    assert_int_equal(result, 1);
    assert_in_range(gy__clock_now() - start, 1005000000000, 1005100000000);
    end(t, "");
    assert_true(gy__clock_wall() > 1000000000);
}

static void test_waiting_for_what_never_comes(void **state)
{
    (void)state;
    gy_test *t = begin();
    int result = 0;
    gy_test_run(t, sleep_long, &result);
    assert_int_equal(result, GY_ECANCELED);
    end(t, "it: nothing happens any more, waiting for the task (time stands still*\n");
}

static void test_tests_inside_tests(void **state)
{
    (void)state;
    gy_test *t = begin();
    gy_test_advance(t, 10);
    int64_t now = gy__clock_now();
    gy_test *inner = gy_test_begin("inner", complain, NULL);
    assert_ptr_equal(gy_test_current(), inner);
    assert_ptr_equal(gy_loop_current(), gy_test_loop(inner));
    gy_error("inside");
    assert_int_equal(gy_test_end(inner), 1);
    assert_string_equal(complaints, "inner: logged: inside\n");
    complaints[0] = '\0';
    assert_ptr_equal(gy_test_current(), t);
    assert_ptr_equal(gy_loop_current(), gy_test_loop(t));
    assert_int_equal(gy__clock_now(), now);
    end(t, "");
}

/* -- Sweeps -------------------------------------------------------------------------------------- */

static int allocate_twice(void *arg)
{
    void *a = gy__alloc(1);
    void *b = a ? gy__alloc(1) : NULL;
    *(int *)arg += b != NULL;
    gy__free(a);
    gy__free(b);
    return gy_sleep(1) | gy_sleep(1);
}

static void scenario(gy_test *t, void *arg)
{
    gy_test_clock_auto(t);
    gy_test_run(t, allocate_twice, arg);
}

static void leak_when_disturbed(gy_test *t, void *arg)
{
    scenario(t, arg);
    if (gy_test_disturbed(t))
        *(void **)((int *)arg + 2) = gy__alloc(1);
}

static void test_sweeps(void **state)
{
    (void)state;
    int successes = 0;
    gy_test *t = begin();
    assert_true(gy_test_sweep_alloc(t, scenario, &successes) >= 2);
    assert_true(successes >= 2);
    assert_int_equal(gy_test_sweep_cancel(t, scenario, &successes), 2);
    end(t, "");

    struct {
        int successes, unused;
        void *leak;
    } leaky = {0, 0, NULL};
    t = begin();
    gy_test_sweep_cancel(t, leak_when_disturbed, &leaky);
    gy__free(leaky.leak);
    end(t, "it: it *wait 0*: left behind: 1 allocations\n");
}

static void test_one_failing_allocation(void **state)
{
    (void)state;
    gy_test *t = begin();
    gy_test_fail_alloc(t, 1);
    void *a = gy__alloc(1), *b = gy__alloc(1), *c = gy__alloc(1);
    assert_non_null(a);
    assert_null(b);
    assert_non_null(c);
    gy__free(a);
    gy__free(c);
    end(t, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_globs),
        cmocka_unit_test(test_checks),
        cmocka_unit_test(test_the_log),
        cmocka_unit_test(test_what_is_left_behind),
        cmocka_unit_test(test_the_clock),
        cmocka_unit_test(test_waiting_for_what_never_comes),
        cmocka_unit_test(test_tests_inside_tests),
        cmocka_unit_test(test_sweeps),
        cmocka_unit_test(test_one_failing_allocation),
    };
    return cmocka_run_group_tests_name("testing", tests, NULL, NULL);
}
