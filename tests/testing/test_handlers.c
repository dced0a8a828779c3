/* SPDX-License-Identifier: MIT */
/* The kit as applications use it: requests to their handlers, with public headers only. */
#include <gyre.h>
#include <gyre/net.h>
#include <gyre/testing.h>

static int story(gy_request *r)
{
    long id = gy_path_int(r, "id");
    if (id != 7)
        return gy_fail(r, 404, "no story %ld", id);
    return gy_json(r, "{id: %ld, title: %s}", id, "Sailing to Byzantium");
}

static int tick(gy_request *r)
{
    for (int i = 0; i < 10; i++) {
        gy_writef(r, "%d\n", i);
        int e = gy_flush(r);
        e = e ? e : gy_sleep(1);
        if (e)
            return e;
    }
    return 0;
}

static int echo(gy_request *r)
{
    gy_set_header(r, "X-Said", gy_header(r, "X-Say", "nothing"));
    return gy_write_str(r, r->body);
}

static int started, stopped;

static int on_start(const gy_app *app)
{
    (void)app;
    started++;
    return 0;
}

static void on_stop(const gy_app *app)
{
    (void)app;
    stopped++;
}

static const gy_route routes[] = {GY_GET("/story/{id:int}", story), GY_GET("/ticks", tick),
                                  GY_POST("/echo", echo), GY_END};
static const gy_app app = {.routes = routes, .on_start = on_start, .on_stop = on_stop};

GY_TEST(a_story_is_json)
{
    gy_test_response res = gy_test_get(t, &app, "/story/7");
    GY_CHECK_INT(res.status, 200);
    GY_CHECK_TEXT(res.body, "{\"id\":7,\"title\":\"Sailing to Byzantium\"}");
    GY_CHECK_GLOB(gy_test_header(&res, "Content-Type"), "application/json*");
}

GY_TEST(an_unknown_story_is_404)
{
    gy_test_expect_log(t, "404 GET /story/8*no story 8");
    GY_CHECK_INT(gy_test_get(t, &app, "/story/8").status, 404);
}

GY_TEST(ten_seconds_cost_nothing)
{
    double before = gy_loop_now(gy_test_loop(t));
    gy_test_clock_auto(t);
    gy_test_response res = gy_test_get(t, &app, "/ticks");
    GY_CHECK_TEXT(res.body, "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n");
    GY_CHECK_INT(gy_loop_now(gy_test_loop(t)) - before + 0.1, 10);
}

GY_TEST(a_stream_is_seen_piece_by_piece)
{
    gy_test_client *c = gy_test_connect(t, gy_test_server(t, &app));
    gy_test_send_text(c, "GET /ticks HTTP/1.1\r\nHost: a\r\n\r\n");
    GY_CHECK_GLOB(gy_test_take(c), "HTTP/1.1 200 OK\r\n*\r\n\r\n2\r\n0\n\r\n");
    gy_test_advance(t, 1);
    GY_CHECK_TEXT(gy_test_take(c), "2\r\n1\n\r\n");
}

GY_TEST(a_request_may_say_anything)
{
    gy_test_response res =
        gy_test_fetch(t, &app,
                      &(gy_test_request){.path = "/echo",
                                         .headers = {"X-Say: hello", "Content-Type: text/plain"},
                                         .body = "some body"});
    GY_CHECK_INT(res.status, 200);
    GY_CHECK_TEXT(gy_test_header(&res, "X-Said"), "hello");
    GY_CHECK_TEXT(res.body, "some body");
    res = gy_test_fetch(t, &app, &(gy_test_request){.method = "PUT", .path = "/echo"});
    GY_CHECK_INT(res.status, 405);
    res = gy_test_fetch(t, &app, &(gy_test_request){.method = "HEAD", .path = "/story/7"});
    GY_CHECK_INT(res.status, 200);
    GY_CHECK_TEXT(gy_test_header(&res, "Content-Length"), "39");
    GY_CHECK_INT(res.body.len, 0);
}

GY_TEST(bytes_in_and_bytes_out)
{
    gy_test_allow_log(t, "400 refused*");
    gy_str out = gy_test_raw(t, &app, gy_str_of("GET /story/7 HTTP/1.0\r\n\r\n"));
    GY_CHECK_GLOB(out, "HTTP/1.1 200 OK\r\n*Byzantium\"}");
    out = gy_test_raw(t, &app, gy_str_of("nonsense\r\n\r\n"));
    GY_CHECK_GLOB(out, "HTTP/1.1 400 Bad Request\r\n*");
}

GY_TEST(a_real_port)
{
    int port = gy_test_listen(t, &app);
    GY_CHECK(port > 0);
    GY_CHECK_INT(gy_test_listen(t, &app), port);
    gy_test_client *c = gy_test_connect_port(t, port);
    gy_test_send_text(c, "GET /story/7 HTTP/1.1\r\nHost: a\r\n\r\n");
    GY_CHECK_INT(gy_test_answer(c).status, 200);
}

GY_TEST(options_of_the_server)
{
    gy_test_http(t, &(gy_http_opts){.max_body = 3});
    gy_test_response res =
        gy_test_fetch(t, &app, &(gy_test_request){.path = "/echo", .body = "four"});
    GY_CHECK_INT(res.status, 413);
}

static void ask_for_a_story(gy_test *t, void *arg)
{
    (void)arg;
    gy_test_client *c = gy_test_connect(t, gy_test_server(t, &app));
    gy_test_send_text(c, "GET /story/7 HTTP/1.1\r\nHost: a\r\n\r\n");
    gy_test_response res = gy_test_answer(c);
    GY_CHECK(res.status == 200 || gy_test_disturbed(t));
    gy_test_leave(c);
    gy_test_calm(t);
    GY_CHECK_INT(gy_test_get(t, &app, "/story/7").status, 200);
}

static void watch_the_ticks(gy_test *t, void *arg)
{
    (void)arg;
    gy_test_clock_auto(t);
    gy_test_client *c = gy_test_connect(t, gy_test_server(t, &app));
    gy_test_send_text(c, "GET /ticks HTTP/1.1\r\nHost: a\r\n\r\n");
    gy_test_response res = gy_test_answer(c);
    GY_CHECK(res.status == 200 || gy_test_disturbed(t));
}

GY_TEST(whatever_fails_nothing_is_left)
{
    GY_CHECK(gy_test_sweep_alloc(t, ask_for_a_story, NULL) > 2);
    GY_CHECK(gy_test_sweep_alloc(t, watch_the_ticks, NULL) > 2);
    GY_CHECK(gy_test_sweep_cancel(t, watch_the_ticks, NULL) >= 10);
}

GY_TEST(applications_are_started_and_stopped_once)
{
    GY_CHECK(started > 0);
    GY_CHECK_INT(started, stopped);
    gy_test_get(t, &app, "/story/7");
    gy_test_get(t, &app, "/story/7");
    GY_CHECK_INT(started, stopped + 1);
}

int main(int argc, char **argv)
{
    return gy_test_main(argc, argv);
}
