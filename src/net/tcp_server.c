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
    struct gy__acceptor acceptor;
    gy_loop *loop;
    gy_tcp_handler *fn;
    void *arg;
    gy_list open; /* connections */
    gy_task *closer;
};

struct connection {
    gy_list link;
    gy_task task;
    gy_tcp_server *server;
    gy_stream *stream;
};

static int serve(void *arg)
{
    struct connection *c = arg;
    int e = c->server->fn(c->stream, c->server->arg);
    gy_stream_close(c->stream);
    c->stream = NULL;
    return e;
}

static void end(gy_task *t)
{
    struct connection *c = gy_of(t, struct connection, task);
    gy_tcp_server *s = c->server;
    gy_list_del(&c->link);
    gy_stream_close(c->stream); /* when it could not begin */
    gy__acceptor_freed(&s->acceptor);
    if (s->closer && gy_list_empty(&s->open))
        gy__wake(s->closer, 0);
    gy__free(c);
}

static void on_accept(struct gy__acceptor *a, int fd)
{
    gy_tcp_server *s = a->owner;
    struct connection *c = gy__alloc(sizeof *c);
    gy_stream *stream = c ? gy_stream_open(fd, NULL) : NULL;
    if (!stream) {
        if (!c)
            close(fd);
        gy__free(c);
        gy_log(GY_LOG_GENERAL, GY_LOG_ERROR, "a connection was refused: out of memory");
        return;
    }
    c->server = s;
    c->stream = stream;
    gy__task_init(&c->task, s->loop, serve, c, "connection");
    c->task.on_end = end;
    gy_list_add(&s->open, &c->link);
    gy__task_start(&c->task);
}

gy_tcp_server *gy_tcp_server_open(int fd, gy_tcp_handler *fn, void *arg)
{
    gy_loop *loop = gy_loop_current();
    gy_tcp_server *s = loop ? gy__alloc(sizeof *s) : NULL;
    if (!s) {
        close(fd);
        return NULL;
    }
    *s = (gy_tcp_server){.loop = loop, .fn = fn, .arg = arg};
    gy_list_init(&s->open);
    if (gy__acceptor_open(&s->acceptor, loop, fd, 0, on_accept, s)) {
        gy__free(s);
        return NULL;
    }
    return s;
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
    else
        cancel_all(s);
    while (!gy_list_empty(&s->open))
        if (gy_loop_turn(s->loop, -1))
            break;
    gy_timer_cancel(s->loop, &timer);
}

void gy_tcp_server_close(gy_tcp_server *s, double grace)
{
    if (!s)
        return;
    gy__acceptor_close(&s->acceptor, true);
    s->closer = gy_task_self();
    if (s->closer)
        wait_until_empty(s, grace);
    else
        turn_until_empty(s, grace);
    gy__free(s);
}
