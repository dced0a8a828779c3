/* SPDX-License-Identifier: MIT */
/* udp_serve.c - a task for each datagram of a socket. */
#include <gyre/error.h>
#include <gyre/log.h>
#include <string.h>

#include "base/alloc.h"
#include "loop/state.h"
#include "loop/task.h"
#include "loop/wait.h"
#include "net/udp.h"

enum { LIMIT = 100, LARGEST = 64 * 1024 };

struct server {
    gy_udp *udp;
    gy_udp_handler *fn;
    void *arg;
    gy_task *task;
    bool waits; /* for one of them to end */
    size_t limit, running;
    gy_list all;
    char buf[];
};

struct packet {
    gy_list link;
    gy_task task;
    struct server *server;
    char from[GY_ADDRESS_MAX];
    size_t len;
    char data[]; /* and a NUL */
};

static int handle(void *arg)
{
    struct packet *p = arg;
    struct server *s = p->server;
    return s->fn(s->udp, gy_str_n(p->data, p->len), p->from, s->arg);
}

static void end(gy_task *t)
{
    struct packet *p = gy_of(t, struct packet, task);
    struct server *s = p->server;
    gy_list_del(&p->link);
    s->running--;
    if (s->waits)
        gy__wake(s->task, 0);
    gy__free(p);
}

/* Without memory it is lost, as datagrams may be. */
static void start(struct server *s, size_t len, const char *from)
{
    struct packet *p = gy__alloc(sizeof *p + len + 1);
    if (!p) {
        gy_log(GY_LOG_GENERAL, GY_LOG_ERROR, "a datagram was dropped: out of memory");
        return;
    }
    p->server = s;
    p->len = len;
    memcpy(p->from, from, sizeof p->from);
    memcpy(p->data, s->buf, len);
    p->data[len] = 0;
    gy__task_init(&p->task, s->task->loop, handle, p, "datagram");
    p->task.on_end = end;
    gy_list_add(&s->all, &p->link);
    s->running++;
    gy__task_start(&p->task);
}

static int wait_for_place(struct server *s)
{
    int e = 0;
    s->waits = true;
    while (!e && s->running >= s->limit)
        e = gy__park("a datagram to be dealt with", INT64_MAX);
    s->waits = false;
    return e;
}

static int serve_next(struct server *s)
{
    char from[GY_ADDRESS_MAX];
    int e = wait_for_place(s);
    if (e)
        return e;
    ssize_t n = gy_udp_recv(s->udp, s->buf, LARGEST, GY_FOREVER, from);
    /* Troubles of one datagram. */
    if (n == GY_ETOOBIG || n == -ECONNREFUSED)
        return 0;
    if (n < 0)
        return (int)n;
    start(s, (size_t)n, from);
    return 0;
}

static void end_all(struct server *s, int code)
{
    if (code != GY_ECLOSED)
        gy_list_each (it, &s->all)
            gy__task_cancel_with(&gy_of(it, struct packet, link)->task, code);
    s->waits = true;
    while (s->running)
        gy__park_masked("datagrams to be dealt with");
}

int gy_udp_serve(gy_udp *u, size_t limit, gy_udp_handler *fn, void *arg)
{
    gy_task *self = gy__self();
    if (!self)
        return GY_ENOTASK;
    struct server *s = gy__alloc(sizeof *s + LARGEST);
    if (!s)
        return GY_ENOMEM;
    *s = (struct server){
        .udp = u, .fn = fn, .arg = arg, .task = self, .limit = limit ? limit : LIMIT};
    gy_list_init(&s->all);
    gy__udp_hold(u);
    int e;
    do
        e = serve_next(s);
    while (!e);
    end_all(s, e);
    gy__udp_release(u);
    gy__free(s);
    return e;
}
