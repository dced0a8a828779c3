/* SPDX-License-Identifier: MIT */
/* test_hold.c - when a loop counts as held up. */
#include "loop/hold.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/clock.h"

enum { MS = GY__NS_PER_MS, LIMIT = 1000 };

static enum gy__verdict look(struct gy__hold *h, uint64_t beats, int64_t ms)
{
    return gy__hold_look(h, beats, false, ms * MS, (int64_t)LIMIT * MS);
}

static void a_loop_that_comes_round_is_fine(void **state)
{
    (void)state;
    struct gy__hold h = {0};
    for (int i = 1; i < 100; i++)
        assert_int_equal(look(&h, (uint64_t)i, 500 * i), GY__FINE);
}

static void a_loop_that_is_away_is_fine_for_ever(void **state)
{
    (void)state;
    struct gy__hold h = {0};
    for (int i = 1; i < 100; i++)
        assert_int_equal(gy__hold_look(&h, 7, true, (int64_t)500 * i * MS, (int64_t)LIMIT * MS),
                         GY__FINE);
    /* Nor does the time it was away count when it has come back. */
    assert_int_equal(look(&h, 7, 60000), GY__FINE);
    assert_int_equal(look(&h, 7, 60999), GY__FINE);
    assert_int_equal(look(&h, 7, 61000), GY__HELD);
}

static void a_hold_is_told_and_again_when_it_has_doubled(void **state)
{
    (void)state;
    struct gy__hold h = {0};
    look(&h, 4, 100);
    int told = 0;
    for (int64_t ms = 100; ms <= 8600; ms += 100) {
        enum gy__verdict v = look(&h, 5, ms);
        assert_int_not_equal(v, GY__WENT_ON);
        if (v == GY__HELD)
            assert_int_equal(h.lasted, (int64_t)(LIMIT << told++) * MS);
    }
    assert_int_equal(told, 4);
    assert_int_equal(look(&h, 6, 8700), GY__WENT_ON);
    assert_int_equal(h.lasted, (int64_t)8600 * MS);
    assert_int_equal(look(&h, 7, 8800), GY__FINE);
}

static void looks_that_come_late_tell_once(void **state)
{
    (void)state;
    struct gy__hold h = {0};
    look(&h, 5, 1);
    assert_int_equal(look(&h, 5, 9001), GY__HELD);
    assert_int_equal(look(&h, 5, 9002), GY__FINE);
    assert_int_equal(look(&h, 5, 16001), GY__HELD);
}

static void time_in_which_nobody_ran_is_left_out(void **state)
{
    (void)state;
    struct gy__hold h = {0};
    look(&h, 5, 1);
    assert_int_equal(look(&h, 5, 501), GY__FINE);
    gy__hold_skip(&h, (int64_t)3600 * 1000 * MS);
    assert_int_equal(look(&h, 5, 3600 * 1000 + 600), GY__FINE);
    assert_int_equal(look(&h, 5, 3600 * 1000 + 1001), GY__HELD);
    assert_int_equal(h.lasted, (int64_t)LIMIT * MS);
}

static void what_the_thread_says_counts_as_far_as_the_looks_allow(void **state)
{
    (void)state;
    struct gy__hold h = {0};
    look(&h, 4, 100);
    look(&h, 5, 600);
    assert_int_equal(look(&h, 5, 1600), GY__HELD);
    gy__hold_lasts(&h, (int64_t)1300 * MS, (int64_t)1600 * MS);
    assert_int_equal(h.lasted, (int64_t)1300 * MS);
    gy__hold_lasts(&h, (int64_t)9000 * MS, (int64_t)1600 * MS); /* at 100 it was not held */
    gy__hold_lasts(&h, (int64_t)3 * MS, (int64_t)1600 * MS);
    assert_int_equal(h.lasted, (int64_t)1300 * MS);
    assert_int_equal(look(&h, 5, 2299), GY__FINE);
    assert_int_equal(look(&h, 5, 2300), GY__HELD);
}

static void looks_are_rare_unless_something_is_due(void **state)
{
    (void)state;
    struct gy__hold h = {0};
    int64_t limit = (int64_t)LIMIT * MS;
    gy__hold_look(&h, 1, true, 100 * MS, limit);
    assert_int_equal(gy__hold_pause(&h, 100 * MS, limit), 500 * MS);
    look(&h, 1, 600);
    assert_int_equal(gy__hold_pause(&h, 600 * MS, limit), 500 * MS);
    look(&h, 1, 1400);
    assert_int_equal(gy__hold_pause(&h, (int64_t)1400 * MS, limit), 200 * MS);
    assert_int_equal(look(&h, 1, 1600), GY__HELD);
    assert_int_equal(gy__hold_pause(&h, (int64_t)1600 * MS, limit), 125 * MS);
    assert_true(gy__hold_pause(&h, (int64_t)99999 * MS, limit) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_loop_that_comes_round_is_fine),
        cmocka_unit_test(a_loop_that_is_away_is_fine_for_ever),
        cmocka_unit_test(a_hold_is_told_and_again_when_it_has_doubled),
        cmocka_unit_test(looks_that_come_late_tell_once),
        cmocka_unit_test(time_in_which_nobody_ran_is_left_out),
        cmocka_unit_test(what_the_thread_says_counts_as_far_as_the_looks_allow),
        cmocka_unit_test(looks_are_rare_unless_something_is_due),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
