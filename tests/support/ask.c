/* SPDX-License-Identifier: MIT */
/* ask.c - one client on a connection in memory. */
#include "support/ask.h"
#include "support/fake_clock.h"

#include "base/alloc.h"
#include "web/app.h"

#include <gyre/error.h>
#include <gyre/loop.h>
#include <gyre/task.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static char text[1 << 20], logged[1 << 16];

static void keep_line(void *arg, enum gy_log_channel channel, enum gy_log_level level,
                      const char *line, size_t len)
{
    static const char *const channels[] = {"access", "app", "general"};
    size_t at = strlen(logged);
    (void)arg;
    (void)len;
    snprintf(logged + at, sizeof logged - at, "%s %c %s\n", channels[channel], "DIWE"[level], line);
}

/* Server and Date differ from run to run. */
static void drop_line(char *from, const char *name)
{
    char *line = strstr(from, name);
    char *end = line ? strstr(line + 2, "\r\n") : NULL;
    if (end)
        memmove(line, end, strlen(end) + 1);
}

struct client {
    struct gy__app *app;
    const char *request;
    bool leave;
};

/* The server's side has closed: it is told in one of its next turns. */
static int wait_for_close(gy_http_server *s)
{
    gy_http_stats stats = {.open = 1};
    while (stats.open) {
        int e = gy_sleep(0.001);
        if (e)
            return e;
        gy_http_server_stats(s, &stats);
    }
    return 0;
}

static int converse(struct client *c, gy_stream *s)
{
    gy_str all;
    int e = gy_stream_write(s, c->request, strlen(c->request));
    if (!e && c->leave)
        return gy_sleep(0.001);
    if (!e)
        e = gy_stream_read_all(s, sizeof text - 1, &all);
    if (!e) {
        memcpy(text, all.ptr, all.len);
        text[all.len] = '\0';
    }
    return e;
}

static int serve_and_ask(void *arg)
{
    struct client *c = arg;
    gy_stream *ends[2];
    gy_http_server *s = gy_http_server_new(gy_loop_current(), NULL, gy__web_request, c->app);
    if (!s)
        return GY_ENOMEM;
    int e = gy_stream_pair(ends, 0);
    if (!e) {
        e = gy_http_server_serve(s, ends[1]);
        if (!e)
            e = converse(c, ends[0]);
        gy_stream_close(ends[0]);
    }
    if (!e)
        e = wait_for_close(s);
    gy_http_server_free(s);
    return e;
}

static struct answer run(const gy_app *app, const char *request, bool leave)
{
    atomic_store(&gy__alloc_counting, true);
    long before = gy__alloc_live();
    text[0] = logged[0] = '\0';
    gy_log_set_sink(keep_line, NULL);
    struct client c = {.app = gy__app_new(app), .request = request, .leave = leave};
    struct answer a = {.text = text, .logged = logged, .result = GY_ENOMEM};
    if (c.app)
        a.result = run_in_fake_time(serve_and_ask, &c);
    gy__app_free(c.app);
    gy_log_set_sink(NULL, NULL);
    drop_line(text, "\r\nServer: ");
    drop_line(text, "\r\nDate: ");
    assert_int_equal(gy__alloc_live(), before);
    return a;
}

struct answer ask(const gy_app *app, const char *request)
{
    return run(app, request, false);
}

struct answer ask_and_leave(const gy_app *app, const char *request)
{
    return run(app, request, true);
}

struct answer ask_verb(const gy_app *app, const char *verb, const char *path, const char *body)
{
    static char request[1 << 16];
    snprintf(request, sizeof request, "%s %s HTTP/1.1\r\nHost: h\r\nConnection: close\r\n%s", verb,
             path,
             body ? "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: " : "");
    size_t at = strlen(request);
    if (body)
        snprintf(request + at, sizeof request - at, "%zu\r\n\r\n%s", strlen(body), body);
    else
        snprintf(request + at, sizeof request - at, "\r\n");
    return ask(app, request);
}

struct answer ask_get(const gy_app *app, const char *path)
{
    return ask_verb(app, "GET", path, NULL);
}

const char *body_of(struct answer a)
{
    const char *end = strstr(a.text, "\r\n\r\n");
    return end ? end + 4 : "";
}

int status_of(struct answer a)
{
    int status = 0;
    return sscanf(a.text, "HTTP/1.1 %d", &status) == 1 ? status : 0;
}
