/* SPDX-License-Identifier: MIT */
/* test_ticker.c - examples that let time pass, on a clock that costs none. */
#include <gyre/testing.h>

extern const gy_app ticker_app, delay_app, hello_app;

GY_TEST(ten_seconds_cost_nothing)
{
    gy_test_clock_auto(t);
    gy_test_response res = gy_test_get(t, &ticker_app, "/");
    GY_CHECK_INT(res.status, 200);
    GY_CHECK_TEXT(res.body, "tick 1\ntick 2\ntick 3\ntick 4\ntick 5\n"
                            "tick 6\ntick 7\ntick 8\ntick 9\ntick 10\n");
}

static gy_test_client *ask(gy_test *t, const gy_app *app, const char *text)
{
    gy_test_client *c = gy_test_connect(t, gy_test_server(t, app));
    gy_test_send_text(c, text);
    gy_test_settle(t);
    return c;
}

GY_TEST(a_line_a_second)
{
    gy_test_client *c = ask(t, &ticker_app, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    GY_CHECK_GLOB(gy_test_take(c), "HTTP/1.1 200 OK*chunked\r\n\r\n7\r\ntick 1\n\r\n");
    gy_test_advance(t, 0.999);
    GY_CHECK_TEXT(gy_test_take(c), "");
    gy_test_advance(t, 0.001);
    GY_CHECK_TEXT(gy_test_take(c), "7\r\ntick 2\n\r\n");
    gy_test_advance(t, 7);
    gy_test_take(c);
    gy_test_advance(t, 1);
    GY_CHECK_TEXT(gy_test_take(c), "8\r\ntick 10\n\r\n0\r\n\r\n");
}

GY_TEST(a_client_that_leaves_ends_it)
{
    gy_test_client *c = ask(t, &ticker_app, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    gy_test_leave(c);
    gy_test_settle(t); /* a task that went on to sleep would be found at the end */
}

GY_TEST(tasks_sleep_together)
{
    enum { MANY = 100 };
    gy_test_client *all[MANY];
    for (int i = 0; i < MANY; i++)
        all[i] = ask(t, &delay_app, "GET /task/60 HTTP/1.1\r\nHost: x\r\n\r\n");
    gy_test_client *quick = ask(t, &delay_app, "GET /now HTTP/1.1\r\nHost: x\r\n\r\n");
    GY_CHECK_TEXT(gy_test_answer(quick).body, "now\n");
    gy_test_advance(t, 59.9);
    for (int i = 0; i < MANY; i++)
        GY_CHECK_TEXT(gy_test_received(all[i]), "");
    gy_test_advance(t, 0.1);
    for (int i = 0; i < MANY; i++)
        GY_CHECK_TEXT(gy_test_answer(all[i]).body, "slept 60 s\n");
}

GY_TEST(hello)
{
    gy_test_response res = gy_test_get(t, &hello_app, "/");
    GY_CHECK_INT(res.status, 200);
    GY_CHECK_TEXT(res.body, "Hello, world\n");
}

int main(int argc, char **argv)
{
    return gy_test_main(argc, argv);
}
