/* SPDX-License-Identifier: MIT */
/* multipart/form-data bodies. */
#include "codec/multipart_write.h"
#include "support/sweep.h"

#include <gyre/error.h>

static int add_part(struct gy__buf *b, bool first, const char *name, const char *filename,
                    const char *type, const char *value)
{
    int e = gy__multipart_begin_part(b, "xyz", first, gy_str_of(name), filename, type);
    return e ? e : gy__buf_add(b, value, strlen(value));
}

static void a_body(void **state)
{
    (void)state;
    struct gy__buf b;
    gy__buf_init(&b, 1000);
    assert_int_equal(add_part(&b, true, "a", NULL, NULL, "1"), 0);
    assert_int_equal(add_part(&b, false, "b", NULL, "text/plain; charset=utf-8", ""), 0);
    assert_int_equal(add_part(&b, false, "c", "f.bin", NULL, "\r\n"), 0);
    assert_int_equal(add_part(&b, false, "d", "", "image/png", "4"), 0);
    assert_int_equal(gy__multipart_end(&b, "xyz", false), 0);
    assert_string_equal(b.data,
                        "--xyz\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1"
                        "\r\n--xyz\r\nContent-Disposition: form-data; name=\"b\"\r\n"
                        "Content-Type: text/plain; charset=utf-8\r\n\r\n"
                        "\r\n--xyz\r\nContent-Disposition: form-data; name=\"c\"; "
                        "filename=\"f.bin\"\r\nContent-Type: application/octet-stream\r\n\r\n\r\n"
                        "\r\n--xyz\r\nContent-Disposition: form-data; name=\"d\"; filename=\"\"\r\n"
                        "Content-Type: image/png\r\n\r\n4"
                        "\r\n--xyz--\r\n");
    gy__buf_cut(&b, 0);
    assert_int_equal(gy__multipart_end(&b, "xyz", true), 0);
    assert_string_equal(b.data, "--xyz--\r\n");
    gy__buf_done(&b);
}

static void names(void **state)
{
    (void)state;
    struct gy__buf b;
    gy__buf_init(&b, 150);
    assert_int_equal(add_part(&b, true, "\xc3\xa4\"\r\nX: y\\%22", "a\"\n", "t", ""), 0);
    assert_string_equal(b.data, "--xyz\r\nContent-Disposition: form-data; "
                                "name=\"\xc3\xa4%22%0D%0AX: y\\%22\"; filename=\"a%22%0A\"\r\n"
                                "Content-Type: t\r\n\r\n");
    size_t len = b.len;
    assert_int_equal(add_part(&b, false, "a", "b", "t\r\nX: y", ""), GY_EINVAL);
    assert_int_equal(add_part(&b, false, "a", "b", "t", ""), GY_ETOOBIG);
    assert_int_equal(b.len, len);
    gy__buf_done(&b);
}

static void boundaries(void **state)
{
    (void)state;
    char text[GY__BOUNDARY_ROOM];
    unsigned char random[GY__BOUNDARY_RANDOM] = {0xab, 1};
    gy__multipart_boundary(text, random);
    assert_string_equal(text, "gyre----ab010000000000000000000000000000");
    assert_int_equal(strlen(text), GY__BOUNDARY_ROOM - 1);
}

static int use_it_all(void *arg)
{
    (void)arg;
    struct gy__buf b;
    gy__buf_init(&b, 100000);
    int e = 0;
    for (int i = 0; i < 100 && !e; i++)
        e = add_part(&b, i == 0, "name", "file", NULL, "");
    if (!e)
        e = gy__multipart_end(&b, "xyz", false);
    gy__buf_done(&b);
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
        cmocka_unit_test(a_body),
        cmocka_unit_test(names),
        cmocka_unit_test(boundaries),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
