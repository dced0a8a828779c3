/* SPDX-License-Identifier: MIT */
/* test_shortcut.c - literal paths are found, others are not, and crowded slots are left alone. */
#include "web/shortcut.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static void only_the_very_path_is_found(void **state)
{
    static const char *const others[] = {"", "/", "/x", "/jso", "/jsonn", "/jsOn", "/jsom"};
    static const char *const longer[] = {"/of-17-bytes-long/", "/of-17-bytes-lon",
                                         "/of-17-byt_s-long", "_of-17-bytes-long",
                                         "/of-17-bytes-l_ng"};
    gy_arena a = {0};
    struct gy__shortcut s;
    struct gy__row row = {.index = 0};
    (void)state;
    assert_int_equal(gy__shortcut_init(&s, &a, 9), 0);
    assert_null(gy__shortcut_find(&s, gy_str_of("/json")));
    gy__shortcut_add(&s, gy_str_of("/json"), &row);
    gy__shortcut_add(&s, gy_str_of(""), &row);
    assert_ptr_equal(gy__shortcut_find(&s, gy_str_of("/json")), &row);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_null(gy__shortcut_find(&s, gy_str_of(others[i])));
    gy__shortcut_add(&s, gy_str_of("/of-17-bytes-long"), &row);
    assert_ptr_equal(gy__shortcut_find(&s, gy_str_of("/of-17-bytes-long")), &row);
    for (size_t i = 0; i < sizeof longer / sizeof longer[0]; i++)
        assert_null(gy__shortcut_find(&s, gy_str_of(longer[i])));
    gy_arena_done(&a);
}

static void the_first_in_a_slot_stays(void **state)
{
    gy_arena a = {0};
    struct gy__shortcut s;
    struct gy__row first = {.index = 0}, second = {.index = 1};
    (void)state;
    assert_int_equal(gy__shortcut_init(&s, &a, 2), 0);
    gy__shortcut_add(&s, gy_str_of("/abcde"), &first);
    gy__shortcut_add(&s, gy_str_of("/xbcye"), &second); /* the same in the middle and at the end */
    gy__shortcut_add(&s, gy_str_of("/abcde"), &second);
    assert_ptr_equal(gy__shortcut_find(&s, gy_str_of("/abcde")), &first);
    assert_null(gy__shortcut_find(&s, gy_str_of("/xbcye")));
    gy_arena_done(&a);
}

static void most_of_many_find_a_place(void **state)
{
    enum { MANY = 300 };
    static char paths[MANY][32];
    static struct gy__row rows[MANY];
    gy_arena a = {0};
    struct gy__shortcut s;
    unsigned found = 0;
    (void)state;
    assert_int_equal(gy__shortcut_init(&s, &a, MANY), 0);
    for (int i = 0; i < MANY; i++) {
        snprintf(paths[i], sizeof paths[i], "/%d/%c%d", i, 'a' + i % 26, i * 7);
        gy__shortcut_add(&s, gy_str_of(paths[i]), &rows[i]);
    }
    for (int i = 0; i < MANY; i++) {
        const struct gy__row *row = gy__shortcut_find(&s, gy_str_of(paths[i]));
        assert_true(!row || row == &rows[i]);
        found += row != NULL;
    }
    assert_true(found > MANY / 3);
    gy_arena_done(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_very_path_is_found),
        cmocka_unit_test(the_first_in_a_slot_stays),
        cmocka_unit_test(most_of_many_find_a_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
