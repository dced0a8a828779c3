/* SPDX-License-Identifier: MIT */
/* server.c - connections from accept to close: parked, at work, drained. */

#include <errno.h>
#include <gyre/error.h>
#include <gyre/log.h>
#include <unistd.h>

#include "base/alloc.h"
#include "codec/cidr.h"
#include "http/connection.h"
#include "http/message.h"
#include "loop/state.h"
#include "net/socket.h"
#include "net/stream.h"

#define MIB ((size_t)1024 * 1024)

/* While a server drains, idle connections may still send a request that was under way. */
#define LAST_CALL 0.5 /* seconds */

/* Before that, handshakes that were under way end in the queue of a listening socket. */
#define LAST_ARRIVALS 0.1

/* -- Connections --------------------------------------------------------------------------------- */

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

static void end_drain(gy_http_server *s)
{
    if (!s->draining || s->open || s->ended || !gy_list_empty(&s->acceptors))
        return;
    s->ended = true;
    gy_timer_cancel(s->loop, &s->last_call);
    gy_timer_cancel(s->loop, &s->grace);
    if (s->done)
        s->done(s->done_arg);
}

static void conn_close(struct gy__conn *c)
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
    end_drain(s);
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
        conn_close(c);
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
        conn_close(c);
}

static void out_of_memory(struct gy__conn *c)
{
    static char answer[] = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n"
                           "Connection: close\r\n\r\n";
    struct iovec all = {.iov_base = answer, .iov_len = sizeof answer - 1};
    gy_log(GY_LOG_GENERAL, GY_LOG_ERROR, "503 a request was refused: out of memory");
    c->t->ops->writev(c->t, &all, 1);
    conn_close(c);
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
    *c = (struct gy__conn){.server = s, .idle_since = s->loop->now};
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

static void on_accept(struct gy__acceptor *a, int fd)
{
    gy_http_server *s = a->owner;
    struct gy__conn *c = conn_new(s);
    int e = c ? gy__transport_socket_init(&c->socket, s->loop, fd) : GY_ENOMEM;
    if (e) {
        gy_log(GY_LOG_GENERAL, GY_LOG_ERROR, "a connection was refused: %s", gy_strerror(e));
        close(fd);
        gy__free(c);
        return;
    }
    c->t = &c->socket;
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
    w->in_len = ahead.len;
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
        conn_close(c);
    return e;
}

/* -- The server ---------------------------------------------------------------------------------- */

static int64_t ns_or_ever(double seconds)
{
    return gy__seconds(seconds) ? gy__seconds(seconds) : INT64_MAX / 4;
}

static void fill_in(gy_http_server *s)
{
    gy_http_opts *o = &s->opts;
    if (!o->max_head)
        o->max_head = 64 * 1024;
    if (!o->max_fields)
        o->max_fields = 100;
    if (!o->max_body)
        o->max_body = 100 * MIB;
    if (!o->drain)
        o->drain = MIB / 4;
    s->head_ns = ns_or_ever(o->head_timeout > 0 ? o->head_timeout : 60);
    s->idle_ns = ns_or_ever(o->idle_timeout > 0 ? o->idle_timeout : 3600);
    s->stall_ns = ns_or_ever(o->body_stall > 0 ? o->body_stall : 60);
    s->write_ns = ns_or_ever(o->write_timeout > 0 ? o->write_timeout : 60);
    s->limits = (struct gy__limits_head){.max_head = o->max_head,
                                         .max_line = o->max_head,
                                         .max_fields = o->max_fields,
                                         .allow_bare_lf = o->allow_bare_lf};
}

static int parse_trusted(gy_http_server *s)
{
    const char *const *t = s->opts.trusted;
    size_t n = 0;
    while (t && t[n])
        n++;
    if (!n)
        return 0;
    s->trusted = gy__alloc(n * sizeof *s->trusted);
    if (!s->trusted)
        return GY_ENOMEM;
    for (s->trusted_count = 0; s->trusted_count < n; s->trusted_count++) {
        const char *text = t[s->trusted_count];
        if (gy__cidr_parse(gy_str_of(text), &s->trusted[s->trusted_count])) {
            gy_log(GY_LOG_GENERAL, GY_LOG_ERROR,
                   "\"%s\" is no trusted proxy: give an address or a network such as 10.0.0.0/8",
                   text);
            return GY_EINVAL;
        }
    }
    return 0;
}

static bool name_is_good(const char *name)
{
    if (!name || (strlen(name) <= 64 && gy__value_valid(gy_str_of(name))))
        return true;
    gy_log(GY_LOG_GENERAL, GY_LOG_ERROR,
           "the server's name must be at most 64 bytes without control characters");
    return false;
}

gy_http_server *gy_http_server_new(gy_loop *loop, const gy_http_opts *opts, gy_exchange_fn *fn,
                                   void *arg)
{
    gy_http_server *s = gy__zalloc(sizeof *s);
    if (!s)
        return NULL;
    if (opts)
        s->opts = *opts;
    s->loop = loop;
    s->fn = fn;
    s->arg = arg;
    s->prefix_until = INT64_MIN;
    gy_list_init(&s->conns);
    gy_list_init(&s->acceptors);
    fill_in(s);
    if (name_is_good(s->opts.server_name) && parse_trusted(s) == 0)
        return s;
    gy_http_server_free(s);
    return NULL;
}

int gy_http_server_listen(gy_http_server *s, int fd)
{
    struct gy__acceptor *a = gy__alloc(sizeof *a);
    if (!a) {
        close(fd);
        return GY_ENOMEM;
    }
    int e = gy__acceptor_open(a, s->loop, fd, s->opts.accept_batch, on_accept, s);
    if (e)
        gy__free(a);
    else
        gy_list_add(&s->acceptors, &a->link);
    return e;
}

static void close_acceptor(struct gy__acceptor *a, bool last)
{
    gy_list_del(&a->link);
    gy__acceptor_close(a, last);
    gy__free(a);
}

static void close_acceptors(gy_http_server *s, bool last)
{
    gy_list_each_safe (it, &s->acceptors)
        close_acceptor(gy_of(it, struct gy__acceptor, link), last);
}

/* -- Draining ------------------------------------------------------------------------------------ */

static void close_idle(void *arg)
{
    gy_http_server *s = arg;
    bool ended = s->ended;
    gy_list_each_safe (it, &s->conns) {
        struct gy__conn *c = gy_of(it, struct gy__conn, link);
        if (!c->work && !ended)
            conn_close(c);
    }
}

static void end_arrivals(void *arg)
{
    gy_http_server *s = arg;
    close_acceptors(s, true);
    gy_timer_set(s->loop, &s->last_call, LAST_CALL, close_idle, s);
    end_drain(s);
}

/* True when some may still arrive. */
static bool refuse_arrivals(gy_http_server *s)
{
    gy_list_each_safe (it, &s->acceptors) {
        struct gy__acceptor *a = gy_of(it, struct gy__acceptor, link);
        if (!gy__socket_deafen(a->io.fd))
            close_acceptor(a, true);
    }
    return !gy_list_empty(&s->acceptors);
}

static void cut_off(gy_http_server *s)
{
    gy_list_each_safe (it, &s->conns) {
        struct gy__conn *c = gy_of(it, struct gy__conn, link);
        c->cut = c->close = true;
        if (c->work)
            gy__task_cancel_with(&c->work->task, GY_ESHUTDOWN);
        else
            conn_close(c);
    }
}

static void grace_is_over(void *arg)
{
    gy_http_server *s = arg;
    if (s->active)
        gy_log(GY_LOG_GENERAL, GY_LOG_WARNING,
               "%zu requests were cut off: their time to finish has run out", s->active);
    close_acceptors(s, true);
    cut_off(s);
    end_drain(s);
}

void gy_http_server_drain(gy_http_server *s, double grace, gy_callback *done, void *arg)
{
    if (s->draining)
        return;
    s->done = done;
    s->done_arg = arg;
    bool arrivals = refuse_arrivals(s);
    double next = arrivals ? LAST_ARRIVALS : LAST_CALL;
    s->draining = true;
    if (!s->open && !arrivals) {
        end_drain(s);
        return;
    }
    gy_timer_set(s->loop, &s->grace, grace, grace_is_over, s);
    gy_timer_set(s->loop, &s->last_call, grace < next ? grace : next,
                 arrivals ? end_arrivals : close_idle, s);
}

void gy_http_server_free(gy_http_server *s)
{
    if (!s)
        return;
    s->draining = s->ended = true;
    close_acceptors(s, false);
    cut_off(s);
    while (s->open)
        if (gy_loop_turn(s->loop, -1))
            break;
    gy_timer_cancel(s->loop, &s->last_call);
    gy_timer_cancel(s->loop, &s->grace);
    gy__work_pools_done(s);
    if (s->on_free)
        s->on_free(s->on_free_arg);
    gy__free(s->trusted);
    gy__free(s);
}

void gy__http_server_on_free(gy_http_server *s, gy_callback *fn, void *arg)
{
    s->on_free = fn;
    s->on_free_arg = arg;
}

void gy_http_server_stats(const gy_http_server *s, gy_http_stats *out)
{
    *out = s->stats;
    out->open = s->open;
    out->active = s->active;
}
