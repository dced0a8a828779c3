/* SPDX-License-Identifier: MIT */
/* JSON from shapes. */
#include "codec/json_shape.h"
#include "support/sweep.h"

#include <gyre/json.h>
#include <math.h>
#include <stdio.h>

static struct gy__buf b;

static int begin(void **state)
{
    (void)state;
    gy__buf_init(&b, 100000);
    return gy__buf_add(&b, ">", 1);
}

static int end(void **state)
{
    (void)state;
    gy__buf_done(&b);
    return 0;
}

/* What the last shape made; the buffer is then as before. */
static const char *made(int e)
{
    assert_int_equal(e, 0);
    assert_int_equal(b.data[0], '>');
    assert_int_equal(b.data[b.len], 0);
    b.len = 1;
    return b.data + 1;
}

#define MADE(...) made(gy__json_shape(&b, __VA_ARGS__))

static void the_example(void **state)
{
    (void)state;
    assert_string_equal(
        MADE("{id: %ld, title: %s, tags: [%s, %d], ok: true, none: null}", 7L, "x", "y", 5),
        "{\"id\":7,\"title\":\"x\",\"tags\":[\"y\",5],\"ok\":true,\"none\":null}");
}

static void structures(void **state)
{
    (void)state;
    assert_string_equal(MADE("{}"), "{}");
    assert_string_equal(MADE(" [ ] "), "[]");
    assert_string_equal(MADE("[[],{},[[1]]]"), "[[],{},[[1]]]");
    assert_string_equal(MADE("{a:{b:{c:[1,2,{d:3}]}},e:4}"),
                        "{\"a\":{\"b\":{\"c\":[1,2,{\"d\":3}]}},\"e\":4}");
    assert_string_equal(MADE("true"), "true");
    assert_string_equal(MADE("\n\t%s\r\n", "x"), "\"x\"");
}

static void keys(void **state)
{
    (void)state;
    assert_string_equal(MADE("{true: 1, _x$-9: 2, 'a b': 3, \"c\\\"\": 4}"),
                        "{\"true\":1,\"_x$-9\":2,\"a b\":3,\"c\\\"\":4}");
    assert_string_equal(MADE("{%s: %d, %.*s: 2}", "k\"", 1, 2, "xyz"), "{\"k\\\"\":1,\"xy\":2}");
}

static void integers(void **state)
{
    (void)state;
    assert_string_equal(MADE("[%d, %i, %u]", -1, 2, 3u), "[-1,2,3]");
    assert_string_equal(MADE("[%ld, %li, %lu]", INT64_MIN, 2L, UINT64_MAX),
                        "[-9223372036854775808,2,18446744073709551615]");
    assert_string_equal(MADE("[%lld, %lli, %llu]", -1LL, 2LL, 3ULL), "[-1,2,3]");
    assert_string_equal(MADE("[%zu, %zd, %td, %ju, %jd]", SIZE_MAX, (ssize_t)-1, (ptrdiff_t)-2,
                             (uintmax_t)3, (intmax_t)-4),
                        "[18446744073709551615,-1,-2,3,-4]");
    assert_string_equal(MADE("[%hhd, %hhu, %hd, %hu]", (signed char)-1, (unsigned char)255,
                             (short)-2, (unsigned short)65535),
                        "[-1,255,-2,65535]");
    assert_string_equal(MADE("[!!%d, !!%d, !%d, !%lu, !!!%u]", 7, 0, 7, 0UL, 0u),
                        "[true,false,false,true,true]");
}

static void fractions(void **state)
{
    (void)state;
    assert_string_equal(MADE("[%f, %g, %e, %lf]", 0.1, 1e300, 2.0, 0.5), "[0.1,1e+300,2,0.5]");
    assert_string_equal(MADE("[%.2f, %.0f, %.3e, %.2g, %.*f]", 1.0, 2.4, 3.0, 123.0, 1, 0.55),
                        "[1.00,2,3.000e+00,1.2e+02,0.6]");
    assert_string_equal(MADE("[%f, %.1f, %g]", NAN, INFINITY, -INFINITY), "[null,null,null]");
    assert_string_equal(MADE("%.*f", -1, 0.1), "0.1");
}

static void texts(void **state)
{
    (void)state;
    const char *none = NULL;
    assert_string_equal(MADE("[%s, %s]", none, "a\n</b>"), "[null,\"a\\n<\\/b>\"]");
    assert_string_equal(MADE("[%.*s, %.3s, %.*s, %.s]", 2, "abc", "abcdef", -1, "all", "none"),
                        "[\"ab\",\"abc\",\"all\",\"\"]");
    assert_string_equal(MADE("%.*s", 2, (const char[]){'a', 'b'}), "\"ab\"");
    assert_string_equal(MADE("[%c, %c, %c, %c]", 'x', '"', 0, 0xe4),
                        "[\"x\",\"\\\"\",\"\\u0000\",\"\xef\xbf\xbd\"]");
}

static void constants(void **state)
{
    (void)state;
    assert_string_equal(MADE("[0, -1, 2.50, 1e5, 1E-5, -0.0e+1]"), "[0,-1,2.50,1e5,1E-5,-0.0e+1]");
    assert_string_equal(MADE("['it\\'s \"x\"', \"it's\", '100%%', '</']"),
                        "[\"it's \\\"x\\\"\",\"it's\",\"100%\",\"<\\/\"]");
    assert_string_equal(MADE("['\\n\\u00e4\\\\']"), "[\"\\n\\u00e4\\\\\"]");
    assert_string_equal(MADE("'\xc3\xa4{[%%:,]}'"), "\"\xc3\xa4{[%:,]}\"");
}

/* The compiler would refuse some of these, so they come through a variable. */
static int try_shape(const char *shape, ...)
{
    va_list ap;
    va_start(ap, shape);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    int e = gy__json_vshape(&b, shape, ap);
#pragma GCC diagnostic pop
    va_end(ap);
    return e;
}

static void what_is_malformed(void **state)
{
    (void)state;
    const char *const bad[] = {
        "",       " ",      "{",        "}",      "[",      "]",       "{]",        "[}",
        "[1",     "[1,",    "[1,]",     "[,1]",   "[1 2]",  "1 2",     "{a}",       "{a:}",
        "{a:1",   "{a:1,}", "{,a:1}",   "{a 1}",  "{1:2}",  "{-a:1}",  "{a:1 b:2}", "{[]:1}",
        "{%d:1}", "{%c:1}", "{!!%d:1}", "tru",    "True",   "nullx",   "undefined", "-",
        "01",     "-01",    "1.",       ".5",     "+1",     "1e",      "1e+",       "0x1",
        "1.2.3",  "'",      "'a",       "\"a'",   "'\\",    "'\\x41'", "'\\u12g4'", "'\\u12",
        "'50%'",  "'%d'",   "%",        "%%",     "%p",     "%n",      "%x",        "%5d",
        "%-d",    "%05d",   "%+d",      "%.2d",   "%ls",    "%lc",     "%hs",       "%Lf",
        "%#g",    "%a",     "!%s",      "!!1",    "!!true", "!",       "%d%d",      "%d x",
        "%.2c",   "%hf",    "[1]]",     "{a:1}}", "// x",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int e = try_shape(bad[i], 1, 2, 3);
        if (e != GY_EINVAL)
            fail_msg("%s gave %d and %s", bad[i], e, b.data);
        assert_string_equal(b.data, ">");
        assert_int_equal(b.len, 1);
    }
    assert_int_equal(try_shape("[%d, %s, {a: %d, b}]", 1, "two", 3), GY_EINVAL);
    assert_string_equal(b.data, ">");
    assert_int_equal(try_shape("{%s: 1}", (const char *)NULL), GY_EINVAL);
    assert_string_equal(b.data, ">");
}

static void depth(void **state)
{
    (void)state;
    char shape[200], expected[200];
    memset(shape, '[', 64);
    memset(shape + 64, ']', 64);
    shape[128] = '\0';
    memcpy(expected, shape, 129);
    assert_int_equal(try_shape(shape), 0);
    assert_string_equal(b.data + 1, expected);
    gy__buf_cut(&b, 1);
    memset(shape, '[', 65);
    memset(shape + 65, ']', 65);
    shape[130] = '\0';
    assert_int_equal(try_shape(shape), GY_EINVAL);
    assert_string_equal(b.data, ">");
}

/* Many arguments of mixed kinds, so that registers run out and the stack is used. */
static void takes_arguments_in_order(void **state)
{
    (void)state;
    assert_string_equal(MADE("[%d,%f,%ld,%s,%f,%u,%f,%s,%f,%zu,%f,%d,%f,%c,%f,%f,%f,%lld]", 1, 1.5,
                             2L, "a", 2.5, 3u, 3.5, "b", 4.5, (size_t)4, 5.5, 5, 6.5, 'c', 7.5, 8.5,
                             9.5, 6LL),
                        "[1,1.5,2,\"a\",2.5,3,3.5,\"b\",4.5,4,5.5,5,6.5,\"c\",7.5,8.5,9.5,6]");
}

static void nothing_stays_beyond_the_ceiling(void **state)
{
    (void)state;
    for (size_t max = 1; max < 20; max++) {
        struct gy__buf small;
        gy__buf_init(&small, max);
        assert_int_equal(gy__buf_add(&small, "x", 1), 0);
        int e = gy__json_shape(&small, "{a: %s, b: [%d, 'q']}", "text", 77);
        assert_int_equal(e, GY_ETOOBIG);
        assert_string_equal(small.data, "x");
        assert_int_equal(small.len, 1);
        gy__buf_done(&small);
    }
}

static void in_an_arena(void **state)
{
    (void)state;
    gy_arena a = {0};
    gy_str s = gy_json_strf(&a, "{n: %d}", 7);
    assert_string_equal(s.ptr, "{\"n\":7}");
    assert_int_equal(s.len, 7);
    assert_null(gy_json_strf(&a, "{n: %d", 7).ptr);
    gy_arena_done(&a);
}

static int use_it_all(void *arg)
{
    (void)arg;
    gy_arena a = {0};
    int e = gy_json_strf(&a, "{n: %d, text: %s, wide: %.40f}", 7, "x", 1e300).ptr ? 0 : GY_ENOMEM;
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
        cmocka_unit_test(the_example),
        cmocka_unit_test(structures),
        cmocka_unit_test(keys),
        cmocka_unit_test(integers),
        cmocka_unit_test(fractions),
        cmocka_unit_test(texts),
        cmocka_unit_test(constants),
        cmocka_unit_test(what_is_malformed),
        cmocka_unit_test(depth),
        cmocka_unit_test(takes_arguments_in_order),
        cmocka_unit_test(nothing_stays_beyond_the_ceiling),
        cmocka_unit_test(in_an_arena),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
