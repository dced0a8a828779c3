/* SPDX-License-Identifier: MIT */
/* test_shared_library.c - libraries that are loaded when they are first needed. */

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/shared_library.h"

static double (*cosine)(double);
static void (*nowhere)(void);
static int begun;

static bool begin(void)
{
    begun++;
    return true;
}

static bool refuse(void)
{
    begun++;
    return false;
}

static const struct gy__library_function math[] = {{"cos", &cosine}};
static const struct gy__library_function more[] = {{"cos", &cosine},
                                                   {"gy_no_such_thing", &nowhere}};

static void *load(void *library)
{
    return gy__library_load(library) ? library : NULL;
}

static void loads_once(void **state)
{
    (void)state;
    struct gy__library library = {
        .file = "libm.so.6", .functions = math, .count = 1, .begin = begin};
    pthread_t threads[4];
    begun = 0;
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, load, &library), 0);
    for (int i = 0; i < 4; i++) {
        void *there;
        assert_int_equal(pthread_join(threads[i], &there), 0);
        assert_ptr_equal(there, &library);
    }
    assert_int_equal(begun, 1);
    assert_true(cosine(0) > 0.999);
}

static void does_without_one_that_is_not_there(void **state)
{
    (void)state;
    struct gy__library library = {.file = "libgy-no-such.so.1", .begin = begin};
    begun = 0;
    assert_false(gy__library_load(&library));
    assert_false(gy__library_load(&library));
    assert_int_equal(begun, 0);
}

static void wants_all_functions(void **state)
{
    (void)state;
    struct gy__library library = {
        .file = "libm.so.6", .functions = more, .count = 2, .begin = begin};
    begun = 0;
    assert_false(gy__library_load(&library));
    assert_int_equal(begun, 0);
}

static void asks_its_user(void **state)
{
    (void)state;
    struct gy__library library = {
        .file = "libm.so.6", .functions = math, .count = 1, .begin = refuse};
    begun = 0;
    assert_false(gy__library_load(&library));
    assert_false(gy__library_load(&library));
    assert_int_equal(begun, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loads_once),
        cmocka_unit_test(does_without_one_that_is_not_there),
        cmocka_unit_test(wants_all_functions),
        cmocka_unit_test(asks_its_user),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
