/* SPDX-License-Identifier: MIT */
/* test_client_curl_flow.c - fetches by libcurl that wait: bodies that stream, time that runs out, clients
 * that are freed, many at once, and each wait cancelled and each allocation failing. */
#include "client_curl.h"
#include "support/http_site.h"
#include "support/unix_name.h"

#include <gyre/locks.h>
#include <gyre/task.h>
#include <unistd.h>

enum { MUCH = 3 * 1000 * 1000, CROWD = 200 };

/* gyre's own server on a unix socket, and a client. */
struct own {
    struct site site;
    struct ask a;
};

static bool open_own(struct own *o, gy_test *t)
{
    char why[256];
    site_begin(&o->site, t, NULL);
    int fd = gy_listen(&(gy_listen_opts){.unix_path = unix_name("curl")}, why, sizeof why);
    bool there = o->site.server && fd >= 0;
    if (there)
        there = gy_http_server_listen(o->site.server, fd) == 0;
    else if (fd >= 0)
        close(fd);
    o->a = (struct ask){.opts = {.proxy = unix_address("curl")}};
    o->a.opts.client = curl_new();
    return there && o->a.opts.client;
}

static void close_own(struct own *o)
{
    gy_client_free(o->a.opts.client);
    gy_arena_done(&o->a.arena);
    site_close(&o->site);
}

static void expect_body(gy_test *t, struct own *o, const char *url, const char *body)
{
    o->a.url = url;
    if (!GY_CHECK_INT(ask(t, &o->a), 0))
        gy_test_fail(t, "%s: %s", url, o->a.res.why);
    GY_CHECK_TEXT(o->a.res.body, body);
}

/* -- Streams ------------------------------------------------------------------------------------- */

struct flow {
    size_t left, came;
    int waits; /* as many calls wait before they do something */
    gy_event *gate;
};

static ssize_t give_bytes(void *arg, void *buf, size_t size)
{
    struct flow *f = arg;
    int e = f->waits-- > 0 ? gy_sleep(1) : 0;
    if (e)
        return e;
    size_t n = f->left < size ? f->left : size;
    memset(buf, 'x', n);
    f->left -= n;
    return (ssize_t)n;
}

static int take_bytes(void *arg, const void *data, size_t len)
{
    struct flow *f = arg;
    f->came += len;
    if (memchr(data, 'y', len))
        return GY_EPROTO;
    if (f->gate)
        return gy_event_wait(f->gate, GY_FOREVER);
    return f->waits-- > 0 ? gy_sleep(1) : 0;
}

GY_TEST(exchanges_with_a_server_of_ours)
{
    struct own o;
    open_own(&o, t);
    expect_body(t, &o, "http://somewhere/", "hello\n");
    o.a.opts.body = (gy_str)GY_STR("echo this");
    expect_body(t, &o, "http://somewhere/echo", "echo this");
    expect_body(t, &o, "http://somewhere/pieces", "echo this");
    expect_body(t, &o, "http://somewhere/ignore", "ignored\n");
    o.a.opts.body = (gy_str){NULL, 0};
    expect_body(t, &o, "http://somewhere/close", "closing\n");
    expect_body(t, &o, "http://somewhere/status/204", "");
    gy_test_allow_log(t, "*");
    o.a.url = "http://somewhere/half";
    GY_CHECK_INT(ask(t, &o.a), GY_ECLOSED);
    GY_CHECK_INT(o.a.res.status, 200);
    close_own(&o);
}

/* More than fits into any buffer on the way. */
GY_TEST(long_bodies_pass_both_ways)
{
    struct own o;
    struct flow flow = {.left = MUCH, .waits = 5};
    open_own(&o, t);
    gy_test_clock_auto(t);
    o.a.opts.method = "PUT";
    o.a.opts.read_body = give_bytes;
    o.a.opts.read_arg = &flow;
    o.a.opts.max_body = MUCH;
    o.a.url = "http://somewhere/echo";
    for (int i = 0; i < 2; i++) {
        flow = (struct flow){.left = MUCH - 1, .waits = 5};
        if (!GY_CHECK_INT(ask(t, &o.a), 0))
            gy_test_fail(t, "%s", o.a.res.why);
        GY_CHECK_INT(o.a.res.body.len, MUCH - 1);
        o.a.opts.body_length = MUCH - 1;
    }
    flow = (struct flow){.waits = 5};
    o.a.opts = (gy_fetch_opts){.proxy = o.a.opts.proxy,
                               .client = o.a.opts.client,
                               .write_body = take_bytes,
                               .write_arg = &flow};
    o.a.url = "http://somewhere/stream/3000";
    GY_CHECK_INT(ask(t, &o.a), 0);
    GY_CHECK_INT(flow.came, MUCH);
    o.a.opts.write_body = NULL;
    GY_CHECK_INT(ask(t, &o.a), 0);
    GY_CHECK_INT(o.a.res.body.len, MUCH);
    o.a.opts.max_body = MUCH - 1;
    GY_CHECK_INT(ask(t, &o.a), GY_ETOOBIG);
    o.a.url = "http://somewhere/length/3000";
    GY_CHECK_INT(ask(t, &o.a), GY_ETOOBIG);
    close_own(&o);
}

GY_TEST(who_reads_slowly_slows_the_server)
{
    struct own o;
    gy_event gate = {0};
    struct flow flow = {.gate = &gate};
    open_own(&o, t);
    o.a.opts.write_body = take_bytes;
    o.a.opts.write_arg = &flow;
    o.a.opts.timeout = -1;
    o.a.url = "http://somewhere/stream/3000";
    gy_task *task = gy_task_new(gy_test_loop(t), ask_in_task, &o.a, NULL);
    gy_test_settle(t);
    GY_CHECK(flow.came > 0 && flow.came <= 128 * 1024);
    GY_CHECK(o.site.pieces > 0 && o.site.pieces < 1500);
    gy_event_set(&gate);
    GY_CHECK_INT(gy_task_join(task), 0);
    GY_CHECK_INT(o.a.result, 0);
    GY_CHECK_INT(flow.came, MUCH);
    close_own(&o);
}

static ssize_t give_a_little_and_wait(void *arg, void *buf, size_t size)
{
    int *calls = arg;
    (void)size;
    if (++*calls > 1)
        return gy_sleep(1e9) ? -EINTR : 0;
    memset(buf, 'x', 10);
    return 10;
}

GY_TEST(a_refusal_ends_the_reader_s_wait)
{
    int calls = 0;
    struct own o;
    open_own(&o, t);
    o.a.opts.read_body = give_a_little_and_wait;
    o.a.opts.read_arg = &calls;
    expect_body(t, &o, "http://somewhere/nothing-there", "not found\n");
    GY_CHECK_INT(o.a.res.status, 404);
    calls = 0;
    expect_body(t, &o, "http://somewhere/status/500", "body\n");
    close_own(&o);
}

/* The party answers after the head, or goes; the reader waits for ever. */
static void answers_early(gy_test *t, const char *answer, enum after after, int code,
                          const char *body)
{
    int calls = 0;
    struct scene s = {.p = {.answers = {gy_str_of(answer)}, .after = {after}}};
    s.p.headers_only = true;
    s.a.opts.read_body = give_a_little_and_wait;
    s.a.opts.read_arg = &calls;
    open_scene(&s);
    if (!GY_CHECK_INT(ask(t, &s.a), code))
        gy_test_fail(t, "%s: %s", answer, s.a.res.why);
    GY_CHECK_TEXT(s.a.res.body, body);
    close_scene(&s);
}

GY_TEST(a_server_may_answer_before_it_was_told_all)
{
    answers_early(t, OK "Content-Length: 2\r\n\r\nhi", STALL, 0, "hi");
    answers_early(t, OK "Content-Length: 2\r\nConnection: close\r\n\r\nhi", STALL, 0, "hi");
    answers_early(t, OK "\r\nhi", CLOSE, 0, "hi");
    answers_early(t, "HTTP/1.1 204 No\r\n\r\n", STALL, 0, "");
    answers_early(t, "HTTP/1.1 400 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
                  STALL, 0, "hi");
    answers_early(t,
                  "HTTP/1.1 400 No\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
                  "2\r\nhi\r\n0\r\n\r\n",
                  STALL, 0, "hi");
    answers_early(t, "HTTP/1.1 400 No\r\nConnection: close\r\n\r\nhi", CLOSE, 0, "hi");
    answers_early(t, OK "Content-Length: 3\r\n\r\nhi", CLOSE, GY_ECLOSED, "hi");
    answers_early(t, OK "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n", CLOSE, GY_ECLOSED, "hi");
    answers_early(t, "", CLOSE, GY_ECLOSED, "");
}

/* -- Time ---------------------------------------------------------------------------------------- */

static void times_out(gy_test *t, gy_str answer, gy_fetch_opts opts, const char *why)
{
    struct scene s = {.p = {.answers = {answer}, .after = {STALL}}, .a = {.opts = opts}};
    open_scene(&s);
    s.a.opts.proxy = s.p.proxy;
    gy_test_clock_auto(t);
    GY_CHECK_INT(ask(t, &s.a), GY_ETIMEDOUT);
    GY_CHECK_GLOB(gy_str_of(s.a.res.why), why);
    close_scene(&s);
}

GY_TEST(time_runs_out)
{
    gy_str nothing = SAY(""), half = SAY(OK "Content-Length: 3\r\n\r\na");
    times_out(t, nothing, (gy_fetch_opts){.timeout = 2},
              "127.0.0.1:* gave no whole answer within 2 seconds");
    times_out(t, half, (gy_fetch_opts){.timeout = 2},
              "127.0.0.1:* gave no whole answer within 2 seconds");
    times_out(t, nothing, (gy_fetch_opts){.timeout = 9, .first_byte_timeout = 2},
              "127.0.0.1:* did not answer: timed out");
}

/* Nobody accepts; the handshake of TLS never begins. */
GY_TEST(time_to_connect_runs_out)
{
    char why[256], url[64];
    int fd = gy_listen(&(gy_listen_opts){.address = "127.0.0.1"}, why, sizeof why);
    struct ask a = {.url = url, .opts = {.client = curl_new(), .connect_timeout = 0.01}};
    snprintf(url, sizeof url, "https://127.0.0.1:%d/", gy_local_port(fd));
    gy_test_clock_real(t);
    GY_CHECK_INT(ask(t, &a), GY_ETIMEDOUT);
    GY_CHECK_GLOB(gy_str_of(a.res.why), "no connection to 127.0.0.1:* within 0.01 seconds");
    gy_client_free(a.opts.client);
    gy_arena_done(&a.arena);
    close(fd);
}

/* -- Clients that go ----------------------------------------------------------------------------- */

static ssize_t wait_for_ever(void *arg, void *buf, size_t size)
{
    (void)arg, (void)buf, (void)size;
    return gy_sleep(1e9) ? -EINTR : 0;
}

static int hold_for_ever(void *arg, const void *data, size_t len)
{
    (void)arg, (void)data, (void)len;
    return gy_sleep(1e9);
}

GY_TEST(freeing_a_client_ends_its_fetches)
{
    struct own o;
    struct ask asks[4];
    gy_task *tasks[4];
    open_own(&o, t);
    for (int i = 0; i < 4; i++) {
        asks[i] = (struct ask){.url = "http://somewhere/forever", .opts = o.a.opts};
        asks[i].opts.timeout = -1;
    }
    asks[1].url = "http://somewhere/stream/3000";
    asks[1].opts.write_body = hold_for_ever;
    asks[2].opts.read_body = wait_for_ever;
    asks[3].opts.proxy = unix_address("nobody-there"); /* has failed before */
    for (int i = 0; i < 4; i++)
        tasks[i] = gy_task_new(gy_test_loop(t), ask_in_task, &asks[i], NULL);
    gy_test_settle(t);
    gy_client_free(o.a.opts.client);
    o.a.opts.client = NULL;
    for (int i = 0; i < 4; i++) {
        gy_task_join(tasks[i]);
        GY_CHECK_INT(asks[i].result, i < 3 ? GY_ESHUTDOWN : -ECONNREFUSED);
        gy_arena_done(&asks[i].arena);
    }
    gy_test_allow_log(t, "*");
    close_own(&o);
}

static int free_it(void *arg, const void *data, size_t len)
{
    gy_client **c = arg;
    (void)data, (void)len;
    gy_client_free(*c);
    *c = NULL;
    return 0;
}

GY_TEST(a_client_may_be_freed_by_its_own_fetch)
{
    struct own o;
    open_own(&o, t);
    o.a.opts.write_body = free_it;
    o.a.opts.write_arg = &o.a.opts.client;
    o.a.url = "http://somewhere/stream/3000";
    GY_CHECK_INT(ask(t, &o.a), GY_ESHUTDOWN);
    gy_test_allow_log(t, "*");
    close_own(&o);
}

/* -- Many ---------------------------------------------------------------------------------------- */

struct crowd {
    struct party p;
    gy_http_server *server;
    gy_client *client;
    char url[64];
    int now, most, results[CROWD];
};

static int serve_crowd(gy_exchange *x, void *arg)
{
    struct crowd *c = arg;
    if (++c->now > c->most)
        c->most = c->now;
    int e = 0;
    for (int i = 0; i < 20 && !e; i++)
        e = gy_yield();
    c->now--;
    return e ? e : gy_exchange_respond(x, 200, NULL, gy_exchange_target(x));
}

static int one_of_many(void *arg, size_t i)
{
    struct crowd *c = arg;
    gy_arena arena = {0};
    gy_response res;
    char url[128], path[32];
    snprintf(path, sizeof path, "/%zu", i);
    snprintf(url, sizeof url, "%s%s", c->url, path);
    c->results[i] = gy_fetch(&arena, url, &(gy_fetch_opts){.client = c->client}, &res);
    if (!c->results[i])
        GY_CHECK_TEXT(res.body, path);
    gy_arena_done(&arena);
    return 0;
}

static int all_of_them(void *arg)
{
    return gy_map(CROWD, 0, one_of_many, arg);
}

static void crowd(gy_test *t, size_t all, size_t per_host, int most)
{
    char why[256];
    struct crowd c = {.client = gy_client_new(&(gy_client_opts){.engine = GY_ENGINE_CURL,
                                                                .max_connections = all,
                                                                .max_per_host = per_host})};
    int fd = gy_listen(&(gy_listen_opts){.address = "127.0.0.1"}, why, sizeof why);
    snprintf(c.url, sizeof c.url, "http://127.0.0.1:%d", gy_local_port(fd));
    c.server = gy_http_server_new(gy_test_loop(t), NULL, serve_crowd, &c);
    gy_test_clock_real(t);
    GY_CHECK_INT(gy_http_server_listen(c.server, fd), 0);
    GY_CHECK_INT(gy_test_run(t, all_of_them, &c), 0);
    for (int i = 0; i < CROWD; i++)
        GY_CHECK_INT(c.results[i], 0);
    GY_CHECK(c.most > 1 && c.most <= most);
    gy_client_free(c.client);
    gy_http_server_free(c.server);
}

GY_TEST(many_at_once)
{
    crowd(t, 0, 0, 100);
    crowd(t, 0, 10, 10);
    crowd(t, 7, 0, 7);
}

/* -- Everything fails once ----------------------------------------------------------------------- */

static void scenario(gy_test *t, void *arg)
{
    struct own o;
    struct flow in = {.left = 100 * 1000, .waits = 2}, out = {.waits = 2};
    bool there = open_own(&o, t);
    (void)arg;
    gy_test_clock_auto(t);
    gy_test_allow_log(t, "*");
    o.a.opts.method = "PUT";
    o.a.opts.user = "u";
    o.a.opts.password = "p";
    o.a.opts.read_body = give_bytes;
    o.a.opts.read_arg = &in;
    o.a.opts.write_body = take_bytes;
    o.a.opts.write_arg = &out;
    o.a.url = "http://sweep.test/echo";
    int e = there ? ask(t, &o.a) : GY_ENOMEM;
    if (!gy_test_disturbed(t)) {
        if (!GY_CHECK_INT(e, 0))
            gy_test_fail(t, "%s", o.a.res.why);
        GY_CHECK_INT(out.came, 100 * 1000);
    }
    gy_test_calm(t);
    o.a.opts = (gy_fetch_opts){.proxy = o.a.opts.proxy, .client = o.a.opts.client};
    if (there)
        expect_body(t, &o, "http://sweep.test/", "hello\n");
    close_own(&o);
}

GY_TEST(each_wait_may_be_cancelled)
{
    GY_CHECK(gy_test_sweep_cancel(t, scenario, NULL) > 8);
}

GY_TEST(each_allocation_may_fail)
{
    GY_CHECK(gy_test_sweep_alloc(t, scenario, NULL) > 100);
}

int main(int argc, char **argv)
{
    return curl_main(argc, argv);
}
