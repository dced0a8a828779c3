/* SPDX-License-Identifier: MIT */
/* Queries to pairs. */
#include "codec/query.h"
#include "support/sweep.h"

#include <gyre/error.h>
#include <stdio.h>

/* Parses [text] and writes it as "[name|value]...". */
static void check(const char *text, const char *expected)
{
    gy_arena a = {0};
    struct gy__query q;
    char seen[200] = "";
    size_t n = 0;
    assert_int_equal(gy__query_parse(&a, gy_str_of(text), 100, &q), 0);
    for (size_t i = 0; i < q.len; i++) {
        assert_int_equal(q.pairs[i].name.ptr[q.pairs[i].name.len], 0);
        assert_int_equal(q.pairs[i].value.ptr[q.pairs[i].value.len], 0);
        n += (size_t)snprintf(seen + n, sizeof seen - n, "[%s|%s]", q.pairs[i].name.ptr,
                              q.pairs[i].value.ptr);
    }
    assert_string_equal(seen, expected);
    gy_arena_done(&a);
}

static void pairs(void **state)
{
    (void)state;
    check("", "");
    check("&&&", "");
    check("a=b", "[a|b]");
    check("a=b&c=d&a", "[a|b][c|d][a|]");
    check("a=1&&b=2&", "[a|1][b|2]");
    check("=x&=", "[|x][|]");
    check("a=b=c", "[a|b=c]");
    check("a;b=c;d", "[a;b|c;d]");
    check("a+b=c+d%2B%26%3D", "[a b|c d+&=]");
    check("x=%zz&y=100%", "[x|%zz][y|100%]");
    check("%C3%A4=%E2%82%AC&\xc3\xb6=1", "[\xc3\xa4|\xe2\x82\xac][\xc3\xb6|1]");
    check("a%3Db=c%26d", "[a=b|c&d]");
}

static void what_is_refused(void **state)
{
    (void)state;
    gy_arena a = {0};
    struct gy__query q;
    assert_int_equal(gy__query_parse(&a, gy_str_of("a=%ff"), 9, &q), GY_EPROTO);
    assert_int_equal(gy__query_parse(&a, gy_str_of("%c3=x"), 9, &q), GY_EPROTO);
    assert_int_equal(gy__query_parse(&a, gy_str_of("a=%c3&b=%a4"), 9, &q), GY_EPROTO);
    assert_int_equal(gy__query_parse(&a, gy_str_of("a=\xff"), 9, &q), GY_EPROTO);
    assert_int_equal(gy__query_parse(&a, gy_str_of("a&b&c"), 2, &q), GY_ETOOBIG);
    assert_int_equal(gy__query_parse(&a, gy_str_of("a&b&&"), 2, &q), 0);
    assert_int_equal(q.len, 2);
    assert_int_equal(gy__query_parse(&a, gy_str_of("a"), 0, &q), GY_ETOOBIG);
    assert_int_equal(gy__query_parse(&a, gy_str_n(NULL, 0), 0, &q), 0);
    assert_int_equal(q.len, 0);
    gy_arena_done(&a);
}

static void a_nul_is_a_character_like_others(void **state)
{
    (void)state;
    gy_arena a = {0};
    struct gy__query q;
    assert_int_equal(gy__query_parse(&a, gy_str_of("a=x%00y"), 9, &q), 0);
    assert_int_equal(q.pairs[0].value.len, 3);
    assert_memory_equal(q.pairs[0].value.ptr, "x\0y", 4);
    gy_arena_done(&a);
}

static void reads_no_byte_behind(void **state)
{
    (void)state;
    gy_arena a = {0};
    struct gy__query q;
    assert_int_equal(gy__query_parse(&a, gy_str_n("a=b%41&c", 5), 9, &q), 0);
    assert_int_equal(q.len, 1);
    assert_string_equal(q.pairs[0].value.ptr, "b%4");
    gy_arena_done(&a);
}

static int use_it_all(void *arg)
{
    (void)arg;
    static char text[10000];
    gy_arena a = {0};
    struct gy__query q;
    memset(text, 'x', sizeof text);
    text[5000] = '&';
    int e = gy__query_parse(&a, gy_str_n(text, sizeof text), 9, &q);
    gy_arena_done(&a);
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
        cmocka_unit_test(pairs),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(a_nul_is_a_character_like_others),
        cmocka_unit_test(reads_no_byte_behind),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
