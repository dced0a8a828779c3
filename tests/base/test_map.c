/* SPDX-License-Identifier: MIT */
/* The hash map, and its hash. */
#include "base/map.h"
#include "base/siphash.h"
#include "support/sweep.h"

#include <gyre/error.h>
#include <stdio.h>

enum { MANY = 2000 };

static char names[MANY][32];
static bool present[MANY];

static gy_str name(size_t i)
{
    snprintf(names[i], sizeof names[i], "name-%zu", i);
    return gy_str_of(names[i]);
}

/* The vectors of the paper: key 00..0f, message 00, 01, ... of growing length. */
static void siphash_vectors(void **state)
{
    (void)state;
    const uint64_t key[2] = {0x0706050403020100, 0x0f0e0d0c0b0a0908};
    unsigned char message[16];
    for (size_t i = 0; i < sizeof message; i++)
        message[i] = (unsigned char)i;
    assert_true(gy__siphash24(message, 0, key) == 0x726fdb47dd0e0e31);
    assert_true(gy__siphash24(message, 1, key) == 0x74f839c593dc67fd);
    assert_true(gy__siphash24(message, 8, key) == 0x93f5f5799a932462);
    assert_true(gy__siphash24(message, 15, key) == 0xa129ca6149be45e5);
    assert_true(gy__siphash(message, 15, key) != gy__siphash24(message, 15, key));
}

static void inserts_and_replaces(void **state)
{
    (void)state;
    struct gy__map m = {0};
    int one = 1, two = 2;
    void *old = &one;
    assert_null(gy__map_find(&m, gy_str_of("a")));
    assert_null(gy__map_remove(&m, gy_str_of("a")));
    assert_int_equal(gy__map_insert(&m, gy_str_of("a"), &one, &old), 0);
    assert_null(old);
    assert_int_equal(gy__map_insert(&m, gy_str_of("a"), &two, &old), 0);
    assert_ptr_equal(old, &one);
    assert_int_equal(gy__map_insert(&m, gy_str_n("a\0b", 3), &one, NULL), 0);
    assert_int_equal(gy__map_insert(&m, gy_str_of(""), &one, NULL), 0);
    assert_int_equal(m.len, 3);
    assert_ptr_equal(gy__map_find(&m, gy_str_of("a")), &two);
    assert_ptr_equal(gy__map_find(&m, gy_str_n("a\0b", 3)), &one);
    assert_ptr_equal(gy__map_find(&m, gy_str_n(NULL, 0)), &one);
    assert_ptr_equal(gy__map_remove(&m, gy_str_of("a")), &two);
    assert_null(gy__map_find(&m, gy_str_of("a")));
    assert_int_equal(m.len, 2);
    gy__map_done(&m);
    assert_int_equal(m.len, 0);
}

static void check_all(const struct gy__map *m)
{
    size_t expected = 0, seen = 0, at = 0;
    gy_str key;
    void *value;
    for (size_t i = 0; i < MANY; i++) {
        expected += present[i];
        assert_ptr_equal(gy__map_find(m, name(i)), present[i] ? names[i] : NULL);
    }
    assert_int_equal(m->len, expected);
    while (gy__map_each(m, &at, &key, &value)) {
        assert_ptr_equal(key.ptr, value);
        seen++;
    }
    assert_int_equal(seen, expected);
}

static void many_come_and_go(void **state)
{
    (void)state;
    struct gy__map m = {0};
    uint64_t x = 42;
    for (int step = 0; step < 40000; step++) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        size_t i = (size_t)(x >> 33) % MANY;
        if (present[i]) {
            assert_ptr_equal(gy__map_remove(&m, name(i)), names[i]);
        } else {
            assert_int_equal(gy__map_insert(&m, name(i), names[i], NULL), 0);
        }
        present[i] = !present[i];
        if (step % 5000 == 0)
            check_all(&m);
    }
    check_all(&m);
    gy__map_done(&m);
}

static int use_it_all(void *arg)
{
    (void)arg;
    struct gy__map m = {0};
    int e = 0;
    size_t i = 0;
    for (; i < 100 && !e; i++)
        e = gy__map_insert(&m, name(i), names[i], NULL);
    if (e)
        assert_int_equal(m.len, i - 1);
    for (size_t j = 0; j < m.len; j++)
        assert_ptr_equal(gy__map_find(&m, name(j)), names[j]);
    gy__map_done(&m);
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
        cmocka_unit_test(siphash_vectors),
        cmocka_unit_test(inserts_and_replaces),
        cmocka_unit_test(many_come_and_go),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
