/* SPDX-License-Identifier: MIT */
/* test_client_pool.c - connections that are kept, that died meanwhile, and lines for those there are. */
#include "client_party.h"
#include "http/client.h"
#include "support/unix_name.h"

#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <unistd.h>

#define ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n"
#define GOOD GY_STR(ANSWER "a")

/* -- Dead connections ---------------------------------------------------------------------------- */

/* The second answer is cut after [cut] bytes of it. */
static void second_is_cut(gy_test *t, const char *method, size_t cut, int code, size_t connections)
{
    struct party p = {.answers = {GOOD, gy_str_n(ANSWER "b", cut), GOOD}, .after = {KEEP, CLOSE}};
    party_open(&p);
    struct ask a = {.url = p.url, .opts = {.method = method}};
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK_INT(ask(t, &a), code);
    GY_CHECK_INT(p.connections, connections);
    GY_CHECK_INT(a.res.reused, code != 0);
    gy_arena_done(&a.arena);
    party_close(&p);
}

GY_TEST(a_kept_connection_that_died_is_tried_again_once)
{
    second_is_cut(t, "GET", 0, 0, 2);
    second_is_cut(t, "PUT", 0, 0, 2);
    second_is_cut(t, "DELETE", 0, 0, 2);
    second_is_cut(t, "POST", 0, GY_ECLOSED, 1);
    second_is_cut(t, "PATCH", 0, GY_ECLOSED, 1);
    for (size_t cut = 1; cut < strlen(ANSWER) + 1; cut++)
        second_is_cut(t, "GET", cut, GY_ECLOSED, 1);
}

GY_TEST(a_new_connection_that_dies_is_not_tried_again)
{
    struct party p = {.answers = {GY_STR("")}, .after = {CLOSE}};
    party_open(&p);
    struct ask a = {.url = p.url};
    GY_CHECK_INT(ask(t, &a), GY_ECLOSED);
    GY_CHECK_INT(p.connections, 1);
    gy_arena_done(&a.arena);
    party_close(&p);
}

/* The server closes while nobody asks, or says something: nothing is sent there, also no POST. */
GY_TEST(a_connection_that_ended_while_idle_is_not_used)
{
    static const char *const ends[] = {ANSWER "a", ANSWER "aHTTP/1.1 408 Late\r\n\r\n"};
    for (size_t i = 0; i < 2; i++) {
        struct party p = {.answers = {gy_str_of(ends[i]), GOOD}, .after = {CLOSE}};
        party_open(&p);
        struct ask a = {.url = p.url, .opts = {.method = "POST"}};
        GY_CHECK_INT(ask(t, &a), 0);
        gy_test_settle(t);
        GY_CHECK_INT(ask(t, &a), 0);
        GY_CHECK(!a.res.reused);
        GY_CHECK_INT(p.connections, 2);
        gy_arena_done(&a.arena);
        party_close(&p);
    }
}

struct busy {
    int fd;
    sem_t go;
    struct ask *a;
    int first, second;
};

/* Answers one request, and closes when it is told to. */
static void *answer_and_close(void *arg)
{
    struct busy *b = arg;
    char buf[1024];
    int s = accept(b->fd, NULL, NULL);
    if (read(s, buf, sizeof buf) < 0 || write(s, ANSWER "a", strlen(ANSWER) + 1) < 0)
        b->fd = -1;
    sem_wait(&b->go);
    close(s);
    return NULL;
}

static ssize_t read_abc(void *arg, void *buf, size_t size)
{
    int *calls = arg;
    (void)size;
    memcpy(buf, "abc", 3);
    return (*calls)++ ? 0 : 3;
}

/* The server closes while the loop does not look. */
static int ask_twice(void *arg)
{
    struct busy *b = arg;
    struct ask *a = b->a;
    pthread_t thread;
    gy_fetch_opts get = {.client = a->opts.client};
    pthread_create(&thread, NULL, answer_and_close, b);
    b->first = gy_fetch(&a->arena, a->url, &get, &a->res);
    sem_post(&b->go);
    pthread_join(thread, NULL);
    pthread_create(&thread, NULL, answer_and_close, b);
    b->second = gy_fetch(&a->arena, a->url, &a->opts, &a->res);
    sem_post(&b->go);
    if (b->second)
        shutdown(b->fd, SHUT_RD); /* nobody has come */
    pthread_join(thread, NULL);
    return 0;
}

/* Also when the loop could not be told: what cannot be tried again is not sent where nobody is. */
GY_TEST(what_is_sent_once_is_sent_to_somebody)
{
    static const char *const methods[] = {"POST", "PATCH", "PUT", "GET"};
    for (size_t i = 0; i < 4; i++) {
        char why[256], url[64];
        int calls = 0, fd = gy_listen(&(gy_listen_opts){.address = "127.0.0.1"}, why, sizeof why);
        struct busy b = {.fd = fd};
        fcntl(fd, F_SETFL, 0);
        sem_init(&b.go, 0, 0);
        snprintf(url, sizeof url, "http://127.0.0.1:%d/", gy_local_port(fd));
        struct ask a = {.url = url, .opts = {.method = methods[i], .client = gy_client_new(NULL)}};
        b.a = &a;
        if (strcmp(methods[i], "PUT") == 0) {
            a.opts.read_body = read_abc;
            a.opts.read_arg = &calls;
        }
        GY_CHECK_INT(gy_test_run(t, ask_twice, &b), 0);
        GY_CHECK_INT(b.first, 0);
        if (!GY_CHECK_INT(b.second, 0))
            gy_test_fail(t, "%s: %s", methods[i], a.res.why);
        GY_CHECK(!a.res.reused);
        gy_client_free(a.opts.client);
        gy_arena_done(&a.arena);
        sem_destroy(&b.go);
        close(fd);
    }
}

GY_TEST(a_connection_is_not_kept_for_ever)
{
    struct party p = {.answers = {GOOD, GOOD}};
    party_open(&p);
    struct ask a = {.url = p.url};
    GY_CHECK_INT(ask(t, &a), 0);
    gy_test_advance(t, 61);
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK(!a.res.reused);
    gy_arena_done(&a.arena);
    party_close(&p);
}

GY_TEST(a_fetch_that_failed_leaves_no_connection)
{
    struct party p = {.answers = {GY_STR(ANSWER), GOOD}, .after = {STALL}};
    party_open(&p);
    gy_test_clock_auto(t);
    struct ask a = {.url = p.url, .opts = {.timeout = 1, .proxy = p.proxy}};
    GY_CHECK_INT(ask(t, &a), GY_ETIMEDOUT);
    a.opts.timeout = -1;
    a.opts.connect_timeout = -1;
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK(!a.res.reused);
    gy_arena_done(&a.arena);
    party_close(&p);
}

/* Time passes, and nobody asks. */
GY_TEST(a_connection_is_closed_when_its_time_is_up)
{
    struct party p = {.answers = {GOOD, GOOD, GOOD}};
    party_open(&p);
    gy_client *c = gy_client_new(&(gy_client_opts){.idle_time = 5});
    struct ask a = {.url = p.url, .opts = {.client = c}}, b = {.url = p.url, .opts = {.client = c}};
    b.opts.source_address = "127.0.0.1"; /* another place */
    GY_CHECK_INT(ask(t, &a), 0);
    gy_test_advance(t, 3);
    GY_CHECK_INT(ask(t, &b), 0);
    gy_test_advance(t, 1.9);
    GY_CHECK_INT(c->count, 2);
    gy_test_advance(t, 0.2);
    GY_CHECK_INT(c->count, 1);
    GY_CHECK_INT(gy_tcp_server_count(p.server), 1);
    gy_test_advance(t, 2.8);
    GY_CHECK_INT(c->count, 1);
    gy_test_advance(t, 0.2);
    GY_CHECK_INT(c->count, 0);
    GY_CHECK_INT(c->places.len, 0);
    /* And once more: the timer is set again. */
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK(!a.res.reused);
    gy_test_advance(t, 5.1);
    GY_CHECK_INT(c->count, 0);
    gy_arena_done(&a.arena);
    gy_arena_done(&b.arena);
    gy_client_free(c);
    party_close(&p);
}

/* What a long body has made of its buffer is not kept with it. */
GY_TEST(an_idle_connection_is_small)
{
    static char answer[400 * 1024];
    size_t head = (size_t)snprintf(answer, sizeof answer,
                                   "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", 300 * 1024);
    memset(answer + head, 'x', 300 * 1024);
    struct party p = {.answers = {gy_str_n(answer, head + 300 * 1024), GOOD}};
    party_open(&p);
    gy_client *c = gy_client_new(NULL);
    struct ask a = {.url = p.url, .opts = {.client = c}};
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK_INT(a.res.body.len, 300 * 1024);
    GY_CHECK(!gy_list_empty(&c->idle));
    gy_list_each (it, &c->idle)
        GY_CHECK(gy_of(it, struct gy__peer, aged)->in_cap <= GY__CLIENT_IN);
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK(a.res.reused);
    gy_arena_done(&a.arena);
    gy_client_free(c);
    party_close(&p);
}

/* -- Servers that stop anywhere ------------------------------------------------------------------ */

static const struct {
    const char *text;
    bool to_the_end; /* the end of the connection is the end of the body */
} shapes[] = {
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", false},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\nA: "
     "b\r\n\r\n",
     false},
    {"HTTP/1.1 103 Hint\r\n\r\nHTTP/1.1 200 OK\r\n\r\nhello", true},
};

/* Of the end of the bytes that say where the head ends. */
static size_t head_end(const char *text)
{
    size_t end = 0;
    for (const char *at = text; (at = strstr(at, "\r\n\r\n")); at += 4)
        if (strstr(text, "103") ? at > strstr(text, "200") : end == 0)
            end = (size_t)(at + 4 - text);
    return end;
}

/* Once good and kept, once cut; then all is as before. */
static void stops_at(gy_test *t, size_t shape, size_t cut, enum after after)
{
    const char *text = shapes[shape].text;
    struct party p = {.answers = {GOOD, gy_str_n(text, cut), GOOD}, .after = {KEEP, after, KEEP}};
    party_open(&p);
    gy_client *c = gy_client_new(NULL);
    struct ask a = {.url = p.url,
                    .opts = {.method = "POST", .client = c, .timeout = -1, .connect_timeout = -1}};
    bool ends = shapes[shape].to_the_end && cut >= head_end(text) && after == CLOSE;
    int code = ends ? 0 : after == STALL ? GY_ETIMEDOUT : GY_ECLOSED;
    if (after == STALL) {
        gy_test_clock_auto(t);
        a.opts.proxy = p.proxy;
    }
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK_INT(c->count, 1);
    a.opts.timeout = after == STALL ? 5 : -1;
    if (!GY_CHECK_INT(ask(t, &a), code))
        gy_test_fail(t, "shape %zu, %zu bytes, %d: %s", shape, cut, (int)after, a.res.why);
    GY_CHECK_INT(c->count, 0);
    GY_CHECK_INT(c->places.len, 0);
    GY_CHECK(gy_list_empty(&c->idle) && gy_list_empty(&c->waiting));
    GY_CHECK_INT(a.res.status, cut >= head_end(text) ? 200 : 0);
    a.opts.timeout = -1;
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK_TEXT(a.res.body, "a");
    GY_CHECK_INT(p.connections, 2);
    gy_arena_done(&a.arena);
    gy_client_free(c);
    party_close(&p);
}

GY_TEST(a_server_that_closes_resets_or_stalls_anywhere)
{
    static const enum after ends[] = {CLOSE, RESET, STALL};
    for (size_t shape = 0; shape < sizeof shapes / sizeof shapes[0]; shape++)
        for (size_t cut = 0; cut < strlen(shapes[shape].text); cut++)
            for (size_t i = 0; i < 3; i++)
                stops_at(t, shape, cut, ends[i]);
}

/* -- Lines --------------------------------------------------------------------------------------- */

enum { CROWD = 12 };

struct crowd {
    gy_client *client;
    int finished[CROWD], count;
    int results[CROWD];
    size_t most, now;
};

static struct crowd *crowd;

static int slow(gy_exchange *x, void *arg)
{
    (void)arg;
    if (++crowd->now > crowd->most)
        crowd->most = crowd->now;
    int e = 0;
    for (int i = 0; i < 20 && !e; i++)
        e = gy_yield();
    crowd->now--;
    return e ? e : gy_exchange_respond(x, 200, NULL, gy_str_of("x"));
}

static int one_of_many(void *arg, size_t i)
{
    struct crowd *c = arg;
    gy_arena arena = {0};
    gy_response res;
    gy_fetch_opts opts = {.client = c->client, .timeout = 100, .proxy = unix_address("line")};
    c->results[i] = gy_fetch(&arena, i % 2 ? "http://b.test" : "http://a.test", &opts, &res);
    c->finished[c->count++] = (int)i;
    gy_arena_done(&arena);
    return 0;
}

static int all_of_them(void *arg)
{
    return gy_map(CROWD, 0, one_of_many, arg);
}

static void line_up(gy_test *t, size_t most, size_t per_host, size_t expect)
{
    struct crowd c = {.client = NULL};
    char why[256];
    int fd = gy_listen(&(gy_listen_opts){.unix_path = unix_name("line")}, why, sizeof why);
    gy_http_server *server = gy_http_server_new(gy_test_loop(t), NULL, slow, NULL);
    crowd = &c;
    GY_CHECK_INT(gy_http_server_listen(server, fd), 0);
    c.client = gy_client_new(&(gy_client_opts){.max_connections = most, .max_per_host = per_host});
    GY_CHECK_INT(gy_test_run(t, all_of_them, &c), 0);
    for (int i = 0; i < CROWD; i++)
        GY_CHECK_INT(c.results[i], 0);
    GY_CHECK_INT(c.most, expect);
    for (int i = 0; i < CROWD && (most == 1 || per_host == 1); i++)
        GY_CHECK(c.finished[i] / 2 == i / 2); /* nobody overtakes those before him */
    GY_CHECK(c.client->count <= most);
    GY_CHECK_INT(c.client->places.len, most > 1 ? 2 : 1);
    gy_client_free(c.client);
    gy_http_server_free(server);
}

GY_TEST(lines_are_fair)
{
    line_up(t, 1, 5, 1);
    line_up(t, 3, 5, 3);
    line_up(t, 50, 1, 2);
    line_up(t, 50, 50, CROWD);
}

static int join(void *task)
{
    return gy_task_join(task);
}

GY_TEST(time_in_line_counts)
{
    struct party p = {.answers = {GY_STR("")}, .after = {STALL}};
    party_open(&p);
    gy_test_clock_auto(t);
    struct crowd c = {.client = gy_client_new(&(gy_client_opts){.max_per_host = 1})};
    struct ask first = {.url = p.url,
                        .opts = {.client = c.client, .timeout = 10, .proxy = p.proxy}};
    struct ask second = {.url = p.url,
                         .opts = {.client = c.client, .timeout = 2, .proxy = p.proxy}};
    gy_task *task = gy_task_new(gy_test_loop(t), ask_in_task, &first, NULL);
    gy_test_settle(t);
    GY_CHECK_INT(ask(t, &second), GY_ETIMEDOUT);
    GY_CHECK(p.connections <= 1);
    GY_CHECK_INT(gy_test_run(t, join, task), 0);
    GY_CHECK_INT(first.result, GY_ETIMEDOUT);
    GY_CHECK_INT(c.client->count, 0);
    GY_CHECK_INT(c.client->places.len, 0);
    gy_client_free(c.client);
    gy_arena_done(&first.arena);
    gy_arena_done(&second.arena);
    party_close(&p);
}

GY_TEST(freeing_a_client_ends_its_fetches)
{
    struct party p = {.answers = {GY_STR("")}, .after = {STALL}};
    party_open(&p);
    gy_client *c = gy_client_new(&(gy_client_opts){.max_per_host = 1});
    struct ask asks[3];
    gy_task *tasks[3];
    for (int i = 0; i < 3; i++) {
        asks[i] = (struct ask){.url = p.url, .opts = {.client = c, .timeout = -1}};
        tasks[i] = gy_task_new(gy_test_loop(t), ask_in_task, &asks[i], NULL);
    }
    gy_test_settle(t);
    gy_client_free(c);
    for (int i = 0; i < 3; i++) {
        gy_task_join(tasks[i]);
        GY_CHECK_INT(asks[i].result, GY_ESHUTDOWN);
        gy_arena_done(&asks[i].arena);
    }
    party_close(&p);
}

GY_TEST(defaults_are_the_clients)
{
    struct party p = {.answers = {GOOD, GOOD}};
    party_open(&p);
    gy_client *c =
        gy_client_new(&(gy_client_opts){.defaults = {.user_agent = "mine", .max_body = 1}});
    struct ask a = {.url = p.url, .opts = {.client = c}};
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK_GLOB(gy_str_n(p.seen, p.seen_len), "*\r\nUser-Agent: mine\r\n*");
    gy_arena_done(&a.arena);
    gy_client_free(c);
    party_close(&p);
}

int main(int argc, char **argv)
{
    return gy_test_main(argc, argv);
}
