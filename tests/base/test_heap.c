/* SPDX-License-Identifier: MIT */
/* The heap of times. */
#include "base/heap.h"
#include "support/sweep.h"

#include <gyre/error.h>

enum { MANY = 3000 };

struct timer {
    int64_t key;
    uint64_t order; /* of its going in */
    size_t place;
};

static struct timer timers[MANY];
static uint64_t order;

static struct timer *timer_of(size_t *place)
{
    return (struct timer *)(void *)((char *)place - offsetof(struct timer, place));
}

static void push(struct gy__heap *h, size_t i, int64_t key)
{
    timers[i].key = key;
    timers[i].order = order++;
    assert_int_equal(gy__heap_push(h, key, &timers[i].place), 0);
}

static void check(const struct gy__heap *h)
{
    for (size_t i = 0; i < h->len; i++) {
        assert_int_equal(*h->items[i].place, i);
        assert_int_equal(timer_of(h->items[i].place)->key, h->items[i].key);
        if (i > 0)
            assert_true(h->items[(i - 1) / 4].key <= h->items[i].key);
    }
}

static void drain_in_order(struct gy__heap *h)
{
    const struct timer *last = NULL;
    while (h->len) {
        struct timer *t = timer_of(gy__heap_top(h)->place);
        assert_ptr_equal(gy__heap_pop(h), &t->place);
        assert_true(t->place == GY__HEAP_OUT);
        if (last) {
            assert_true(last->key <= t->key);
            assert_true(last->key < t->key || last->order < t->order);
        }
        last = t;
    }
    assert_null(gy__heap_top(h));
    assert_null(gy__heap_pop(h));
}

static void comes_out_in_order(void **state)
{
    (void)state;
    struct gy__heap h = {0};
    for (size_t i = 0; i < MANY; i++)
        push(&h, i, (int64_t)(i * 7919 % 100) - 50);
    check(&h);
    drain_in_order(&h);
    gy__heap_done(&h);
}

static void random_changes(void **state)
{
    (void)state;
    struct gy__heap h = {0};
    uint64_t x = 4711;
    for (size_t i = 0; i < MANY; i++)
        timers[i].place = GY__HEAP_OUT;
    for (int step = 0; step < 50000; step++) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        struct timer *t = &timers[(x >> 40) % MANY];
        int64_t key = (int64_t)(x >> 33) % 1000;
        if (t->place == GY__HEAP_OUT) {
            push(&h, (size_t)(t - timers), key);
        } else if (x >> 39 & 1) {
            gy__heap_remove(&h, t->place);
            assert_true(t->place == GY__HEAP_OUT);
        } else {
            t->key = key;
            t->order = order++;
            gy__heap_move(&h, t->place, key);
        }
        if (step % 1000 == 0)
            check(&h);
    }
    check(&h);
    drain_in_order(&h);
    gy__heap_done(&h);
}

static void extremes(void **state)
{
    (void)state;
    struct gy__heap h = {0};
    push(&h, 0, INT64_MAX);
    push(&h, 1, INT64_MIN);
    push(&h, 2, 0);
    assert_int_equal(gy__heap_top(&h)->key, INT64_MIN);
    gy__heap_done(&h);
    assert_true(timers[0].place == GY__HEAP_OUT && timers[2].place == GY__HEAP_OUT);
    assert_int_equal(gy__heap_reserve(&h, SIZE_MAX), GY_ENOMEM);
    assert_int_equal(gy__heap_reserve(&h, 100), 0);
    assert_true(h.cap >= 100);
    gy__heap_done(&h);
}

static int use_it_all(void *arg)
{
    (void)arg;
    struct gy__heap h = {0};
    int e = 0;
    for (size_t i = 0; i < 100 && !e; i++)
        e = gy__heap_push(&h, (int64_t)i, &timers[i].place);
    gy__heap_done(&h);
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
        cmocka_unit_test(comes_out_in_order),
        cmocka_unit_test(random_changes),
        cmocka_unit_test(extremes),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
