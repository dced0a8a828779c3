/* SPDX-License-Identifier: MIT */
/* test_response.c - status, fields, pieces, trailers, redirects, JSON, streams, every allocation
 * failing. */
#include "support/ask.h"

#include "base/alloc.h"

#include <gyre/error.h>
#include <gyre/task.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static int fields(gy_request *r)
{
    assert_int_equal(gy_set_header(r, "X-A", "1"), 0);
    assert_int_equal(gy_set_header(r, "x-a", "2"), 0);
    assert_int_equal(gy_add_header(r, "X-B", "1"), 0);
    assert_int_equal(gy_add_header(r, "X-B", "2"), 0);
    assert_int_equal(gy_set_headerf(r, "X-C", "%d-%s", 7, "x"), 0);
    assert_int_equal(gy_set_header(r, "X-D", "gone"), 0);
    assert_int_equal(gy_clear_header(r, "x-d"), 0);
    assert_int_equal(gy_set_header(r, "Content-Type", "text/plain"), 0);
    assert_int_equal(gy_set_reason(r, 299, "Quite Fine"), 0);
    assert_int_equal(gy_status(r), 299);
    return gy_writef(r, "%s-%d", "body", 5);
}

static int untyped(gy_request *r)
{
    gy_clear_header(r, "Content-Type");
    return gy_write(r, "x");
}

static int many_fields(gy_request *r)
{
    char name[16];
    for (int i = 0; i < 30; i++) {
        snprintf(name, sizeof name, "X-%d", i);
        assert_int_equal(gy_add_header(r, name, name), 0);
    }
    gy_clear_header(r, "Content-Type");
    return gy_path(r, "fail") ? 404 : gy_write(r, "x");
}

static int bad_reason(gy_request *r)
{
    assert_int_equal(gy_set_reason(r, 200, "a\nb"), GY_EINVAL);
    return 0;
}

static int bad_status(gy_request *r)
{
    int status = (int)gy_path_int(r, "n");
    assert_int_equal(gy_set_status(r, status), GY_EINVAL);
    assert_int_equal(gy_status(r), 200);
    assert_int_equal(gy_set_status(r, 200), GY_EINVAL);
    return 0;
}

static int good_status(gy_request *r)
{
    assert_int_equal(gy_set_status(r, (int)gy_path_int(r, "n")), 0);
    return 0;
}

static int pieces(gy_request *r)
{
    assert_false(gy_head_is_sent(r));
    gy_write(r, "one ");
    assert_int_equal(gy_flush(r), 0);
    assert_true(gy_head_is_sent(r));
    assert_int_equal(gy_set_header(r, "X-Late", "1"), GY_EINVAL);
    assert_int_equal(gy_set_status(r, 404), GY_EINVAL);
    assert_int_equal(gy_redirect(r, "/"), GY_EINVAL);
    return 0;
}

static int trailers(gy_request *r)
{
    gy_write(r, "one ");
    gy_flush(r);
    gy_write(r, "two");
    assert_int_equal(gy_set_trailer(r, "X-Sum", "42"), 0);
    return 0;
}

static int early_trailers(gy_request *r)
{
    gy_set_trailer(r, "X-Sum", "42");
    return gy_write(r, "all");
}

static int framing_trailer(gy_request *r)
{
    assert_int_equal(gy_set_trailer(r, "Content-Length", "42"), GY_EINVAL);
    return 0;
}

static int counted(gy_request *r)
{
    gy_set_header(r, "Content-Length", "6");
    gy_write(r, "one");
    gy_flush(r);
    return gy_write(r, "two");
}

static int miscounted(gy_request *r)
{
    gy_set_header(r, "Content-Length", "7");
    gy_write(r, "one");
    gy_flush(r);
    return gy_write(r, "two");
}

static int finish_early(gy_request *r)
{
    gy_write(r, "all");
    assert_int_equal(gy_finish(r), 0);
    assert_true(gy_is_finished(r));
    assert_int_equal(gy_write(r, "more"), GY_EFINISHED);
    assert_int_equal(gy_finish(r), GY_EFINISHED);
    assert_int_equal(gy_flush(r), GY_EFINISHED);
    return 404;
}

static int redirect(gy_request *r)
{
    gy_write(r, "dropped");
    assert_int_equal(gy_redirect_with(r, "http://e\xc3\xa9/%41?a=b#c \"", 301), 0);
    assert_true(gy_is_finished(r));
    return 0;
}

static int bad_redirect(gy_request *r)
{
    return gy_redirect(r, "/x\r\nSet-Cookie: a");
}

static int shape(gy_request *r)
{
    return gy_json(r, "{id: %ld, title: %s, no: %s}", 7L, "a\"b", gy_path(r, "none"));
}

static int bad_shape(gy_request *r)
{
    return gy_json(r, "{id: %ld", 7L);
}

static int json_pieces(gy_request *r)
{
    gy_json_out out = gy_json_begin(r);
    gy_json_put(&out, "n", "%d", 1);
    gy_json_array(&out, "stories");
    for (long i = 0; i < 2; i++)
        gy_json_item(&out, "{id: %ld}", i);
    gy_json_close(&out);
    gy_json_object(&out, "o");
    return gy_json_end(&out);
}

static int json_mixed(gy_request *r)
{
    gy_json_out out = gy_json_begin(r);
    assert_int_equal(gy_write(r, "x"), GY_EBUSY);
    assert_int_equal(gy_flush(r), GY_EBUSY);
    return gy_json_end(&out);
}

static int json_open(gy_request *r)
{
    gy_json_begin(r);
    return 0;
}

static int large(gy_request *r)
{
    static char block[100000];
    memset(block, 'x', sizeof block);
    for (int i = 0; i < 5; i++)
        gy_write_n(r, block, sizeof block);
    return 0;
}

static int stream_in(gy_request *r)
{
    char buf[4];
    ssize_t n;
    while ((n = gy_body_read(r, buf, sizeof buf)) > 0)
        gy_write_n(r, buf, (size_t)n);
    return n ? (int)n : gy_writef(r, " %s", gy_trailer(r, "X-T", "none"));
}

static int lower_limit(gy_request *r)
{
    gy_set_max_body(r, 3);
    return 0;
}

static int take_over(gy_request *r)
{
    gy_stream *s = gy_detach(r);
    if (!s)
        return GY_EINVAL;
    assert_int_equal(gy_write(r, "x"), GY_EFINISHED);
    int e = gy_stream_write_str(s, (gy_str)GY_STR("raw bytes"));
    return e;
}

static const gy_handler streaming = {.post = stream_in, .stream_body = true};
static const gy_handler limited = {.post = stream_in, .prepare = lower_limit, .stream_body = true};
static const gy_route routes[] = {
    GY_GET("/fields", fields),
    GY_GET("/untyped", untyped),
    GY_GET("/many", many_fields),
    GY_GET("/many/{fail}", many_fields),
    GY_GET("/bad-reason", bad_reason),
    GY_GET("/bad-status/{n:int}", bad_status),
    GY_GET("/good-status/{n:int}", good_status),
    GY_GET("/pieces", pieces),
    GY_GET("/trailers", trailers),
    GY_GET("/early-trailers", early_trailers),
    GY_GET("/framing-trailer", framing_trailer),
    GY_GET("/counted", counted),
    GY_GET("/miscounted", miscounted),
    GY_GET("/finish", finish_early),
    GY_GET("/redirect", redirect),
    GY_GET("/bad-redirect", bad_redirect),
    GY_GET("/shape", shape),
    GY_GET("/bad-shape", bad_shape),
    GY_GET("/json", json_pieces),
    GY_GET("/json-mixed", json_mixed),
    GY_GET("/json-open", json_open),
    GY_GET("/large", large),
    GY_ROUTE("/stream", &streaming),
    GY_ROUTE("/limited", &limited),
    GY_GET("/detach", take_over),
    GY_GET("/part/{x}/{y:int}", fields),
    GY_END,
};
static const gy_app app = {.routes = routes};

static const char *whole(const char *path)
{
    return ask_get(&app, path).text;
}

static void fields_are_set_added_and_cleared(void **state)
{
    (void)state;
    assert_string_equal(whole("/fields"),
                        "HTTP/1.1 299 Quite Fine\r\nContent-Type: text/plain\r\nx-a: 2\r\n"
                        "X-B: 1\r\nX-B: 2\r\nX-C: 7-x\r\nContent-Length: 6\r\n"
                        "Connection: close\r\n\r\nbody-5");
    assert_string_equal(whole("/untyped"), "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n"
                                           "Connection: close\r\n\r\nx");
    assert_non_null(strstr(whole("/many"), "\r\nX-0: X-0\r\n"));
    assert_non_null(strstr(whole("/many"), "\r\nX-29: X-29\r\n"));
    const char *failed = whole("/many/x");
    assert_non_null(strstr(failed, "\r\nX-29: X-29\r\n"));
    assert_non_null(strstr(failed, "\r\nContent-Type: text/html"));
    assert_int_equal(status_of(ask_get(&app, "/bad-reason")), 500);
    static const char *const bad[] = {"/bad-status/99",  "/bad-status/100",  "/bad-status/103",
                                      "/bad-status/199", "/bad-status/1000", "/bad-status/-1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(status_of(ask_get(&app, bad[i])), 500);
    assert_int_equal(status_of(ask_get(&app, "/good-status/299")), 299);
    assert_int_equal(status_of(ask_get(&app, "/good-status/999")), 999);
}

static void flushed_responses_are_chunked(void **state)
{
    (void)state;
    assert_string_equal(whole("/trailers"),
                        "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=UTF-8\r\n"
                        "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
                        "4\r\none \r\n3\r\ntwo\r\n0\r\nX-Sum: 42\r\n\r\n");
    assert_non_null(strstr(whole("/early-trailers"), "3\r\nall\r\n0\r\nX-Sum: 42\r\n\r\n"));
    assert_int_equal(status_of(ask_get(&app, "/framing-trailer")), 500);
    assert_string_equal(body_of(ask_verb(&app, "HEAD", "/trailers", NULL)), "");
    struct answer a = ask(&app, "GET /trailers HTTP/1.0\r\n\r\n");
    assert_string_equal(body_of(a), "one two");
    assert_null(strstr(a.text, "chunked"));
}

static void the_head_cannot_change_once_sent(void **state)
{
    (void)state;
    struct answer a = ask_get(&app, "/pieces");
    assert_int_equal(status_of(a), 200);
    assert_null(strstr(a.text, "X-Late"));
    assert_non_null(strstr(a.logged, "failed after the head was sent"));
}

static void an_announced_length_is_kept(void **state)
{
    (void)state;
    assert_string_equal(whole("/counted"),
                        "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=UTF-8\r\n"
                        "Content-Length: 6\r\nConnection: close\r\n\r\nonetwo");
    struct answer a = ask_get(&app, "/miscounted");
    assert_string_equal(body_of(a), "onetwo");
    assert_non_null(strstr(a.logged, "access"));
}

static void nothing_follows_the_end(void **state)
{
    (void)state;
    struct answer a = ask_get(&app, "/finish");
    assert_int_equal(status_of(a), 200);
    assert_string_equal(body_of(a), "all");
    assert_non_null(strstr(a.logged, "failed after the response was finished"));
}

static void redirects_are_encoded_and_checked(void **state)
{
    (void)state;
    assert_string_equal(whole("/redirect"),
                        "HTTP/1.1 301 Moved Permanently\r\n"
                        "Location: http://e%C3%A9/%41?a=b#c%20%22\r\nContent-Length: 0\r\n"
                        "Connection: close\r\n\r\n");
    struct answer a = ask_get(&app, "/bad-redirect");
    assert_int_equal(status_of(a), 500);
    assert_null(strstr(a.text, "Set-Cookie"));
}

static void json_is_written_in_shapes(void **state)
{
    (void)state;
    assert_string_equal(whole("/shape"),
                        "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=UTF-8\r\n"
                        "Content-Length: 33\r\nConnection: close\r\n\r\n"
                        "{\"id\":7,\"title\":\"a\\\"b\",\"no\":null}");
    assert_string_equal(body_of(ask_get(&app, "/json")),
                        "{\"n\":1,\"stories\":[{\"id\":0},{\"id\":1}],\"o\":{}}");
    assert_int_equal(status_of(ask_get(&app, "/bad-shape")), 500);
    assert_int_equal(status_of(ask_get(&app, "/json-mixed")), 500);
    struct answer a = ask_get(&app, "/json-open");
    assert_int_equal(status_of(a), 500);
    assert_non_null(strstr(a.logged, "gy_json_begin without gy_json_end"));
}

static void large_bodies_arrive_whole(void **state)
{
    (void)state;
    struct answer a = ask_get(&app, "/large");
    assert_non_null(strstr(a.text, "Content-Length: 500000\r\n"));
    assert_int_equal(strlen(body_of(a)), 500000);
}

static void bodies_can_be_read_in_pieces(void **state)
{
    (void)state;
    assert_string_equal(body_of(ask_verb(&app, "POST", "/stream", "abcdefg")), "abcdefg none");
    struct answer a = ask(&app, "POST /stream HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
                                "Transfer-Encoding: chunked\r\n\r\n"
                                "3\r\nabc\r\n0\r\nX-T: t\r\n\r\n");
    assert_string_equal(body_of(a), "abc t");
    assert_int_equal(status_of(ask_verb(&app, "POST", "/limited", "abc")), 200);
    assert_int_equal(status_of(ask_verb(&app, "POST", "/limited", "abcd")), 413);
    a = ask(&app, "POST /stream HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
                  "Transfer-Encoding: chunked\r\n\r\nxyz\r\n");
    assert_int_equal(status_of(a), 400);
}

static void a_handler_may_take_the_connection(void **state)
{
    (void)state;
    assert_string_equal(whole("/detach"), "raw bytes");
}

static int noted, noted_finish;

static int note(gy_request *r)
{
    (void)r;
    noted_finish++;
    return 0;
}

static int sleep_and_note(gy_request *r)
{
    (void)r;
    noted = gy_sleep(3600);
    return noted;
}

static int sleep_detached(gy_request *r)
{
    (void)r;
    noted = gy_sleep(0.01);
    return noted;
}

static const gy_handler sleeper = {.get = sleep_and_note, .on_finish = note};
static const gy_handler stubborn = {.get = sleep_detached, .on_finish = note, .detach = true};
static const gy_route sleepers[] = {GY_ROUTE("/sleeper", &sleeper),
                                    GY_ROUTE("/stubborn", &stubborn), GY_END};
static const gy_app sleepy_app = {.routes = sleepers};

static void a_client_that_leaves_ends_the_wait(void **state)
{
    (void)state;
    noted = noted_finish = 0;
    struct answer a = ask_and_leave(&sleepy_app, "GET /sleeper HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_int_equal(a.result, 0);
    assert_int_equal(noted, GY_ECLOSED);
    assert_int_equal(noted_finish, 1);
    assert_non_null(strstr(a.logged, "access I 499 GET /sleeper"));
    assert_null(strstr(a.logged, "general"));
    assert_null(strstr(a.logged, "app "));

    noted = GY_EINVAL;
    a = ask_and_leave(&sleepy_app, "GET /stubborn HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_int_equal(a.result, 0);
    assert_int_equal(noted, 0);
    assert_int_equal(noted_finish, 2);
}

/* -- Every allocation fails once
 * -------------------------------------------------------------------- */

static int left;

static int countdown(void *arg)
{
    (void)arg;
    return left < 0 || left-- != 0;
}

/* Set off by the handler, so that only the request itself is short of memory. */
static int (*inner)(gy_request *);

static int short_of_memory(gy_request *r)
{
    gy__alloc_set_hook(countdown, NULL);
    return inner(r);
}

static int plenty_again(gy_request *r)
{
    (void)r;
    gy__alloc_set_hook(NULL, NULL);
    return 0;
}

static int everything(gy_request *r)
{
    const char *a = gy_arg(r, "a", "none");
    gy_set_headerf(r, "X-A", "%300s", a);
    for (int i = 0; i < 20; i++)
        gy_add_header(r, "X-B", a);
    gy_set_trailer(r, "X-T", "1");
    gy_json(r, "{a: %s, b: %s}", a, gy_url_for(r, "it", a, NULL));
    gy_writef(r, "%4000s", "x");
    return gy_is_finished(r) ? 0 : gy_flush(r);
}

static const gy_handler starved = {.get = short_of_memory, .on_finish = plenty_again};
static const gy_route starved_routes[] = {GY_ROUTE("/{x}", &starved, .name = "it"), GY_END};
static const gy_app starved_app = {.routes = starved_routes};

static void lack_of_memory_costs_the_request_only(void **state)
{
    (void)state;
    int status = 0;
    inner = everything;
    for (int n = 0; status != 200; n++) {
        left = n;
        struct answer a = ask_get(&starved_app, "/it?a=b&c=d");
        assert_int_equal(a.result, 0);
        status = status_of(a);
        if (status != 200)
            assert_true(status == 503 || status == 500);
        else if (!strstr(a.text, "\r\n0\r\nX-T: 1\r\n\r\n"))
            status = 0;
        assert_true(n < 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_set_added_and_cleared),
        cmocka_unit_test(flushed_responses_are_chunked),
        cmocka_unit_test(the_head_cannot_change_once_sent),
        cmocka_unit_test(an_announced_length_is_kept),
        cmocka_unit_test(nothing_follows_the_end),
        cmocka_unit_test(redirects_are_encoded_and_checked),
        cmocka_unit_test(json_is_written_in_shapes),
        cmocka_unit_test(large_bodies_arrive_whole),
        cmocka_unit_test(bodies_can_be_read_in_pieces),
        cmocka_unit_test(a_handler_may_take_the_connection),
        cmocka_unit_test(a_client_that_leaves_ends_the_wait),
        cmocka_unit_test(lack_of_memory_costs_the_request_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
