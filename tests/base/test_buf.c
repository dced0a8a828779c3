/* SPDX-License-Identifier: MIT */
/* The byte buffer: growth, ceiling, dropping. */
#include "base/buf.h"
#include "support/sweep.h"

static void grows_and_drops(void **state)
{
    (void)state;
    struct gy__buf b;
    gy__buf_init(&b, 100000);
    assert_string_equal(gy__buf_str(&b).ptr, "");
    assert_int_equal(gy__buf_add(&b, "hello ", 6), 0);
    assert_int_equal(gy__buf_add(&b, NULL, 0), 0);
    assert_int_equal(gy__buf_addf(&b, "%s %d", "world", 7), 0);
    assert_string_equal(b.data, "hello world 7");
    assert_int_equal(b.len, 13);
    gy__buf_drop(&b, 6);
    assert_string_equal(b.data, "world 7");
    gy__buf_drop(&b, 0);
    gy__buf_drop(&b, 7);
    assert_int_equal(b.len, 0);
    assert_string_equal(b.data, "");
    for (int i = 0; i < 10000; i++)
        assert_int_equal(gy__buf_add(&b, &(char){(char)('a' + i % 26)}, 1), 0);
    assert_int_equal(b.len, 10000);
    assert_int_equal(b.data[9999], 'a' + 9999 % 26);
    assert_int_equal(b.data[10000], 0);
    assert_true(b.cap < 30000);
    gy__buf_done(&b);
    assert_null(b.data);
    assert_int_equal(b.max, 100000);
    gy__buf_done(&b);
}

static void the_ceiling_holds(void **state)
{
    (void)state;
    struct gy__buf b;
    gy__buf_init(&b, 10);
    assert_int_equal(gy__buf_add(&b, "0123456789a", 11), GY_ETOOBIG);
    assert_int_equal(b.len, 0);
    assert_int_equal(gy__buf_add(&b, "01234567", 8), 0);
    assert_int_equal(gy__buf_addf(&b, "%d", 123), GY_ETOOBIG);
    assert_string_equal(b.data, "01234567");
    assert_int_equal(gy__buf_addf(&b, "%d", 89), 0);
    assert_string_equal(b.data, "0123456789");
    assert_int_equal(b.cap, 10);
    assert_int_equal(gy__buf_need(&b, 0), 0);
    assert_int_equal(gy__buf_need(&b, 1), GY_ETOOBIG);
    assert_int_equal(gy__buf_need(&b, SIZE_MAX), GY_ETOOBIG);
    gy__buf_done(&b);
    gy__buf_init(&b, SIZE_MAX);
    assert_int_equal(gy__buf_need(&b, SIZE_MAX - 5), GY_ENOMEM);
    gy__buf_done(&b);
    gy__buf_init(&b, 0);
    assert_int_equal(gy__buf_need(&b, 0), 0);
    assert_int_equal(gy__buf_add(&b, "", 0), 0);
    assert_string_equal(b.data, "");
    gy__buf_done(&b);
}

static void room_is_writable_and_one_more(void **state)
{
    (void)state;
    struct gy__buf b;
    gy__buf_init(&b, 5000);
    for (size_t n = 1; n < 1000; n += 37) {
        assert_int_equal(gy__buf_need(&b, n), 0);
        memset(b.data + b.len, 'x', n + 1);
        b.len = b.len + n > 4000 ? 0 : b.len + n;
    }
    gy__buf_done(&b);
}

static int use_it_all(void *arg)
{
    (void)arg;
    struct gy__buf b;
    gy__buf_init(&b, 100000);
    int e = gy__buf_add(&b, "x", 1);
    size_t len = b.len;
    if (!e) {
        e = gy__buf_addf(&b, "%5000d", 1);
        assert_int_equal(b.len, e ? len : len + 5000);
        assert_int_equal(b.data[b.len], 0);
    }
    gy__buf_done(&b);
    return e;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    sweep_allocations(use_it_all, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_and_drops),
        cmocka_unit_test(the_ceiling_holds),
        cmocka_unit_test(room_is_writable_and_one_more),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
