/* SPDX-License-Identifier: MIT */
/* test_client_early.c - servers that speak before they have been told all of a body. */
#include "client_secure.h"
#include "http/client.h"

#define FULL "HTTP/1.1 413 Too Much\r\nContent-Length: 4\r\nConnection: close\r\n\r\nstop"

/* Says [first] once it has the head, and [second] once it has the body, when there is one. */
struct eager {
    gy_str first, second;
    bool bytewise, closes;
    char body[256];
    size_t body_len;
};

static int say(struct eager *x, gy_stream *s, gy_str text)
{
    int e = 0;
    if (!x->bytewise)
        return text.len ? gy_stream_write_str(s, text) : 0;
    for (size_t i = 0; i < text.len && !e; i++)
        if ((e = gy_stream_write(s, text.ptr + i, 1)) == 0)
            e = gy_yield();
    return e;
}

static int serve(gy_stream *s, void *arg)
{
    struct eager *x = arg;
    gy_str got;
    int e = gy_stream_read_until(s, "\r\n\r\n", 65536, &got);
    if (!e)
        e = say(x, s, x->first);
    if (e || x->closes)
        return e;
    if (!x->second.ptr)
        return gy_stream_read_until(s, "0\r\n\r\n", 65536, &got);
    e = gy_stream_read_until(s, "0\r\n\r\n", 65536, &got);
    if (e)
        return e;
    x->body_len = (size_t)snprintf(x->body, sizeof x->body, "%.*s", GY_FMT(got));
    return say(x, s, x->second);
}

/* A reader of two pieces, with a wait before the second. */
struct source {
    double sleep;
    int yields;
    int calls, waited;
    bool stubborn; /* gives its piece whatever the wait has said */
};

static ssize_t read_source(void *arg, void *buf, size_t size)
{
    struct source *s = arg;
    int call = s->calls++;
    if (call == 2)
        return 0;
    if (call == 1 && s->sleep > 0)
        s->waited = gy_sleep(s->sleep);
    for (int i = 0; call == 1 && i < s->yields && !s->waited; i++)
        s->waited = gy_yield();
    if (s->waited && !s->stubborn)
        return s->waited;
    GY_CHECK(size >= 3);
    memcpy(buf, call ? "def" : "abc", 3);
    return 3;
}

struct site {
    struct eager x;
    struct secure certificates;
    gy_tcp_server *server;
    char url[64];
    struct source source;
    struct ask a;
};

static void site_open(struct site *site, bool tls)
{
    char why[256];
    int fd = gy_listen(&(gy_listen_opts){.address = "127.0.0.1"}, why, sizeof why);
    if (tls)
        secure_open(&site->certificates);
    gy_tcp_server_opts opts = {.tls = tls ? site->certificates.tls : NULL};
    snprintf(site->url, sizeof site->url, "%s://127.0.0.1:%d/", tls ? "https" : "http",
             gy_local_port(fd));
    site->server = gy_tcp_server_open(fd, &opts, serve, &site->x);
    site->a.url = site->url;
    site->a.opts.read_body = read_source;
    site->a.opts.read_arg = &site->source;
    site->a.opts.tls = tls ? site->certificates.trust : NULL;
}

static void site_close(struct site *site)
{
    gy_arena_done(&site->a.arena);
    gy_tcp_server_close(site->server, 0);
    if (site->certificates.tls)
        secure_close(&site->certificates);
}

/* Time stands still: the reader waits for ever. */
GY_TEST(an_answer_ends_the_wait_of_the_reader)
{
    for (int i = 0; i < 8; i++) {
        struct site s = {.x = {.first = GY_STR(FULL), .bytewise = i & 2, .closes = i & 4},
                         .source = {.sleep = 1000, .stubborn = i == 1}};
        site_open(&s, i & 1);
        if (!GY_CHECK_INT(ask(t, &s.a), 0))
            gy_test_fail(t, "%d: %s", i, s.a.res.why);
        GY_CHECK_INT(s.a.res.status, 413);
        GY_CHECK_TEXT(s.a.res.body, "stop");
        GY_CHECK_INT(s.source.waited, GY_ETIMEDOUT);
        GY_CHECK_INT(s.source.calls, 2);
        site_close(&s);
    }
}

GY_TEST(an_early_answer_may_be_long)
{
    static char answer[400 * 1024];
    int head = snprintf(answer, sizeof answer, "HTTP/1.1 413 No\r\nContent-Length: %d\r\n\r\n",
                        300 * 1024);
    memset(answer + head, 'x', 300 * 1024);
    struct site s = {.x = {.first = gy_str_n(answer, (size_t)head + 300 * 1024)},
                     .source = {.sleep = 1000}};
    site_open(&s, false);
    GY_CHECK_INT(ask(t, &s.a), 0);
    GY_CHECK_INT(s.a.res.body.len, 300 * 1024);
    site_close(&s);
}

/* Without a reader, all is written as fast as it is taken: here it is not. */
GY_TEST(a_body_in_memory_stops_too)
{
    size_t size = 30 * 1000 * 1000;
    char *body = calloc(1, size);
    struct site s = {.x = {.first = GY_STR(FULL), .closes = true}};
    site_open(&s, false);
    s.a.opts.read_body = NULL;
    s.a.opts.body = gy_str_n(body, size);
    GY_CHECK_INT(ask(t, &s.a), 0);
    GY_CHECK_INT(s.a.res.status, 413);
    GY_CHECK_TEXT(s.a.res.body, "stop");
    site_close(&s);
    free(body);
}

GY_TEST(interim_answers_end_nothing)
{
    for (int i = 0; i < 4; i++) {
        struct site s = {.x = {.first = GY_STR("HTTP/1.1 103 Early\r\nLink: </a>\r\n\r\n"
                                               "HTTP/1.1 100 Continue\r\n\r\n"),
                               .second = GY_STR("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
                               .bytewise = i & 2},
                         .source = {.yields = 400}};
        site_open(&s, i & 1);
        if (!GY_CHECK_INT(ask(t, &s.a), 0))
            gy_test_fail(t, "%d: %s", i, s.a.res.why);
        GY_CHECK_TEXT(s.a.res.body, "hi");
        GY_CHECK_INT(s.source.waited, 0);
        GY_CHECK_TEXT(gy_str_n(s.x.body, s.x.body_len), "3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n");
        site_close(&s);
    }
}

GY_TEST(a_server_that_leaves_ends_the_wait_too)
{
    static const char *const parts[] = {"", "HTTP/1.1", "HTTP/1.1 100 Continue\r\n\r\n",
                                        "HTTP/1.1 413 Too"};
    for (size_t i = 0; i < 4; i++) {
        struct site s = {.x = {.first = gy_str_of(parts[i]), .closes = true},
                         .source = {.sleep = 1000}};
        site_open(&s, false);
        GY_CHECK_INT(ask(t, &s.a), GY_ECLOSED);
        GY_CHECK_INT(s.source.waited, GY_ETIMEDOUT);
        site_close(&s);
    }
}

GY_TEST(an_answer_to_be_refused_ends_the_wait)
{
    struct site s = {.x = {.first = GY_STR("HTTP/1.1 101 Other\r\nUpgrade: x\r\n\r\n")},
                     .source = {.sleep = 1000}};
    site_open(&s, false);
    GY_CHECK_INT(ask(t, &s.a), GY_EPROTO);
    site_close(&s);
}

GY_TEST(a_flood_of_interim_answers_ends)
{
    static char flood[300 * 1024];
    size_t n = 0;
    while (n + 25 < sizeof flood)
        memcpy(flood + n, "HTTP/1.1 100 Continue\r\n\r\n", 25), n += 25;
    struct site s = {.x = {.first = gy_str_n(flood, n)}, .source = {.sleep = 1000}};
    site_open(&s, false);
    GY_CHECK_INT(ask(t, &s.a), GY_ETOOBIG);
    site_close(&s);
}

GY_TEST(the_time_of_the_fetch_still_counts)
{
    struct site s = {.x = {.second = GY_STR("")}, .source = {.sleep = 1000}};
    site_open(&s, false);
    s.a.opts.timeout = 3;
    gy_test_clock_auto(t);
    GY_CHECK_INT(ask(t, &s.a), GY_ETIMEDOUT);
    GY_CHECK(strstr(s.a.res.why, "127.0.0.1:") == s.a.res.why &&
             strstr(s.a.res.why, " gave no whole answer within 3 seconds"));
    site_close(&s);
}

GY_TEST(freeing_the_client_ends_the_wait)
{
    struct site s = {.x = {.second = GY_STR("")}, .source = {.sleep = 1000}};
    site_open(&s, false);
    s.a.opts.client = gy_client_new(NULL);
    s.a.opts.timeout = -1;
    gy_task *task = gy_task_new(gy_test_loop(t), ask_in_task, &s.a, NULL);
    gy_test_settle(t);
    GY_CHECK_INT(s.source.calls, 2);
    gy_client_free(s.a.opts.client);
    gy_task_join(task);
    GY_CHECK_INT(s.a.result, GY_ESHUTDOWN);
    GY_CHECK_INT(s.source.waited, GY_ETIMEDOUT);
    site_close(&s);
}

/* -- Sweeps -------------------------------------------------------------------------------------- */

static void drive(gy_test *t, void *arg)
{
    struct site s = {.x = {.first = GY_STR("HTTP/1.1 103 Hint\r\n\r\n" FULL), .bytewise = true},
                     .source = {.sleep = 1000}};
    (void)arg;
    site_open(&s, false);
    if (gy_test_disturbed(t))
        gy_test_clock_auto(t); /* who could not be accepted is not answered */
    int e = ask(t, &s.a);
    if (!gy_test_disturbed(t)) {
        GY_CHECK_INT(e, 0);
        GY_CHECK_INT(s.a.res.status, 413);
    }
    site_close(&s);
}

GY_TEST(each_allocation_may_fail)
{
    GY_CHECK(gy_test_sweep_alloc(t, drive, NULL) > 5);
}

GY_TEST(each_wait_may_be_cancelled)
{
    GY_CHECK(gy_test_sweep_cancel(t, drive, NULL) > 5);
}

int main(int argc, char **argv)
{
    return gy_test_main(argc, argv);
}
