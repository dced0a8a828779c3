/* SPDX-License-Identifier: MIT */
/* application.c - asking an application, over connections in memory. */

#include <gyre/error.h>
#include <gyre/net.h>
#include <gyre/serve.h>

#include "base/alloc.h"
#include "testing/test.h"

struct under_test {
    gy_list link;
    const gy_app *app;
    gy_http_server *server;
    int port;
};

void gy_test_http(gy_test *t, const gy_http_opts *opts)
{
    t->http = *opts;
}

static struct under_test *find(gy_test *t, const gy_app *app)
{
    gy_list_each (it, &t->apps) {
        struct under_test *u = gy_of(it, struct under_test, link);
        if (u->app == app)
            return u;
    }
    return NULL;
}

static struct under_test *start(gy_test *t, const gy_app *app)
{
    struct under_test *u = gy__zalloc(sizeof *u);
    if (u && app->on_start && app->on_start(app)) {
        gy__free(u);
        gy_test_fail(t, "the application did not start");
        return NULL;
    }
    if (u)
        u->server = gy_app_server_new(t->loop, app, &t->http);
    if (!u || !u->server) {
        if (u && app->on_stop)
            app->on_stop(app);
        gy__free(u);
        gy_test_fail(t, "the application cannot be served");
        return NULL;
    }
    u->app = app;
    gy_list_add(&t->apps, &u->link);
    return u;
}

static struct under_test *get(gy_test *t, const gy_app *app)
{
    struct under_test *u = find(t, app);
    gy__test_own(t);
    if (!u)
        u = start(t, app);
    gy__test_theirs(t);
    return u;
}

gy_http_server *gy_test_server(gy_test *t, const gy_app *app)
{
    struct under_test *u = get(t, app);
    return u ? u->server : NULL;
}

int gy_test_listen(gy_test *t, const gy_app *app)
{
    char why[256];
    struct under_test *u = get(t, app);
    if (!u || u->port)
        return u ? u->port : 0;
    gy__test_own(t);
    int fd = gy_listen(&(gy_listen_opts){.address = "127.0.0.1"}, why, sizeof why);
    int port = fd >= 0 ? gy_local_port(fd) : 0;
    if (fd < 0)
        gy_test_fail(t, "%s", why);
    else if (gy_http_server_listen(u->server, fd) == 0)
        u->port = port;
    else
        gy_test_fail(t, "out of memory");
    gy__test_theirs(t);
    return u->port;
}

void gy__test_apps_done(gy_test *t)
{
    while (!gy_list_empty(&t->apps)) {
        struct under_test *u = gy_of(t->apps.next, struct under_test, link);
        gy_list_del(&u->link);
        gy_http_server_free(u->server);
        if (u->app->on_stop)
            u->app->on_stop(u->app);
        gy__free(u);
    }
}

/* -- Asking -------------------------------------------------------------------------------------- */

static int write_request(struct gy__buf *b, const gy_test_request *req, const char *method)
{
    size_t len = req->body && !req->body_len ? strlen(req->body) : req->body_len;
    bool has_host = false, has_length = false;
    int e = gy__buf_addf(b, "%s %s HTTP/1.1\r\n", method, req->path ? req->path : "/");
    for (size_t i = 0; !e && i < sizeof req->headers / sizeof req->headers[0]; i++) {
        if (!req->headers[i])
            break;
        gy_str line = gy_str_of(req->headers[i]), name;
        gy_str_cut(&line, ':', &name);
        has_host |= gy_str_ieq(name, gy_str_of("Host"));
        has_length |= gy_str_ieq(name, gy_str_of("Content-Length")) ||
                      gy_str_ieq(name, gy_str_of("Transfer-Encoding"));
        e = gy__buf_addf(b, "%s\r\n", req->headers[i]);
    }
    if (!e && !has_host)
        e = gy__buf_addf(b, "Host: localhost\r\n");
    if (!e && !has_length && req->body)
        e = gy__buf_addf(b, "Content-Length: %zu\r\n", len);
    if (!e)
        e = gy__buf_addf(b, "\r\n");
    return e || !req->body ? e : gy__buf_add(b, req->body, len);
}

gy_test_response gy_test_fetch(gy_test *t, const gy_app *app, const gy_test_request *req)
{
    gy_test_response res = {.status = 0};
    struct gy__buf b;
    const char *method = req->method ? req->method : req->body ? "POST" : "GET";
    gy_test_client *c = gy_test_connect(t, gy_test_server(t, app));
    gy__test_own(t);
    gy__buf_init(&b, SIZE_MAX / 2);
    int e = c ? write_request(&b, req, method) : GY_ENOMEM;
    gy__test_theirs(t);
    if (!e) {
        bool head = strcmp(method, "HEAD") == 0;
        gy_test_send(c, gy__buf_str(&b));
        do
            res = head ? gy_test_answer_to_head(c) : gy_test_answer(c);
        while (res.status >= 100 && res.status < 200 && res.status != 101);
    }
    gy__buf_done(&b);
    gy_test_leave(c);
    return res;
}

gy_test_response gy_test_get(gy_test *t, const gy_app *app, const char *path)
{
    return gy_test_fetch(t, app, &(gy_test_request){.path = path});
}

gy_str gy_test_raw(gy_test *t, const gy_app *app, gy_str bytes)
{
    gy_test_client *c = gy_test_connect(t, gy_test_server(t, app));
    gy_test_send(c, bytes);
    gy_test_shut(c);
    gy_str all = gy_test_take(c);
    gy_test_leave(c);
    return all;
}
