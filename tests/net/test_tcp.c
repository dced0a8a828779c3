/* SPDX-License-Identifier: MIT */
/* The TCP server and connecting to it, over ports and unix sockets. */
#include "support/unix_name.h"
#include "testing/test.h"

#include <errno.h>
#include <gyre/error.h>
#include <gyre/net.h>
#include <gyre/task.h>
#include <gyre/testing.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct state {
    gy_test *test;
    char address[GY_ADDRESS_MAX];
    gy_tcp_server *server;
    int began, ended, code;
};

static int echo(gy_stream *s, void *arg)
{
    struct state *st = arg;
    gy_str line;
    int e;
    st->began++;
    while ((e = gy_stream_read_until(s, "\n", 100, &line)) == 0)
        if ((e = gy_stream_write_str(s, line)))
            break;
    st->ended++;
    st->code = e;
    return e == GY_EOF ? 0 : e;
}

static bool serve_on(struct state *st, gy_test *t, const gy_listen_opts *opts)
{
    char why[256];
    *st = (struct state){.test = t};
    int fd = gy_listen(opts, why, sizeof why);
    if (fd < 0 || gy_local_address(fd, st->address)) {
        gy_test_fail(t, "%s", why);
        return false;
    }
    st->server = gy_tcp_server_open(fd, NULL, echo, st);
    return gy_test_disturbed(t) || GY_CHECK(st->server != NULL);
}

static int ask(void *arg)
{
    struct state *st = arg;
    gy_stream *s;
    gy_str line;
    int e = gy_connect(st->address, &(gy_connect_opts){.timeout = 5}, &s);
    if (e)
        return e;
    for (int i = 0; i < 3 && !e; i++) {
        e = gy_stream_write(s, "hello\n", 6);
        if (!e && (e = gy_stream_read_until(s, "\n", 100, &line)) == 0)
            GY_CHECK_TEXT(line, "hello\n");
    }
    gy_stream_close(s);
    return e;
}

static int ask_many(void *arg)
{
    gy_group g = {.timeout = 60};
    for (int i = 0; i < 50; i++)
        gy_group_spawn(&g, ask, arg);
    return gy_group_wait(&g);
}

GY_TEST(over_a_port)
{
    struct state st;
    if (!serve_on(&st, t, &(gy_listen_opts){.address = "127.0.0.1"}))
        return;
    GY_CHECK_INT(gy_test_run(t, ask_many, &st), 0);
    gy_test_settle(t);
    GY_CHECK_INT(st.ended, 50);
    gy_tcp_server_close(st.server, 0);
}

GY_TEST(over_a_unix_socket)
{
    struct state st;
    if (!serve_on(&st, t, &(gy_listen_opts){.unix_path = unix_name("tcp")}))
        return;
    snprintf(st.address, sizeof st.address, "%s", unix_address("tcp"));
    GY_CHECK_INT(gy_test_run(t, ask_many, &st), 0);
    gy_tcp_server_close(st.server, 0);
}

static int refused(void *arg)
{
    gy_stream *s;
    return gy_connect(arg, &(gy_connect_opts){.timeout = 5}, &s);
}

GY_TEST(who_does_not_listen_refuses)
{
    struct state st;
    if (!serve_on(&st, t, &(gy_listen_opts){.address = "127.0.0.1"}))
        return;
    gy_tcp_server_close(st.server, 0);
    GY_CHECK_INT(gy_test_run(t, refused, st.address), -ECONNREFUSED);
    GY_CHECK_INT(gy_test_run(t, refused, "unix:/nowhere/at/all"), -ENOENT);
    GY_CHECK(gy_test_run(t, refused, "no address") < 0);
    gy_stream *s;
    GY_CHECK_INT(gy_connect(st.address, &(gy_connect_opts){.timeout = 1}, &s), GY_ENOTASK);
}

static int close_with_grace(void *arg)
{
    struct state *st = arg;
    gy_tcp_server_close(st->server, 10);
    return 0;
}

GY_TEST(closing_waits_for_the_connections_and_then_cancels_them)
{
    struct state st;
    if (!serve_on(&st, t, &(gy_listen_opts){.address = "127.0.0.1"}))
        return;
    int port = atoi(strrchr(st.address, ':') + 1);
    gy_test_client *a = gy_test_connect_port(t, port);
    gy_test_client *b = gy_test_connect_port(t, port);
    gy_test_send_text(a, "one\n");
    gy_test_send_text(b, "one\n");
    GY_CHECK_TEXT(gy_test_take(a), "one\n");
    gy_task *closer = gy_task_new(gy_test_loop(t), close_with_grace, &st, NULL);
    gy_test_advance(t, 5);
    gy_test_send_text(a, "two\n");
    GY_CHECK_TEXT(gy_test_take(a), "two\n");
    gy_test_leave(b);
    GY_CHECK_INT(st.ended, 1);
    GY_CHECK_INT(st.code, GY_EOF);
    gy_test_advance(t, 5.1);
    GY_CHECK_INT(st.ended, 2);
    GY_CHECK_INT(st.code, GY_ESHUTDOWN);
    GY_CHECK(gy_test_wait_closed(a));
    GY_CHECK_INT(gy_task_join(closer), 0);
}

/* Lets a second pass in each turn; the client leaves after [leave] of them. */
struct patience {
    struct state *st;
    gy_stream *client;
    int leave, passed;
    bool closed;
};

static int let_time_pass(void *arg)
{
    struct patience *p = arg;
    while (!p->closed) {
        gy__test_clock_forward(p->st->test, GY__NS_PER_S);
        if (++p->passed == p->leave)
            gy_stream_close(p->client);
        for (int turns = 0; turns < 5 && !p->closed; turns++)
            gy_yield();
    }
    if (p->leave > p->passed)
        gy_stream_close(p->client);
    return 0;
}

static int connect_client(void *arg)
{
    struct patience *p = arg;
    gy_str line;
    int e = gy_connect(p->st->address, &(gy_connect_opts){.timeout = 0}, &p->client);
    e = e ? e : gy_stream_write(p->client, "one\n", 4);
    return e ? e : gy_stream_read_until(p->client, "\n", 100, &line);
}

/* Closes with a grace outside of a task: gives how many seconds passed. */
static int close_outside(struct state *st, double grace, int leave)
{
    struct patience p = {.st = st, .leave = leave};
    GY_CHECK_INT(gy_test_run(st->test, connect_client, &p), 0);
    gy_task *clock = gy_task_new(gy_test_loop(st->test), let_time_pass, &p, NULL);
    gy_tcp_server_close(st->server, grace);
    p.closed = true;
    GY_CHECK_INT(gy_task_join(clock), 0);
    return p.passed;
}

GY_TEST(closing_outside_of_a_task_is_as_patient)
{
    struct state st;
    if (!serve_on(&st, t, &(gy_listen_opts){.address = "127.0.0.1"}))
        return;
    GY_CHECK_INT(close_outside(&st, 10, 4), 4);
    GY_CHECK_INT(st.code, GY_EOF);
    if (!serve_on(&st, t, &(gy_listen_opts){.address = "127.0.0.1"}))
        return;
    GY_CHECK_INT(close_outside(&st, 10, 100), 10);
    GY_CHECK_INT(st.code, GY_ESHUTDOWN);
    if (!serve_on(&st, t, &(gy_listen_opts){.address = "127.0.0.1"}))
        return;
    GY_CHECK_INT(close_outside(&st, GY_FOREVER, 30), 30);
    GY_CHECK_INT(st.code, GY_EOF);
}

GY_TEST(closing_at_once_cancels_them)
{
    struct state st;
    if (!serve_on(&st, t, &(gy_listen_opts){.address = "127.0.0.1"}))
        return;
    gy_test_client *a = gy_test_connect_port(t, atoi(strrchr(st.address, ':') + 1));
    GY_CHECK_INT(st.began, 1);
    gy_tcp_server_close(st.server, 0);
    GY_CHECK_INT(st.ended, 1);
    GY_CHECK(gy_test_wait_closed(a));
    gy_tcp_server_close(NULL, 0);
}

GY_TEST(a_shut_down_socket_resets_nothing)
{
    struct state st;
    if (!serve_on(&st, t, &(gy_listen_opts){.address = "127.0.0.1"}))
        return;
    gy_test_client *a = gy_test_connect_port(t, atoi(strrchr(st.address, ':') + 1));
    gy_test_send_text(a, "one\ntwo\n");
    gy_test_shut(a);
    GY_CHECK(gy_test_wait_closed(a));
    GY_CHECK_TEXT(gy_test_received(a), "one\ntwo\n");
    gy_tcp_server_close(st.server, 0);
}

static void whole_life(gy_test *t, void *arg)
{
    struct state st;
    (void)arg;
    if (!serve_on(&st, t, &(gy_listen_opts){.address = "127.0.0.1"}) || !st.server)
        return;
    gy_test_clock_auto(t);
    int e = gy_test_run(t, ask, &st);
    if (!gy_test_disturbed(t))
        GY_CHECK_INT(e, 0);
    gy_test_calm(t);
    GY_CHECK_INT(gy_test_run(t, ask, &st), 0);
    gy_tcp_server_close(st.server, 0);
}

GY_TEST(nothing_is_left_whatever_fails)
{
    GY_CHECK(gy_test_sweep_alloc(t, whole_life, NULL) > 5);
    GY_CHECK(gy_test_sweep_cancel(t, whole_life, NULL) > 3);
}

int main(int argc, char **argv)
{
    return gy_test_main(argc, argv);
}
