/* SPDX-License-Identifier: MIT */
/* The intrusive list, which is all in its header. */
#include "support/sweep.h"

#include <gyre/list.h>

struct item {
    int n;
    gy_list link;
};

static void adds_walks_and_removes(void **state)
{
    (void)state;
    gy_list head = GY_LIST_INIT(head);
    struct item items[4];
    assert_true(gy_list_empty(&head));
    assert_null(gy_list_first(&head));
    for (int i = 0; i < 4; i++) {
        items[i].n = i;
        gy_list_init(&items[i].link);
        gy_list_del(&items[i].link);
    }
    gy_list_add(&head, &items[1].link);
    gy_list_add(&head, &items[2].link);
    gy_list_add_front(&head, &items[0].link);
    gy_list_add(&head, &items[3].link);
    int n = 0;
    gy_list_each (it, &head)
        assert_int_equal(gy_of(it, struct item, link)->n, n++);
    assert_int_equal(n, 4);
    gy_list_each_safe (it, &head) {
        if (gy_of(it, struct item, link)->n % 2 == 0)
            gy_list_del(it);
    }
    gy_list_del(&items[0].link);
    assert_int_equal(gy_of(gy_list_first(&head), struct item, link)->n, 1);
    gy_list_del(&items[1].link);
    gy_list_del(&items[3].link);
    assert_true(gy_list_empty(&head));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(adds_walks_and_removes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
