/* SPDX-License-Identifier: MIT */
/* test_header.c - the ordered multimap of header fields. */
#include "support/sweep.h"
#include <gyre/error.h>
#include <gyre/http.h>
#include <string.h>

static void test_order_and_names(void **state)
{
    (void)state;
    gy_arena a = {0};
    gy_headers h = {.arena = &a};
    assert_null(gy_headers_get(&h, "A").ptr);
    assert_false(gy_headers_has(&h, "A"));
    for (int i = 0; i < 20; i++) {
        char value[2] = {(char)('a' + i), 0};
        assert_int_equal(gy_headers_add(&h, i % 2 ? "X-Odd" : "x-even", value), 0);
    }
    assert_int_equal(h.count, 20);
    assert_string_equal(gy_headers_get(&h, "X-EVEN").ptr, "a");
    assert_string_equal(gy_headers_get(&h, "x-odd").ptr, "b");
    assert_string_equal(h.items[1].name.ptr, "X-Odd");
    assert_false(gy_headers_has(&h, "X-Od"));
    assert_false(gy_headers_has(&h, ""));
    size_t seen = 0;
    gy_headers_each(f, &h)
    {
        assert_int_equal(f->value.ptr[0], 'a' + (int)seen++);
    }
    assert_int_equal(seen, 20);
    gy_arena_done(&a);
}

static void test_all_joins(void **state)
{
    (void)state;
    gy_arena a = {0};
    gy_headers h = {.arena = &a};
    assert_int_equal(gy_headers_add(&h, "Accept", "a"), 0);
    assert_int_equal(gy_headers_add(&h, "Other", "z"), 0);
    assert_string_equal(gy_headers_all(&a, &h, "accept").ptr, "a");
    assert_int_equal(gy_headers_add(&h, "accept", ""), 0);
    assert_int_equal(gy_headers_add(&h, "ACCEPT", "c, d"), 0);
    gy_str all = gy_headers_all(&a, &h, "Accept");
    assert_string_equal(all.ptr, "a, , c, d");
    assert_int_equal(all.len, 9);
    assert_null(gy_headers_all(&a, &h, "None").ptr);
    gy_arena_done(&a);
}

static void test_an_empty_first_value_is_joined(void **state)
{
    (void)state;
    gy_arena a = {0};
    gy_headers h = {.arena = &a};
    assert_int_equal(gy_headers_add(&h, "A", ""), 0);
    assert_int_equal(gy_headers_add(&h, "A", "b"), 0);
    assert_string_equal(gy_headers_all(&a, &h, "A").ptr, ", b");
    gy_arena_done(&a);
}

static void test_next_walks_one_name(void **state)
{
    (void)state;
    gy_arena a = {0};
    gy_headers h = {.arena = &a};
    assert_int_equal(gy_headers_add(&h, "Set-Cookie", "a=1"), 0);
    assert_int_equal(gy_headers_add(&h, "X", "y"), 0);
    assert_int_equal(gy_headers_add(&h, "set-cookie", "b=2"), 0);
    const gy_field *f = gy_headers_next(&h, "Set-Cookie", NULL);
    assert_string_equal(f->value.ptr, "a=1");
    f = gy_headers_next(&h, "Set-Cookie", f);
    assert_string_equal(f->value.ptr, "b=2");
    assert_null(gy_headers_next(&h, "Set-Cookie", f));
    gy_arena_done(&a);
}

static void test_set_replaces_in_place(void **state)
{
    (void)state;
    gy_arena a = {0};
    gy_headers h = {.arena = &a};
    assert_int_equal(gy_headers_add(&h, "A", "1"), 0);
    assert_int_equal(gy_headers_add(&h, "B", "2"), 0);
    assert_int_equal(gy_headers_add(&h, "a", "3"), 0);
    assert_int_equal(gy_headers_add(&h, "C", "4"), 0);
    assert_int_equal(gy_headers_set(&h, "a", "5"), 0);
    assert_int_equal(h.count, 3);
    assert_string_equal(h.items[0].name.ptr, "a");
    assert_string_equal(h.items[0].value.ptr, "5");
    assert_string_equal(h.items[1].name.ptr, "B");
    assert_string_equal(h.items[2].name.ptr, "C");
    assert_int_equal(gy_headers_set(&h, "D", "6"), 0);
    assert_int_equal(h.count, 4);
    assert_int_equal(gy_headers_remove(&h, "b"), 1);
    assert_int_equal(gy_headers_remove(&h, "b"), 0);
    assert_int_equal(h.count, 3);
    assert_string_equal(h.items[1].name.ptr, "C");
    gy_arena_done(&a);
}

/* Tornado CVE-2012-2374, gunicorn CVE-2018-1000164: nothing can split a head. */
static void test_injection_is_refused(void **state)
{
    (void)state;
    gy_arena a = {0};
    gy_headers h = {.arena = &a};
    assert_int_equal(gy_headers_add(&h, "A", "1"), 0);
    static const char *const names[] = {"",         "A:",  "A B",   "A\r\nB",
                                        "\xc3\xa9", "(A)", "A\x7f", " A"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(gy_headers_add(&h, names[i], "x"), GY_EINVAL);
        assert_int_equal(gy_headers_set(&h, names[i], "x"), GY_EINVAL);
    }
    static const char *const values[] = {"a\r\nB: c", "a\n",     "a\r", "\x01",
                                         "a\x7f",     "\x1b[0m", "\v"};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        assert_int_equal(gy_headers_add(&h, "A", values[i]), GY_EINVAL);
        assert_int_equal(gy_headers_set(&h, "A", values[i]), GY_EINVAL);
    }
    assert_int_equal(gy_headers_add_str(&h, gy_str_of("A"), gy_str_n("a\0b", 3)), GY_EINVAL);
    assert_int_equal(gy_headers_add_str(&h, gy_str_n("A\0", 2), gy_str_of("b")), GY_EINVAL);
    assert_int_equal(h.count, 1);
    assert_string_equal(h.items[0].value.ptr, "1");
    assert_int_equal(gy_headers_add(&h, "B", "tab\tand \xc3\xa9"), 0);
    gy_arena_done(&a);
}

static void test_borrowed_fields_may_be_read_and_outgrown(void **state)
{
    (void)state;
    gy_field items[1] = {{GY_STR("A"), GY_STR("1")}};
    gy_headers h = {.items = items, .count = 1, .capacity = 1};
    assert_string_equal(gy_headers_get(&h, "a").ptr, "1");
    assert_int_equal(gy_headers_add(&h, "B", "2"), GY_EINVAL);
    gy_arena a = {0};
    h.arena = &a;
    assert_int_equal(gy_headers_add(&h, "B", "2"), 0);
    assert_int_equal(h.count, 2);
    assert_ptr_not_equal(h.items, items);
    assert_string_equal(h.items[0].value.ptr, "1");
    gy_arena_done(&a);
}

/* Tornado CVE-2025-67725: many fields of one name. The work is bounded, so this ends at once. */
static void test_many_of_one_name(void **state)
{
    (void)state;
    gy_arena a = {0};
    gy_headers h = {.arena = &a};
    for (int i = 0; i < 20000; i++) {
        assert_int_equal(gy_headers_add(&h, "A", "b"), 0);
    }
    assert_int_equal(gy_headers_all(&a, &h, "A").len, 20000 * 3 - 2);
    assert_int_equal(gy_headers_set(&h, "A", "c"), 0);
    assert_int_equal(h.count, 1);
    gy_arena_done(&a);
}

static int fill(void *arg)
{
    (void)arg;
    gy_arena a = {0};
    gy_headers h = {.arena = &a};
    int e = 0;
    for (int i = 0; i < 200 && !e; i++) {
        size_t before = h.count;
        e = gy_headers_add(&h, "Name", "a value that takes some of the arena's memory");
        assert_int_equal(h.count, before + (e == 0));
    }
    if (!e && !gy_headers_all(&a, &h, "Name").ptr) {
        e = GY_ENOMEM;
    }
    gy_arena_done(&a);
    return e;
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    sweep_allocations(fill, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_and_names),
        cmocka_unit_test(test_all_joins),
        cmocka_unit_test(test_an_empty_first_value_is_joined),
        cmocka_unit_test(test_next_walks_one_name),
        cmocka_unit_test(test_set_replaces_in_place),
        cmocka_unit_test(test_injection_is_refused),
        cmocka_unit_test(test_borrowed_fields_may_be_read_and_outgrown),
        cmocka_unit_test(test_many_of_one_name),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
