/* SPDX-License-Identifier: MIT */
/* JSON piece by piece. */
#include "codec/json_write.h"
#include "support/sweep.h"

static struct gy__buf b;
static struct gy__json_out o;

static int begin(void **state)
{
    (void)state;
    gy__buf_init(&b, 100000);
    int e = gy__buf_add(&b, ">", 1);
    gy__json_begin(&o, &b);
    return e;
}

static int end(void **state)
{
    (void)state;
    gy__buf_done(&b);
    return 0;
}

static void the_example(void **state)
{
    (void)state;
    gy__json_object(&o, NULL);
    gy__json_put(&o, "total", "%d", 2);
    gy__json_array(&o, "stories");
    gy__json_put(&o, NULL, "{id: %ld, title: %s}", 1L, "one");
    gy__json_put(&o, NULL, "{id: %ld, title: %s}", 2L, "t\"wo");
    gy__json_close(&o);
    gy__json_object(&o, "empty");
    gy__json_close(&o);
    gy__json_put(&o, "a\"b", "null");
    gy__json_array(&o, "open");
    gy__json_array(&o, NULL);
    assert_int_equal(gy__json_end(&o), 0);
    assert_string_equal(b.data, ">{\"total\":2,\"stories\":[{\"id\":1,\"title\":\"one\"},"
                                "{\"id\":2,\"title\":\"t\\\"wo\"}],\"empty\":{},\"a\\\"b\":null,"
                                "\"open\":[[]]}");
}

static void one_value_alone(void **state)
{
    (void)state;
    gy__json_put(&o, NULL, "%s", "x");
    assert_int_equal(gy__json_end(&o), 0);
    assert_string_equal(b.data, ">\"x\"");
}

static void refused(int expected)
{
    int e = gy__json_end(&o);
    assert_int_equal(e, expected);
    assert_string_equal(b.data, ">");
    assert_int_equal(b.len, 1);
}

static void nothing_at_all(void **state)
{
    (void)state;
    refused(GY_EINVAL);
}

static void two_values_alone(void **state)
{
    (void)state;
    gy__json_put(&o, NULL, "1");
    gy__json_put(&o, NULL, "2");
    refused(GY_EINVAL);
}

static void a_key_in_an_array(void **state)
{
    (void)state;
    gy__json_array(&o, NULL);
    gy__json_put(&o, "x", "1");
    refused(GY_EINVAL);
}

static void no_key_in_an_object(void **state)
{
    (void)state;
    gy__json_object(&o, NULL);
    gy__json_array(&o, NULL);
    gy__json_put(&o, NULL, "1");
    refused(GY_EINVAL);
}

static void too_many_closed(void **state)
{
    (void)state;
    gy__json_array(&o, NULL);
    gy__json_close(&o);
    gy__json_close(&o);
    refused(GY_EINVAL);
}

static void a_bad_shape(void **state)
{
    (void)state;
    gy__json_array(&o, NULL);
    gy__json_put(&o, NULL, "{");
    gy__json_put(&o, NULL, "1");
    refused(GY_EINVAL);
}

static void depth(void **state)
{
    (void)state;
    for (int i = 0; i < 64; i++)
        gy__json_array(&o, NULL);
    assert_int_equal(o.failure, 0);
    gy__json_array(&o, NULL);
    refused(GY_EINVAL);
}

static int use_it_all(void *arg)
{
    (void)arg;
    struct gy__buf own;
    struct gy__json_out out;
    gy__buf_init(&own, 100000);
    gy__json_begin(&out, &own);
    gy__json_array(&out, NULL);
    for (int i = 0; i < 100; i++)
        gy__json_put(&out, NULL, "{n: %d, text: %s}", i, "some text");
    int e = gy__json_end(&out);
    if (e)
        assert_int_equal(own.len, 0);
    gy__buf_done(&own);
    return e;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    sweep_allocations(use_it_all, NULL);
}

static void beyond_the_ceiling(void **state)
{
    (void)state;
    gy__buf_done(&b);
    gy__buf_init(&b, 10);
    assert_int_equal(gy__buf_add(&b, ">", 1), 0);
    gy__json_array(&o, NULL);
    for (int i = 0; i < 20; i++)
        gy__json_put(&o, NULL, "%d", i);
    refused(GY_ETOOBIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_example, begin, end),
        cmocka_unit_test_setup_teardown(one_value_alone, begin, end),
        cmocka_unit_test_setup_teardown(nothing_at_all, begin, end),
        cmocka_unit_test_setup_teardown(two_values_alone, begin, end),
        cmocka_unit_test_setup_teardown(a_key_in_an_array, begin, end),
        cmocka_unit_test_setup_teardown(no_key_in_an_object, begin, end),
        cmocka_unit_test_setup_teardown(too_many_closed, begin, end),
        cmocka_unit_test_setup_teardown(a_bad_shape, begin, end),
        cmocka_unit_test_setup_teardown(depth, begin, end),
        cmocka_unit_test_setup_teardown(beyond_the_ceiling, begin, end),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
