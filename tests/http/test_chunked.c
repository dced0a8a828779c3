/* SPDX-License-Identifier: MIT */
/* test_chunked.c - the coding's writing half, its memory, and its limits; its grammar is in
 * cases/chunked.md. */
#include "http/chunked.h"
#include "http/message.h"
#include "support/sweep.h"
#include <gyre/error.h>
#include <string.h>

static void test_sizes_are_written(void **state)
{
    (void)state;
    static const struct {
        uint64_t size;
        const char *text;
    } rows[] = {
        {1, "1\r\n"},
        {15, "f\r\n"},
        {16, "10\r\n"},
        {0xabcdef, "abcdef\r\n"},
        {UINT64_MAX, "ffffffffffffffff\r\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char out[GY__CHUNK_HEAD_MAX + 1];
        *gy__put_chunk_head(out, rows[i].size) = '\0';
        assert_string_equal(out, rows[i].text);
    }
}

static void test_what_is_written_is_read(void **state)
{
    (void)state;
    gy_arena a = {0};
    gy_headers trailers = {.arena = &a};
    char text[256], *at = text;
    at = gy__put_chunk_head(at, 30);
    memset(at, 'x', 30);
    at = gy__put_lit(at + 30, "\r\n");
    at = gy__put_lit(at, GY__CHUNK_LAST);
    struct gy__chunked c;
    gy__chunked_init(&c, &trailers, 0);
    gy_str data;
    size_t used, len = (size_t)(at - text);
    assert_int_equal(gy__chunked_step(&c, text, len, &used, &data), GY__CHUNKED_DATA);
    assert_int_equal(data.len, 30);
    assert_ptr_equal(data.ptr, text + 4);
    size_t rest;
    assert_int_equal(gy__chunked_step(&c, text + used, len - used, &rest, &data), GY__CHUNKED_END);
    assert_int_equal(used + rest, len);
    gy_arena_done(&a);
}

static void test_no_bytes_no_event(void **state)
{
    (void)state;
    gy_headers trailers = {.arena = NULL};
    struct gy__chunked c;
    gy__chunked_init(&c, &trailers, 0);
    gy_str data;
    size_t used = 9;
    assert_int_equal(gy__chunked_step(&c, "", 0, &used, &data), GY__CHUNKED_MORE);
    assert_int_equal(used, 0);
}

static void test_trailers_have_a_maximum(void **state)
{
    (void)state;
    gy_arena a = {0};
    gy_headers trailers = {.arena = &a};
    struct gy__chunked c;
    gy__chunked_init(&c, &trailers, 0);
    gy_str data;
    size_t used;
    assert_int_equal(gy__chunked_step(&c, "0\r\n", 3, &used, &data), GY__CHUNKED_MORE);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(gy__chunked_step(&c, "A: b\r\n", 6, &used, &data), GY__CHUNKED_MORE);
    }
    assert_int_equal(gy__chunked_step(&c, "A: b\r\n", 6, &used, &data), -431);
    assert_string_equal(c.reason, "too many trailers");
    assert_int_equal(trailers.count, 100);
    gy_arena_done(&a);
}

static void test_own_limit(void **state)
{
    (void)state;
    gy_headers trailers = {.arena = NULL};
    struct gy__chunked c;
    gy__chunked_init(&c, &trailers, 4);
    gy_str data;
    size_t used;
    assert_int_equal(gy__chunked_step(&c, "1;abc\r\n", 7, &used, &data), GY__CHUNKED_MORE);
    gy__chunked_init(&c, &trailers, 4);
    assert_int_equal(gy__chunked_step(&c, "1;abcd\r\n", 8, &used, &data), -413);
    assert_int_equal(used, 6);
}

static int read_trailers(void *arg)
{
    (void)arg;
    static const char text[] = "1\r\nx\r\n0\r\nName: a value that is long enough to be in need of "
                               "more memory than there is at first, and then of some more of it, "
                               "and then of some more of it\r\nOther: short\r\n\r\n";
    gy_arena a = {0};
    gy_headers trailers = {.arena = &a};
    struct gy__chunked c;
    gy__chunked_init(&c, &trailers, 0);
    gy_str data;
    size_t at = 0, used;
    int e;
    do {
        e = gy__chunked_step(&c, text + at, sizeof text - 1 - at, &used, &data);
        at += used;
    } while (e == GY__CHUNKED_DATA);
    assert_true(e == GY__CHUNKED_END || e == -503);
    gy_arena_done(&a);
    return e == GY__CHUNKED_END ? 0 : GY_ENOMEM;
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    sweep_allocations(read_trailers, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes_are_written), cmocka_unit_test(test_what_is_written_is_read),
        cmocka_unit_test(test_no_bytes_no_event), cmocka_unit_test(test_trailers_have_a_maximum),
        cmocka_unit_test(test_own_limit),         cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
