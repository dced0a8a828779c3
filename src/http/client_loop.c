/* SPDX-License-Identifier: MIT */
/* client_loop.c - clients: making and ending them, and the one each loop has. */

#include <errno.h>
#include <gyre/error.h>
#include <gyre/tls.h>

#include "base/alloc.h"
#include "http/client.h"
#include "loop/state.h"
#include "loop/task.h"
#include "loop/timer.h"
#include "loop/wait.h"
#include "net/stream.h"

enum { MAX_CONNECTIONS = 1000, MAX_PER_HOST = 100, IDLE_TIME = 60 };

static gy_client *client_new(gy_loop *loop, const gy_client_opts *opts)
{
    gy_client *c = gy__zalloc(sizeof *c);
    if (!c)
        return NULL;
    c->loop = loop;
    if (opts)
        c->opts = *opts;
    if (!c->opts.max_connections)
        c->opts.max_connections = MAX_CONNECTIONS;
    if (!c->opts.max_per_host)
        c->opts.max_per_host = MAX_PER_HOST;
    if (gy__proxy_env_new(&c->env)) {
        gy__free(c);
        return NULL;
    }
    c->idle_ns = gy__seconds(c->opts.idle_time > 0 ? c->opts.idle_time : IDLE_TIME);
    gy_list_init(&c->idle);
    gy_list_init(&c->waiting);
    gy_list_init(&c->fetches);
    gy_list_init(&c->digests);
    return c;
}

gy_client *gy_client_new(const gy_client_opts *opts)
{
    gy_loop *loop = gy_loop_current();
    if (!loop)
        return errno = EINVAL, NULL;
    gy_client *c = client_new(loop, opts);
    int e = !c ? GY_ENOMEM : c->opts.engine == GY_ENGINE_CURL ? gy__curl_new(c) : 0;
    if (!e)
        return c;
    gy_client_free(c);
    return errno = -e, NULL;
}

static void free_when_left(gy_client *c)
{
    if (!c->ended || !gy_list_empty(&c->fetches))
        return;
    gy__peers_unwatch(c);
    gy_tls_free(c->tls);
    gy__free(c->env);
    gy__curl_free(c);
    gy__client_forget_digests(c);
    gy__map_done(&c->places);
    gy__free(c);
}

/* All its waits end, also the next ones; those that it is shielded from only where they are ours. */
static void end_fetch(struct gy__fetch *f)
{
    gy__deadline_pass(&f->deadline);
    if (f->peer && f->peer->stream)
        gy__io_unwatch(f->client->loop, &f->peer->stream->t->io);
}

void gy_client_free(gy_client *c)
{
    if (!c)
        return;
    c->ended = true;
    gy__peers_end(c);
    gy_list_each (it, &c->fetches)
        end_fetch(gy_of(it, struct gy__fetch, link));
    free_when_left(c);
}

void gy__client_enter(gy_client *c, struct gy__fetch *f)
{
    f->client = c;
    f->task = gy__self();
    gy_list_add(&c->fetches, &f->link);
}

void gy__client_leave(struct gy__fetch *f)
{
    gy_list_del(&f->link);
    free_when_left(f->client);
}

/* -- The one that is always there ---------------------------------------------------------------- */

struct always {
    struct gy__loop_end end;
    gy_client *client;
};

static void end_always(struct gy__loop_end *e)
{
    struct always *a = gy_of(e, struct always, end);
    gy_client_free(a->client);
    gy__free(a);
}

gy_client *gy__client_of(gy_loop *loop)
{
    for (struct gy__loop_end *e = loop->ends; e; e = e->next)
        if (e->fn == end_always)
            return gy_of(e, struct always, end)->client;
    struct always *a = gy__alloc(sizeof *a);
    if (!a)
        return NULL;
    a->client = client_new(loop, NULL);
    if (!a->client) {
        gy__free(a);
        return NULL;
    }
    a->end = (struct gy__loop_end){.next = loop->ends, .fn = end_always};
    loop->ends = &a->end;
    return a->client;
}
