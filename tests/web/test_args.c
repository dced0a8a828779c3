/* SPDX-License-Identifier: MIT */
/* test_args.c - arguments of query and body, parts of the path, fields and addresses. */
#include "support/ask.h"

#include <gyre/error.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static int show_arg(gy_request *r)
{
    const char *a = gy_arg(r, "a", "(none)"), *q = gy_query_arg(r, "a", "(none)"),
               *b = gy_body_arg(r, "a", "(none)");
    return gy_writef(r, "%s|%s|%s", a, q, b);
}

static int show_all(gy_request *r)
{
    size_t count;
    const gy_str *all = gy_args(r, "a", &count);
    gy_writef(r, "%zu", count);
    for (size_t i = 0; i < count; i++)
        gy_writef(r, "|%s", all[i].ptr);
    return 0;
}

static int show_lists(gy_request *r)
{
    size_t in_query, in_body;
    const gy_field *query = gy_query_args(r, &in_query), *body = gy_body_args(r, &in_body);
    for (size_t i = 0; i < in_query; i++)
        gy_writef(r, "%s=%s ", query[i].name.ptr, query[i].value.ptr);
    gy_writef(r, "%s|%s ", query ? "" : "NULL", body ? "" : "NULL");
    for (size_t i = 0; i < in_body; i++)
        gy_writef(r, "%s=%s ", body[i].name.ptr, body[i].value.ptr);
    return 0;
}

static int need(gy_request *r)
{
    const char *value;
    int e = gy_need_arg(r, "a", &value);
    return e ? e : gy_write(r, value);
}

static int typed(gy_request *r)
{
    long i;
    double d;
    bool b;
    int e = gy_arg_int(r, "i", -1, &i);
    if (!e)
        e = gy_arg_double(r, "d", 0.5, &d);
    if (!e)
        e = gy_arg_bool(r, "b", true, &b);
    return e ? e : gy_writef(r, "%ld %g %d", i, d, b);
}

static int parts(gy_request *r)
{
    return gy_writef(r, "%s %ld %g %s %s %s", gy_path(r, "s"), gy_path_int(r, "i"),
                     gy_path_double(r, "f"), gy_path_at(r, 1), gy_path(r, "none") ? "some" : "none",
                     gy_path_at(r, 4) ? "four" : "three");
}

static int groups(gy_request *r)
{
    const char *second = gy_path_at(r, 2);
    return gy_writef(r, "%s %s %s", gy_path_at(r, 1), second ? second : "NULL",
                     gy_path_at(r, 0) ? "zero" : "NULL");
}

static int about(gy_request *r)
{
    gy_writef(r, "%s %s %s %s %s|", gy_protocol(r), gy_full_url(r), gy_header(r, "x-one", "none"),
              gy_header(r, "X-Two", "none"), gy_header(r, "X-None", "none"));
    return gy_writef(r, "%s %s %s", r->target.ptr, r->path.ptr,
                     r->query.ptr ? r->query.ptr : "NULL");
}

static int url(gy_request *r)
{
    const char *to = gy_url_for(r, "parts", "a b", "7", "1.5", NULL);
    assert_null(gy_url_for(r, "parts", "a b", NULL));
    return gy_write(r, to);
}

static const gy_handler parted = {.get = parts};
static const gy_route routes[] = {
    GY_ANY("/arg", show_arg),
    GY_ANY("/all", show_all),
    GY_ANY("/lists", show_lists),
    GY_ANY("/need", need),
    GY_GET("/typed", typed),
    GY_ROUTE("/p/{s}/{i:int}/{f:float}", &parted, .name = "parts"),
    GY_GET("/g/{a}-{b:re(x?)}", parts),
    GY_REGEX("/r/(a)(b)?", &(const gy_handler){.get = groups}),
    GY_GET("/about", about),
    GY_GET("/url", url),
    GY_END,
};
static const gy_app app = {.routes = routes};

static void gives(const char *path, const char *expected)
{
    struct answer a = ask_get(&app, path);
    if (status_of(a) != 200)
        print_error("%s gives %s%s", path, a.text, a.logged);
    assert_int_equal(status_of(a), 200);
    assert_string_equal(body_of(a), expected);
}

static void is_400(const char *path)
{
    assert_int_equal(status_of(ask_get(&app, path)), 400);
}

static void posts(const char *path, const char *body, const char *expected)
{
    struct answer a = ask_verb(&app, "POST", path, body);
    assert_int_equal(status_of(a), 200);
    assert_string_equal(body_of(a), expected);
}

static void the_last_of_query_and_body_counts(void **state)
{
    (void)state;
    gives("/arg", "(none)|(none)|(none)");
    gives("/arg?", "(none)|(none)|(none)");
    gives("/arg?a=1&b=2&a=3", "3|3|(none)");
    gives("/arg?a", "||(none)");
    posts("/arg?a=1", "a=2", "2|1|2");
    posts("/arg", "b=2", "(none)|(none)|(none)");
    gives("/arg?a=%20%09x+y%0D%0A", "x y|x y|(none)");
    gives("/arg?a=caf%C3%A9", "caf\xc3\xa9|caf\xc3\xa9|(none)");
    gives("/all?a=1&b=2&a=3&a=", "3|1|3|");
    gives("/all?b=1", "0");
    posts("/all?a=1", "a=2", "2|1|2");
    posts("/lists?a=1&b=2", "c=3&a=4", "a=1 b=2 | c=3 a=4 ");
    gives("/lists", "NULL|NULL ");
    gives("/lists?a", "a= |NULL ");
}

static void malformed_arguments_are_400(void **state)
{
    (void)state;
    is_400("/arg?a=%00");
    is_400("/arg?a=x%1By");
    is_400("/arg?a=%7F");
    is_400("/arg?a=%FF");
    is_400("/arg?b=%FF");
    is_400("/all?a=1&a=%01");
    is_400("/need?a=%01");
    is_400("/lists?a=1&b=%01");
    is_400("/lists?%01=1");
    gives("/arg?b=%01&a=1", "1|1|(none)");
    gives("/arg?a=%09x%0Ay", "x\ny|x\ny|(none)");
}

static void what_is_needed_and_absent_is_400(void **state)
{
    (void)state;
    gives("/need?a=x", "x");
    gives("/need?a=", "");
    struct answer a = ask_get(&app, "/need");
    assert_int_equal(status_of(a), 400);
    assert_non_null(strstr(a.logged, "missing argument a"));
}

static void typed_arguments_are_checked(void **state)
{
    (void)state;
    gives("/typed", "-1 0.5 1");
    gives("/typed?i=7&d=-2e3&b=off", "7 -2000 0");
    gives("/typed?b=YES", "-1 0.5 1");
    is_400("/typed?i=x");
    is_400("/typed?i=");
    is_400("/typed?i=9999999999999999999");
    is_400("/typed?d=nan");
    is_400("/typed?b=maybe");
    is_400("/typed?i=%01");
}

static void only_forms_are_arguments(void **state)
{
    (void)state;
    struct answer a = ask(&app, "POST /arg HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
                                "Content-Type: text/plain\r\nContent-Length: 3\r\n\r\na=1");
    assert_string_equal(body_of(a), "(none)|(none)|(none)");
    a = ask(&app, "POST /arg HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
                  "Content-Type: Application/X-WWW-form-urlencoded; charset=utf-8\r\n"
                  "Content-Length: 3\r\n\r\na=1");
    assert_string_equal(body_of(a), "1|(none)|1");
    a = ask(&app, "POST /arg HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
                  "Content-Type: application/x-www-form-urlencoded\r\n"
                  "Transfer-Encoding: chunked\r\n\r\n3\r\na=1\r\n0\r\n\r\n");
    assert_string_equal(body_of(a), "1|(none)|1");
}

static void parts_have_names_and_numbers(void **state)
{
    (void)state;
    gives("/p/a%2Fb/-7/1.5", "a/b -7 1.5 a/b none three");
    gives("/r/ab", "a b NULL");
    gives("/r/a", "a NULL NULL");
}

static void fields_and_addresses_are_known(void **state)
{
    (void)state;
    struct answer a = ask(&app, "GET /about?x=%20 HTTP/1.1\r\nHost: example.com:81\r\n"
                                "X-One: 1\r\nX-Two: a\r\nx-two: b\r\nConnection: close\r\n\r\n");
    assert_string_equal(body_of(a), "http http://example.com:81/about?x=%20 1 a, b none|"
                                    "/about?x=%20 /about x=%20");
    gives("/url", "/p/a%20b/7/1.5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_of_query_and_body_counts),
        cmocka_unit_test(malformed_arguments_are_400),
        cmocka_unit_test(what_is_needed_and_absent_is_400),
        cmocka_unit_test(typed_arguments_are_checked),
        cmocka_unit_test(only_forms_are_arguments),
        cmocka_unit_test(parts_have_names_and_numbers),
        cmocka_unit_test(fields_and_addresses_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
