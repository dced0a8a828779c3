/* SPDX-License-Identifier: MIT */
/* drain.c - a server that stops: nothing that was accepted is dropped. */

#include <gyre/error.h>
#include <gyre/log.h>

#include "base/alloc.h"
#include "http/connection.h"
#include "loop/state.h"
#include "net/socket.h"

/* While a server drains, idle connections may still send a request that was under way. */
#define LAST_CALL 0.5 /* seconds */

/* Before that, handshakes that were under way end in the queue of a listening socket. */
#define LAST_ARRIVALS 0.1

void gy__drain_check(gy_http_server *s)
{
    if (!s->draining || s->open || s->ended || !gy_list_empty(&s->acceptors))
        return;
    s->ended = true;
    gy_timer_cancel(s->loop, &s->last_call);
    gy_timer_cancel(s->loop, &s->grace);
    if (s->done)
        s->done(s->done_arg);
}

static void close_acceptor(struct gy__acceptor *a, bool last)
{
    gy_list_del(&a->link);
    gy__acceptor_close(a, last);
    gy__free(a);
}

void gy__acceptors_close(gy_http_server *s, bool last)
{
    gy_list_each_safe (it, &s->acceptors)
        close_acceptor(gy_of(it, struct gy__acceptor, link), last);
}

/* [fn] may close its connection. With the last of them the drain ends, and s may be gone then. */
static void each_conn(gy_http_server *s, void (*fn)(struct gy__conn *c))
{
    gy_list *at = s->conns.next;
    for (size_t n = s->open; n > 0; n--) {
        struct gy__conn *c = gy_of(at, struct gy__conn, link);
        at = at->next;
        fn(c);
    }
}

static void close_if_idle(struct gy__conn *c)
{
    if (!c->work)
        gy__conn_close(c);
}

static void close_idle(void *arg)
{
    each_conn(arg, close_if_idle);
}

static void end_arrivals(void *arg)
{
    gy_http_server *s = arg;
    gy__acceptors_close(s, true);
    gy_timer_set(s->loop, &s->last_call, LAST_CALL, close_idle, s);
    gy__drain_check(s);
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

static void cut_off(struct gy__conn *c)
{
    c->cut = c->close = true;
    if (c->work)
        gy__task_cancel_with(&c->work->task, GY_ESHUTDOWN);
    else
        gy__conn_close(c);
}

void gy__drain_cut_off(gy_http_server *s)
{
    each_conn(s, cut_off);
}

static void grace_is_over(void *arg)
{
    gy_http_server *s = arg;
    if (s->active)
        gy_log(GY_LOG_GENERAL, GY_LOG_WARNING,
               "%zu requests were cut off: their time to finish has run out", s->active);
    gy__acceptors_close(s, true);
    /* The last connection to close tells that the drain has ended, and s may be gone then. */
    if (s->open)
        gy__drain_cut_off(s);
    else
        gy__drain_check(s);
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
        gy__drain_check(s);
        return;
    }
    gy_timer_set(s->loop, &s->grace, grace, grace_is_over, s);
    gy_timer_set(s->loop, &s->last_call, grace < next ? grace : next,
                 arrivals ? end_arrivals : close_idle, s);
}
