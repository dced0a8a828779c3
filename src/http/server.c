/* SPDX-License-Identifier: MIT */
/* server.c - a server: its options, the sockets it listens on, its end. */

#include <assert.h>
#include <gyre/error.h>
#include <gyre/log.h>
#include <unistd.h>

#include "base/alloc.h"
#include "http/connection.h"
#include "http/message.h"
#include "loop/state.h"

#define MIB ((size_t)1024 * 1024)

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
    s->trusted.items = gy__alloc(n * sizeof *s->trusted.items);
    if (!s->trusted.items)
        return GY_ENOMEM;
    for (s->trusted.len = 0; s->trusted.len < n; s->trusted.len++) {
        const char *text = t[s->trusted.len];
        if (gy__cidr_parse(gy_str_of(text), &s->trusted.items[s->trusted.len])) {
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
    int e = gy__acceptor_open(a, s->loop, fd, s->opts.accept_batch, gy__conn_accept, s);
    if (e)
        gy__free(a);
    else
        gy_list_add(&s->acceptors, &a->link);
    return e;
}

void gy_http_server_free(gy_http_server *s)
{
    if (!s)
        return;
    assert(!s->open || !gy_task_self()); /* a task cannot turn the loop for the others to end */
    s->draining = s->ended = true;
    gy__acceptors_close(s, false);
    gy__drain_cut_off(s);
    while (s->open)
        if (gy_loop_turn(s->loop, -1))
            break;
    gy_timer_cancel(s->loop, &s->last_call);
    gy_timer_cancel(s->loop, &s->grace);
    gy__work_pools_done(s);
    if (s->on_free)
        s->on_free(s->on_free_arg);
    gy__free(s->trusted.items);
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
