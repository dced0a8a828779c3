/* SPDX-License-Identifier: MIT */
/* Random bytes. */
#include "base/random.h"
#include "support/sweep.h"

#include <string.h>

static void fills_and_differs(void **state)
{
    (void)state;
    unsigned char a[1000] = {0}, b[1000] = {0}, none[1] = {7};
    assert_int_equal(gy__random(a, sizeof a), 0);
    assert_int_equal(gy__random(b, sizeof b), 0);
    assert_memory_not_equal(a, b, sizeof a);
    assert_memory_not_equal(a + 984, b + 984, 16);
    assert_int_equal(gy__random(none, 0), 0);
    assert_int_equal(none[0], 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(fills_and_differs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
