/* SPDX-License-Identifier: MIT */
/* conn.c - a connection from accept to close: parked while it is idle, at work while it is asked. */

#include <gyre/error.h>
#include <gyre/log.h>
#include <unistd.h>

#include "base/alloc.h"
#include "http/connection.h"
#include "loop/state.h"
#include "net/stream.h"
#include "net/transport_tls.h"

static struct gy__conn *conn_of(struct gy__io *io)
{
    return gy_of(io, struct gy__transport, io)->owner;
}

static void resume_accepting(gy_http_server *s)
{
    bool full = s->opts.max_connections && s->open >= s->opts.max_connections;
    gy_list_each (it, &s->acceptors) {
        struct gy__acceptor *a = gy_of(it, struct gy__acceptor, link);
        gy__acceptor_freed(a);
        if (a->paused && !a->starved && !full)
            gy__acceptor_resume(a);
    }
}

static void pause_accepting(gy_http_server *s)
{
    gy_list_each (it, &s->acceptors)
        gy__acceptor_pause(gy_of(it, struct gy__acceptor, link));
}

void gy__conn_close(struct gy__conn *c)
{
    gy_http_server *s = c->server;
    gy_timer_cancel(s->loop, &c->timer);
    gy_list_del(&c->link);
    if (c->t)
        c->t->ops->close(c->t);
    gy__free(c->peer);
    gy__free(c);
    s->open--;
    resume_accepting(s);
    gy__drain_check(s);
}

static int64_t idle_limit(const struct gy__conn *c)
{
    const gy_http_server *s = c->server;
    if (!c->served && s->head_ns < s->idle_ns)
        return s->head_ns;
    return s->idle_ns;
}

static void on_idle(void *arg)
{
    struct gy__conn *c = arg;
    int64_t limit = idle_limit(c);
    int64_t at = c->idle_since > INT64_MAX - limit ? INT64_MAX : c->idle_since + limit;
    int64_t now = c->server->loop->now;
    if (c->work)
        at = limit > INT64_MAX - now ? INT64_MAX : now + limit;
    if (at <= now)
        gy__conn_close(c);
    else
        gy__timer_at(c->server->loop, &c->timer, at, on_idle, c);
}

/* The last response is out and nothing has come: what was needed goes back to the pools. */
static void end_work(gy_task *t)
{
    struct gy__work *w = gy_of(t, struct gy__work, task);
    struct gy__conn *c = w->conn;
    gy_http_server *s = c->server;
    gy__work_release(s, w);
    s->active--;
    c->work = NULL;
    c->idle_since = s->loop->now;
    bool too_late = s->draining && !gy_timer_is_set(&s->last_call);
    if (c->close || c->cut || too_late)
        gy__conn_close(c);
}

static void out_of_memory(struct gy__conn *c)
{
    static char answer[] = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n"
                           "Connection: close\r\n\r\n";
    struct iovec all = {.iov_base = answer, .iov_len = sizeof answer - 1};
    gy_log(GY_LOG_GENERAL, GY_LOG_ERROR, "503 a request was refused: out of memory");
    if (c->secured)
        c->t->ops->writev(c->t, &all, 1);
    gy__conn_close(c);
}

static struct gy__work *begin_work(struct gy__conn *c)
{
    gy_http_server *s = c->server;
    struct gy__work *w = gy__work_take(s);
    if (!w)
        return NULL;
    w->conn = c;
    gy__task_init(&w->task, s->loop, gy__connection_serve, w, "http");
    w->task.stack_size = s->opts.stack_size;
    w->task.on_end = end_work;
    w->task.on_park = gy__out_before_park;
    w->task.background = true;
    c->work = w;
    s->active++;
    return w;
}

/* It could not begin. */
static void abandon_work(struct gy__work *w)
{
    struct gy__conn *c = w->conn;
    gy_list_del(&w->task.all);
    gy__work_release(c->server, w);
    c->server->active--;
    c->work = NULL;
}

static void serve(struct gy__conn *c)
{
    struct gy__work *w = begin_work(c);
    if (w && gy__task_start_now(&w->task) == 0)
        return;
    if (w)
        abandon_work(w);
    out_of_memory(c);
}

/* The task that waits for bytes or for room was woken before this is called. One that waits for
 * something else learns here that its client has gone. */
static void on_event(struct gy__io *io, unsigned events)
{
    struct gy__conn *c = conn_of(io);
    struct gy__work *w = c->work;
    if (events & GY__HUP)
        c->ended = true;
    if (!w) {
        if (events & (GY__IN | GY__HUP | GY__ERR))
            serve(c);
        return;
    }
    if (events & (GY__HUP | GY__ERR))
        gy__client_look(w);
}

static struct gy__conn *conn_new(gy_http_server *s)
{
    struct gy__conn *c = gy__alloc(sizeof *c);
    if (!c)
        return NULL;
    *c = (struct gy__conn){.server = s,
                           .idle_since = s->loop->now,
                           .announced = !s->opts.proxy_protocol,
                           .secured = true};
    return c;
}

static void conn_start(struct gy__conn *c)
{
    gy_http_server *s = c->server;
    c->t->owner = c;
    c->t->io.on_event = on_event;
    gy_list_add(&s->conns, &c->link);
    s->open++;
    s->stats.connections++;
    gy__timer_at(s->loop, &c->timer, s->loop->now + idle_limit(c), on_idle, c);
}

static int take_socket(struct gy__conn *c, int fd)
{
    static const char *const http[] = {"http/1.1", NULL};
    gy_http_server *s = c->server;
    if (!s->opts.tls) {
        c->t = &c->socket;
        return gy__transport_socket_init(&c->socket, s->loop, fd);
    }
    c->secured = false;
    int e = gy__transport_tls_new(s->loop, fd, s->opts.tls, &c->t);
    if (!e)
        gy__transport_tls_prefer(c->t, http);
    return e;
}

void gy__conn_accept(struct gy__acceptor *a, int fd)
{
    gy_http_server *s = a->owner;
    struct gy__conn *c = conn_new(s);
    int e = c ? take_socket(c, fd) : GY_ENOMEM;
    if (e) {
        gy_log(GY_LOG_GENERAL, GY_LOG_ERROR, "a connection was refused: %s", gy_strerror(e));
        close(fd);
        gy__free(c);
        return;
    }
    memcpy(&c->from, &a->from.any, a->from.len < sizeof c->from ? a->from.len : sizeof c->from);
    conn_start(c);
    if (s->opts.max_connections && s->open >= s->opts.max_connections)
        pause_accepting(s);
}

/* Begin with what was read already. */
static int begin_with(struct gy__conn *c, gy_str ahead)
{
    struct gy__work *w = begin_work(c);
    int e = w ? 0 : GY_ENOMEM;
    if (!e && ahead.len > w->in_cap)
        e = gy__in_grow(w);
    if (!e && ahead.len > w->in_cap)
        e = GY_ETOOBIG;
    if (e && w)
        abandon_work(w);
    if (e)
        return e;
    if (ahead.len)
        memcpy(w->in, ahead.ptr, ahead.len);
    gy__in_add(w, ahead.len);
    gy__task_start(&w->task);
    return 0;
}

int gy_http_server_serve(gy_http_server *s, gy_stream *stream)
{
    gy_str ahead;
    struct gy__transport *t = gy__stream_take(stream, &ahead);
    struct gy__conn *c = s->draining ? NULL : conn_new(s);
    int e = c ? 0 : s->draining ? GY_ESHUTDOWN : GY_ENOMEM;
    if (c) {
        c->t = t;
        conn_start(c);
        if (ahead.len || (t->io.ready & GY__IN))
            e = begin_with(c, ahead);
    }
    gy__free((char *)(uintptr_t)ahead.ptr);
    if (!c)
        t->ops->close(t);
    else if (e)
        gy__conn_close(c);
    return e;
}
