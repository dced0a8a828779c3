/* SPDX-License-Identifier: MIT */
/* The arena: blocks, limit, clean-ups. */
#include "support/sweep.h"

#include <gyre/arena.h>
#include <gyre/error.h>

static void an_empty_arena_works(void **state)
{
    (void)state;
    long live = gy__alloc_live();
    gy_arena a = {0};
    char *p = gy_zalloc(&a, 100);
    assert_non_null(p);
    assert_int_equal((uintptr_t)p % 16, 0);
    assert_int_equal(p[99], 0);
    char *q = gy_alloc(&a, 1);
    assert_true(q >= p + 100);
    assert_int_equal((uintptr_t)q % 16, 0);
    assert_int_equal(gy__alloc_live(), live + 1);
    assert_non_null(gy_alloc(&a, 0));
    gy_arena_reset(&a);
    assert_int_equal(gy__alloc_live(), live);
    assert_non_null(gy_alloc(&a, 1));
    gy_arena_done(&a);
    gy_arena_done(&a);
    assert_int_equal(gy__alloc_live(), live);
}

static void the_callers_block_comes_first_and_stays(void **state)
{
    (void)state;
    char mem[1001];
    gy_arena a;
    long live = gy__alloc_live();
    gy_arena_init(&a, mem + 1, 1000);
    char *p = gy_alloc(&a, 500);
    assert_true(p >= mem && p + 500 <= mem + 1001);
    assert_int_equal((uintptr_t)p % 16, 0);
    assert_int_equal(gy__alloc_live(), live);
    char *q = gy_alloc(&a, 500);
    assert_true(q < mem || q > mem + 1001);
    assert_int_equal(gy__alloc_live(), live + 1);
    gy_arena_reset(&a);
    assert_int_equal(gy__alloc_live(), live);
    assert_ptr_equal(gy_alloc(&a, 500), p);
    gy_arena_done(&a);
    assert_null(a.at);
}

static void blocks_grow_from_4_to_64_kib(void **state)
{
    (void)state;
    gy_arena a = {0};
    const size_t expected[] = {4096, 8192, 16384, 32768, 65536, 65536};
    size_t used = 0;
    for (size_t i = 0; i < 6; i++) {
        while (a.used == used)
            assert_non_null(gy_alloc(&a, 64));
        assert_int_equal(a.used - used, expected[i]);
        used = a.used;
    }
    gy_arena_done(&a);
}

static void a_large_piece_does_not_waste_the_current_block(void **state)
{
    (void)state;
    gy_arena a = {0};
    char *before = gy_alloc(&a, 16);
    char *large = gy_alloc(&a, 1 << 20);
    assert_non_null(large);
    memset(large, 1, 1 << 20);
    char *after = gy_alloc(&a, 16);
    assert_ptr_equal(after, before + 16);
    assert_true(a.used < (1 << 20) + 5000);
    gy_arena_reset(&a);
    assert_int_equal(a.used, 0);
    assert_non_null(gy_alloc(&a, 1 << 20)); /* also as the very first */
    assert_non_null(gy_alloc(&a, 1));
    gy_arena_done(&a);
}

static void larger_alignment(void **state)
{
    (void)state;
    gy_arena a = {0};
    for (size_t align = 1; align <= 4096; align *= 2) {
        char *p = gy_arena_grow(&a, 3, align);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % align, 0);
        memset(p, 1, 3);
    }
    gy_arena_done(&a);
}

static void the_limit_holds(void **state)
{
    (void)state;
    gy_arena a = {.limit = 6000};
    assert_non_null(gy_alloc(&a, 4000));
    assert_non_null(gy_alloc(&a, 1000)); /* a block of 8 KiB would be too much, this piece is not */
    assert_null(gy_alloc(&a, 1000));
    assert_null(gy_alloc(&a, SIZE_MAX));
    assert_null(gy_alloc(&a, SIZE_MAX - 20));
    assert_null(gy_alloc(&a, PTRDIFF_MAX));
    assert_true(a.used <= a.limit);
    gy_arena_reset(&a);
    assert_non_null(gy_alloc(&a, 4000));
    gy_arena_done(&a);
    assert_int_equal(a.limit, 6000);
}

static void texts(void **state)
{
    (void)state;
    gy_arena a = {0};
    gy_str s = gy_str_copy(&a, gy_str_n("abcdef", 3));
    assert_string_equal(s.ptr, "abc");
    assert_int_equal(s.len, 3);
    s = gy_str_copy(&a, gy_str_n(NULL, 0));
    assert_non_null(s.ptr);
    assert_string_equal(s.ptr, "");
    assert_string_equal(gy_strdup(&a, "x"), "x");
    s = gy_strf(&a, "%d-%s", 7, "seven");
    assert_string_equal(s.ptr, "7-seven");
    assert_int_equal(s.len, 7);
    const gy_str pieces[] = {GY_STR("one"), {NULL, 0}, GY_STR(" two")};
    s = gy_str_concat(&a, pieces, 3);
    assert_string_equal(s.ptr, "one two");
    assert_int_equal(s.len, 7);
    assert_string_equal(gy_str_concat(&a, NULL, 0).ptr, "");
    assert_null(gy_str_concat(&a, (const gy_str[]){{"x", SIZE_MAX - 1}, {"y", 1}}, 2).ptr);
    /* Every way a text can meet the end of the block. */
    for (int n = 4000; n < 4200; n++) {
        gy_arena_reset(&a);
        assert_non_null(gy_alloc(&a, 1));
        s = gy_strf(&a, "%*d", n, 7);
        assert_int_equal(s.len, n);
        assert_int_equal(s.ptr[n], 0);
        assert_int_equal(s.ptr[n - 1], '7');
        char *next = gy_alloc(&a, 1);
        assert_true(next > s.ptr + n || next < s.ptr);
    }
    gy_arena_done(&a);
}

struct trace {
    gy_arena *a;
    char text[16];
    size_t n;
};

static void note_a(void *p)
{
    struct trace *t = p;
    t->text[t->n++] = 'a';
}

static void note_b(void *p)
{
    struct trace *t = p;
    t->text[t->n++] = 'b';
    assert_int_equal(gy_defer(t->a, note_a, t), 0);
}

static void cleanups_run_newest_first(void **state)
{
    (void)state;
    gy_arena a = {0};
    struct trace t = {.a = &a};
    assert_int_equal(gy_defer(&a, note_a, &t), 0);
    assert_int_equal(gy_defer(&a, note_b, &t), 0);
    gy_arena_reset(&a);
    assert_string_equal(t.text, "baa");
    gy_arena_reset(&a);
    assert_string_equal(t.text, "baa");
    gy_arena_done(&a);
}

static void a_cleanup_that_finds_no_room_runs_at_once(void **state)
{
    (void)state;
    gy_arena a = {.limit = 1};
    struct trace t = {.a = &a};
    assert_int_equal(gy_defer(&a, note_a, &t), GY_ENOMEM);
    assert_string_equal(t.text, "a");
    gy_arena_done(&a);
    assert_string_equal(t.text, "a");
}

static int use_it_all(void *arg)
{
    (void)arg;
    gy_arena a = {0};
    struct trace t = {.a = &a};
    int e = GY_ENOMEM;
    if (gy_alloc(&a, 10) && gy_zalloc(&a, 100000) && gy_str_copy(&a, gy_str_of("x")).ptr &&
        gy_strf(&a, "%5000d", 1).ptr && gy_strf(&a, "%50000d", 1).ptr && gy_zalloc(&a, 60000))
        e = gy_defer(&a, note_a, &t);
    size_t expected = e == 0;
    gy_arena_done(&a);
    assert_int_equal(t.n, expected);
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
        cmocka_unit_test(an_empty_arena_works),
        cmocka_unit_test(the_callers_block_comes_first_and_stays),
        cmocka_unit_test(blocks_grow_from_4_to_64_kib),
        cmocka_unit_test(a_large_piece_does_not_waste_the_current_block),
        cmocka_unit_test(larger_alignment),
        cmocka_unit_test(the_limit_holds),
        cmocka_unit_test(texts),
        cmocka_unit_test(cleanups_run_newest_first),
        cmocka_unit_test(a_cleanup_that_finds_no_room_runs_at_once),
        cmocka_unit_test(every_allocation_may_fail),
    };
    atomic_store(&gy__alloc_counting, true);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
