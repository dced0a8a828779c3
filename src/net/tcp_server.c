/* SPDX-License-Identifier: MIT */
/* tcp_server.c - a task for each connection of a listening socket. */

#include <gyre/error.h>
#include <gyre/log.h>
#include <gyre/net.h>
#include <gyre/task.h>
#include <unistd.h>

#include "base/alloc.h"
#include "loop/task.h"
#include "loop/wait.h"
#include "net/acceptor.h"
#include "net/stream.h"

struct gy_tcp_server {
    gy_list acceptors;
    gy_loop *loop;
    gy_tcp_handler *fn;
    void *arg;
    gy_tcp_server_opts opts;
    gy_list open; /* connections */
    size_t count;
    gy_task *closer;
};

struct connection {
    gy_list link;
    gy_task task;
    gy_tcp_server *server;
    gy_stream *stream;
};

/* Seconds for a proxy to say whom it speaks for, which it does at once. */
static const double proxy_time = 10;

static bool is_from_proxy(gy_stream *s)
{
    gy_proxied said;
    int e = gy_proxy_read(s, proxy_time, &said);
    if (e == GY_EPROTO || e == GY_ETIMEDOUT)
        gy_log(GY_LOG_GENERAL, GY_LOG_WARNING,
               "a connection was closed: it did not begin with a PROXY header");
    return e == 0;
}

/* Seconds for a TLS handshake. */
static const double tls_time = 60;

static bool is_secure(gy_stream *s, gy_tls *tls)
{
    char why[256] = "";
    int e = gy__stream_secure(s, tls, NULL, NULL, tls_time, (struct gy__why){why, sizeof why});
    if (e)
        gy_log(GY_LOG_GENERAL, GY_LOG_INFO, "a connection was closed: %s",
               why[0] ? why : gy_strerror(e));
    return e == 0;
}

static int serve(void *arg)
{
    struct connection *c = arg;
    gy_tcp_server *s = c->server;
    int e = 0;
    if ((!s->opts.proxy_protocol || is_from_proxy(c->stream)) &&
        (!s->opts.tls || is_secure(c->stream, s->opts.tls)))
        e = s->fn(c->stream, s->arg);
    gy_stream_close(c->stream);
    c->stream = NULL;
    return e;
}

static struct gy__acceptor *acceptor_of(gy_list *link)
{
    return gy_of(link, struct gy__acceptor, link);
}

static bool is_full(const gy_tcp_server *s)
{
    return s->opts.max_connections && s->count >= s->opts.max_connections;
}

static void resume_accepting(gy_tcp_server *s)
{
    gy_list_each (it, &s->acceptors) {
        struct gy__acceptor *a = acceptor_of(it);
        gy__acceptor_freed(a);
        if (a->paused && !a->starved && !is_full(s))
            gy__acceptor_resume(a);
    }
}

static void end(gy_task *t)
{
    struct connection *c = gy_of(t, struct connection, task);
    gy_tcp_server *s = c->server;
    gy_list_del(&c->link);
    s->count--;
    gy_stream_close(c->stream); /* when it could not begin */
    gy__free(c);
    resume_accepting(s);
    if (s->closer && gy_list_empty(&s->open))
        gy__wake(s->closer, 0);
}

static void on_accept(struct gy__acceptor *a, int fd)
{
    gy_tcp_server *s = a->owner;
    struct connection *c = gy__alloc(sizeof *c);
    gy_stream *stream = c ? gy_stream_open(fd, &s->opts.stream) : NULL;
    if (!stream) {
        if (!c)
            close(fd);
        gy__free(c);
        gy_log(GY_LOG_GENERAL, GY_LOG_ERROR, "a connection was refused: out of memory");
        return;
    }
    c->server = s;
    c->stream = stream;
    gy__task_init(&c->task, s->loop, serve, c, s->opts.name ? s->opts.name : "connection");
    c->task.on_end = end;
    c->task.stack_size = s->opts.stack_size;
    gy_list_add(&s->open, &c->link);
    s->count++;
    gy__task_start(&c->task);
    if (is_full(s))
        gy_list_each (it, &s->acceptors)
            gy__acceptor_pause(acceptor_of(it));
}

int gy_tcp_server_add(gy_tcp_server *s, int fd)
{
    struct gy__acceptor *a = gy__alloc(sizeof *a);
    if (!a) {
        close(fd);
        return GY_ENOMEM;
    }
    int e = gy__acceptor_open(a, s->loop, fd, 0, on_accept, s);
    if (e) {
        gy__free(a);
        return e;
    }
    gy_list_add(&s->acceptors, &a->link);
    if (is_full(s))
        gy__acceptor_pause(a);
    return 0;
}

gy_tcp_server *gy_tcp_server_open(int fd, const gy_tcp_server_opts *opts, gy_tcp_handler *fn,
                                  void *arg)
{
    gy_loop *loop = gy_loop_current();
    gy_tcp_server *s = loop ? gy__alloc(sizeof *s) : NULL;
    if (!s) {
        close(fd);
        return NULL;
    }
    *s = (gy_tcp_server){.loop = loop, .fn = fn, .arg = arg};
    if (opts)
        s->opts = *opts;
    gy_list_init(&s->open);
    gy_list_init(&s->acceptors);
    if (gy_tcp_server_add(s, fd)) {
        gy__free(s);
        return NULL;
    }
    return s;
}

size_t gy_tcp_server_count(const gy_tcp_server *s)
{
    return s->count;
}

static void cancel_all(gy_tcp_server *s)
{
    gy_list_each (it, &s->open)
        gy__task_cancel_with(&gy_of(it, struct connection, link)->task, GY_ESHUTDOWN);
}

static void wait_until_empty(gy_tcp_server *s, double grace)
{
    gy_deadline d;
    gy_deadline_begin(&d, grace);
    while (!gy_list_empty(&s->open) && gy__park("connections to end", INT64_MAX) == 0)
        ;
    gy_deadline_end(&d);
    cancel_all(s);
    while (!gy_list_empty(&s->open))
        gy__park_masked("connections to end");
}

static void grace_is_over(void *arg)
{
    cancel_all(arg);
}

/* The same outside of a task. */
static void turn_until_empty(gy_tcp_server *s, double grace)
{
    gy_timer timer = {0};
    if (grace > 0)
        gy_timer_set(s->loop, &timer, grace, grace_is_over, s);
    else if (grace == 0)
        cancel_all(s);
    while (!gy_list_empty(&s->open))
        if (gy_loop_turn(s->loop, -1))
            break;
    gy_timer_cancel(s->loop, &timer);
}

/* What the kernel has accepted for us is served, however many that are. */
static void close_acceptors(gy_tcp_server *s)
{
    s->opts.max_connections = 0;
    while (!gy_list_empty(&s->acceptors)) {
        struct gy__acceptor *a = acceptor_of(s->acceptors.next);
        gy_list_del(&a->link);
        gy__acceptor_close(a, true);
        gy__free(a);
    }
}

void gy_tcp_server_close(gy_tcp_server *s, double grace)
{
    if (!s)
        return;
    close_acceptors(s);
    s->closer = gy_task_self();
    if (s->closer)
        wait_until_empty(s, grace);
    else
        turn_until_empty(s, grace);
    gy__free(s);
}
