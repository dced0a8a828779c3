/* SPDX-License-Identifier: MIT */
/* The allocator's door: counting and failing on demand. */
#include "support/sweep.h"

static int refuse(void *arg)
{
    ++*(int *)arg;
    return 0;
}

static void counts_what_is_live(void **state)
{
    (void)state;
    atomic_store(&gy__alloc_counting, true);
    long before = gy__alloc_live();
    void *a = gy__alloc(0), *b = gy__zalloc(10), *c = gy__realloc(NULL, 5);
    assert_non_null(a);
    assert_int_equal(gy__alloc_live(), before + 3);
    for (int i = 0; i < 10; i++)
        assert_int_equal(((char *)b)[i], 0);
    c = gy__realloc(c, 5000);
    assert_int_equal(gy__alloc_live(), before + 3);
    gy__free(a);
    gy__free(b);
    gy__free(c);
    gy__free(NULL);
    assert_int_equal(gy__alloc_live(), before);
}

static void a_hook_makes_each_kind_fail(void **state)
{
    (void)state;
    int asked = 0;
    char *p = gy__alloc(1);
    *p = 'x';
    gy__alloc_set_hook(refuse, &asked);
    assert_null(gy__alloc(1));
    assert_null(gy__zalloc(1));
    assert_null(gy__realloc(NULL, 1));
    assert_null(gy__realloc(p, 100));
    assert_int_equal(asked, 4);
    gy__alloc_set_hook(NULL, NULL);
    assert_int_equal(*p, 'x');
    gy__free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_what_is_live),
        cmocka_unit_test(a_hook_makes_each_kind_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
