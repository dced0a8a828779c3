/* SPDX-License-Identifier: MIT */
/* test_framing.c - the length of bodies, row by row of RFC 9112 section 6.3. */
#include "http/framing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum announced { NOTHING, CHUNKED, FIVE, ZERO };

static struct gy__head head_of(int status, enum announced a)
{
    struct gy__head h = {.status = status};
    h.chunked = a == CHUNKED;
    h.has_length = a == FIVE || a == ZERO;
    h.length = a == FIVE ? 5 : 0;
    return h;
}

static void test_requests(void **state)
{
    (void)state;
    static const enum gy__body_kind kinds[] = {GY__BODY_NONE, GY__BODY_CHUNKED, GY__BODY_LENGTH,
                                               GY__BODY_NONE};
    for (unsigned a = NOTHING; a <= ZERO; a++) {
        struct gy__head h = head_of(0, (enum announced)a);
        struct gy__body b = gy__body_of_request(&h);
        assert_int_equal(b.kind, kinds[a]);
        assert_int_equal(b.length, a == FIVE ? 5 : 0);
    }
}

static void test_responses(void **state)
{
    (void)state;
    static const struct {
        enum gy_method verb;
        int status;
        enum announced announced;
        enum gy__body_kind kind;
    } rows[] = {
        {GY_METHOD_GET, 200, NOTHING, GY__BODY_CLOSE},
        {GY_METHOD_GET, 200, FIVE, GY__BODY_LENGTH},
        {GY_METHOD_GET, 200, ZERO, GY__BODY_NONE},
        {GY_METHOD_GET, 200, CHUNKED, GY__BODY_CHUNKED},
        {GY_METHOD_GET, 404, NOTHING, GY__BODY_CLOSE},
        {GY_METHOD_HEAD, 200, FIVE, GY__BODY_NONE},
        {GY_METHOD_HEAD, 200, CHUNKED, GY__BODY_NONE},
        {GY_METHOD_HEAD, 404, NOTHING, GY__BODY_NONE},
        {GY_METHOD_GET, 100, FIVE, GY__BODY_NONE},
        {GY_METHOD_GET, 101, FIVE, GY__BODY_TUNNEL},
        {GY_METHOD_GET, 103, CHUNKED, GY__BODY_NONE},
        {GY_METHOD_GET, 204, FIVE, GY__BODY_NONE},
        {GY_METHOD_GET, 304, FIVE, GY__BODY_NONE},
        {GY_METHOD_GET, 205, NOTHING, GY__BODY_CLOSE},
        {GY_METHOD_CONNECT, 200, FIVE, GY__BODY_TUNNEL},
        {GY_METHOD_CONNECT, 299, NOTHING, GY__BODY_TUNNEL},
        {GY_METHOD_CONNECT, 407, FIVE, GY__BODY_LENGTH},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gy__head h = head_of(rows[i].status, rows[i].announced);
        struct gy__body b = gy__body_of_response(&h, rows[i].verb);
        assert_int_equal(b.kind, rows[i].kind);
        assert_int_equal(b.length, rows[i].kind == GY__BODY_LENGTH ? 5 : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_responses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
