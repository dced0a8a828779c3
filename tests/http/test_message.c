/* SPDX-License-Identifier: MIT */
/* test_message.c - numbers, status lines and fields as they are written. */
#include "http/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void test_numbers(void **state)
{
    (void)state;
    char text[32], out[32];
    uint64_t n = 0;
    for (int i = 0; i < 200; i++) {
        int len = snprintf(text, sizeof text, "%" PRIu64, n);
        char *end = gy__put_uint(out, n);
        assert_int_equal(end - out, len);
        assert_memory_equal(out, text, (size_t)len);
        assert_int_equal(gy__uint_len(n), len);
        n = i < 120 ? n + 1 : n > UINT64_MAX / 3 ? UINT64_MAX - (uint64_t)i : n * 3;
    }
}

static void status_is(int status, const char *line)
{
    char out[GY__STATUS_LINE_MAX];
    char *end = gy__put_status_line(out, status);
    assert_int_equal(end - out, strlen(line));
    assert_memory_equal(out, line, strlen(line));
}

static void test_status_lines(void **state)
{
    (void)state;
    status_is(100, "HTTP/1.1 100 Continue\r\n");
    status_is(200, "HTTP/1.1 200 OK\r\n");
    status_is(304, "HTTP/1.1 304 Not Modified\r\n");
    status_is(431, "HTTP/1.1 431 Request Header Fields Too Large\r\n");
    status_is(511, "HTTP/1.1 511 Network Authentication Required\r\n");
    status_is(299, "HTTP/1.1 299 Unknown\r\n");
    status_is(999, "HTTP/1.1 999 Unknown\r\n");
}

static void test_every_status_line_has_its_reason(void **state)
{
    (void)state;
    for (int status = 100; status <= 999; status++) {
        char line[128];
        snprintf(line, sizeof line, "HTTP/1.1 %d %s\r\n", status, gy_status_reason(status));
        assert_in_range(strlen(line), 15, GY__STATUS_LINE_MAX);
        status_is(status, line);
    }
    assert_string_equal(gy_status_reason(0), "Unknown");
    assert_string_equal(gy_status_reason(-1), "Unknown");
    assert_string_equal(gy_status_reason(418), "Unknown");
    assert_string_equal(gy_status_reason(404), "Not Found");
}

static void test_own_reason(void **state)
{
    (void)state;
    char out[64];
    char *end = gy__put_status_reason(out, 200, gy_str_of("Fine"));
    *end = '\0';
    assert_string_equal(out, "HTTP/1.1 200 Fine\r\n");
    assert_int_equal(end - out, 4 + 15);
    assert_true(gy__reason_valid(gy_str_of("")));
    assert_true(gy__reason_valid(gy_str_of("d\xc3\xa9j\xc3\xa0 vu\t!")));
    /* Tornado CVE-2025-67724. */
    assert_false(gy__reason_valid(gy_str_of("OK\r\nX: y")));
    assert_false(gy__reason_valid(gy_str_of("\x1b")));
    assert_false(gy__reason_valid(gy_str_n("a\0", 2)));
}

static void test_fields(void **state)
{
    (void)state;
    gy_field items[] = {{GY_STR("A"), GY_STR("b")}, {GY_STR("Empty"), GY_STR("")}};
    const gy_headers h = {.items = items, .count = 2};
    const char *text = "A: b\r\nEmpty: \r\n";
    char out[64];
    assert_int_equal(gy__headers_size(&h), strlen(text));
    assert_int_equal(gy__put_headers(out, &h) - out, strlen(text));
    assert_memory_equal(out, text, strlen(text));
}

static void test_methods(void **state)
{
    (void)state;
    for (unsigned m = GY_METHOD_GET; m < GY_METHOD_OTHER; m++) {
        assert_int_equal(gy_method_of(gy_str_of(gy_method_name((enum gy_method)m))), m);
    }
    assert_string_equal(gy_method_name(GY_METHOD_DELETE), "DELETE");
    assert_string_equal(gy_method_name(GY_METHOD_OTHER), "OTHER");
    assert_string_equal(gy_method_name((enum gy_method)99), "OTHER");
    assert_int_equal(gy_method_of(gy_str_of("get")), GY_METHOD_OTHER);
    assert_int_equal(gy_method_of(gy_str_of("OTHER")), GY_METHOD_OTHER);
    assert_int_equal(gy_method_of(gy_str_of("")), GY_METHOD_OTHER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_status_lines),
        cmocka_unit_test(test_every_status_line_has_its_reason),
        cmocka_unit_test(test_own_reason),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_methods),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
