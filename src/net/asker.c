/* SPDX-License-Identifier: MIT */
/* asker.c - names asked of the engine: each once at a time, and what it said is kept for a while. */
#include "net/asker.h"

#include <gyre/error.h>
#include <gyre/future.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "loop/state.h"
#include "loop/task.h"
#include "net/lookup.h"
#include "net/resolver_ares.h"

enum { CACHE_SIZE = 1024, KEEP = 60, KEEP_TOLD = 24 * 3600, KEEP_MISS = 5 };

/* A look-up under way, in a task of its own: those who wait for it come and go. */
struct flight {
    gy_task task;
    gy_list link;
    struct gy__asker *asker; /* NULL: it is gone */
    gy_pool *pool;
    int64_t until; /* ns: then it is given up, by those who wait: it keeps no loop turning */
    unsigned users;
    bool landed;
    char key[GY__KEY_ROOM];
    struct gy__query query;
};

void gy__targets_set(struct gy__targets *t, const struct gy__inet *ips, size_t count)
{
    t->count = count < t->max ? count : t->max;
    memcpy(t->ips, ips, t->count * sizeof *ips);
}

static double or_else(double seconds, double otherwise)
{
    return seconds == 0 ? otherwise : seconds;
}

int gy__asker_init(struct gy__asker *a, const gy_resolver_opts *opts)
{
    bool told = opts->engine == GY_RESOLVER_CARES;
    *a = (struct gy__asker){.keep = or_else(opts->cache_time, told ? KEEP_TOLD : KEEP),
                            .keep_miss = or_else(opts->cache_miss_time, KEEP_MISS),
                            .timeout = opts->timeout > 0 ? opts->timeout : 20,
                            .pool = opts->pool};
    gy__resolver_cache_init(&a->cache, opts->cache_size ? opts->cache_size : CACHE_SIZE);
    gy_list_init(&a->flights);
    if (opts->engine != GY_RESOLVER_SYSTEM && !told)
        return GY_EINVAL;
    return told ? gy__ares_new(&opts->cares, &a->ares) : 0;
}

void gy__asker_done(struct gy__asker *a)
{
    gy_list_each_safe (it, &a->flights) {
        struct flight *f = gy_of(it, struct flight, link);
        gy_list_del(it);
        f->asker = NULL;
        gy__task_cancel_with(&f->task, GY_ESHUTDOWN);
    }
    gy__ares_free(a->ares);
    gy__resolver_cache_flush(&a->cache);
}

/* That there is no such name is an answer too; that nobody answered is not. */
static void keep(struct gy__asker *a, const char *key, int result, const struct gy__query *q)
{
    double seconds = result == GY_ENOTFOUND ? a->keep_miss : a->keep;
    if (!result && q->ttl >= 0 && q->ttl < seconds)
        seconds = q->ttl;
    if ((result == 0 || result == GY_ENOTFOUND) && seconds > 0)
        gy__resolver_cache_put(&a->cache, key, q->ips, result ? 0 : (size_t)q->count,
                               gy__deadline_in(gy__clock_now(), seconds));
}

static void set_query(struct gy__query *q, const char *key)
{
    q->family = *key == '4' ? AF_INET : *key == '6' ? AF_INET6 : 0;
    q->count = 0;
    q->ttl = -1;
    memcpy(q->name, key + 1, strlen(key));
}

static int fly(void *arg)
{
    struct flight *f = arg;
    /* With a copy: who is out of time leaves the thread behind, which may take a minute more. */
    gy_offload_opts opts = {.pool = f->pool, .size = sizeof f->query};
    if (!f->asker)
        return GY_ESHUTDOWN;
    if (f->asker->ares)
        return gy__ares_ask(f->asker->ares, &f->query);
    return gy__lookup_source.in_task ? gy__lookup_source.fn(&f->query)
                                     : gy_offload(gy__lookup_source.fn, &f->query, &opts);
}

/* How many wait; without anybody the engine need not look at the clock. */
static void count_waiting(struct gy__asker *a, int more)
{
    a->waiting += more;
    if (a->ares)
        gy__ares_want(a->ares, a->waiting > 0);
}

/* It is no longer one that others may join. */
static void detach(struct flight *f)
{
    if (!f->asker)
        return;
    gy_list_del(&f->link);
    count_waiting(f->asker, -(int)f->users);
    f->asker = NULL;
}

/* Whoever comes last frees it. */
static void release(struct flight *f)
{
    if (f->landed && f->users == 0)
        gy__free(f);
}

static void land(gy_task *t)
{
    struct flight *f = gy_of(t, struct flight, task);
    f->landed = true;
    if (f->asker)
        keep(f->asker, f->key, t->result, &f->query);
    detach(f);
    release(f);
}

static struct flight *take_off(struct gy__asker *a, gy_loop *loop, const char *key)
{
    struct flight *f = gy__zalloc(sizeof *f);
    if (!f)
        return NULL;
    f->asker = a;
    f->pool = a->pool;
    f->until = gy__deadline_in(gy__clock_now(), a->timeout);
    memcpy(f->key, key, strlen(key));
    set_query(&f->query, key);
    gy_list_add(&a->flights, &f->link);
    gy__task_init(&f->task, loop, fly, f, "look-up of a name");
    /* It is nobody's: not the first one's request, and no reason for a loop to turn. */
    gy__locals_drop(f->task.locals);
    f->task.locals = NULL;
    f->task.background = true;
    f->task.on_end = land;
    gy__task_start(&f->task);
    return f;
}

static struct flight *find_flight(const struct gy__asker *a, const char *key)
{
    gy_list_each (it, &a->flights) {
        struct flight *f = gy_of(it, struct flight, link);
        if (strcmp(f->key, key) == 0)
            return f;
    }
    return NULL;
}

/* What it still finds out is of no use. */
static void give_up(struct flight *f)
{
    detach(f);
    gy__task_cancel_with(&f->task, GY_ETIMEDOUT);
}

static double seconds_until(int64_t until)
{
    int64_t left = until - gy__clock_now();
    return until == INT64_MAX ? GY_FOREVER : left > 0 ? (double)left / 1e9 : 0;
}

static int wait_for(struct flight *f, int64_t until, struct gy__targets *out)
{
    f->users++;
    count_waiting(f->asker, 1);
    int e = gy_future_wait(gy_task_future(&f->task),
                           seconds_until(until < f->until ? until : f->until));
    if (!e)
        gy__targets_set(out, f->query.ips, (size_t)f->query.count);
    if (e == GY_ETIMEDOUT && !f->landed && gy__clock_now() >= f->until)
        give_up(f);
    else if (f->asker)
        count_waiting(f->asker, -1);
    f->users--;
    release(f);
    return e;
}

static int ask_in_task(struct gy__asker *a, const char *key, int64_t until, struct gy__targets *out)
{
    struct flight *f = find_flight(a, key);
    if (f && gy__clock_now() >= f->until) {
        give_up(f);
        f = NULL;
    }
    if (!f)
        f = take_off(a, gy__self()->loop, key);
    return f ? wait_for(f, until, out) : GY_ENOMEM;
}

static int ask_here(struct gy__asker *a, const char *key, struct gy__targets *out)
{
    struct gy__query q;
    set_query(&q, key);
    int e = a && a->ares ? gy__ares_ask_here(a->ares, &q) : gy__lookup_source.fn(&q);
    if (a)
        keep(a, key, e, &q);
    if (!e)
        gy__targets_set(out, q.ips, (size_t)q.count);
    return e;
}

int gy__asker_ask(struct gy__asker *a, const char *key, int64_t until, struct gy__targets *out)
{
    const struct gy__answer *known =
        a ? gy__resolver_cache_find(&a->cache, key, gy__clock_now()) : NULL;
    if (known)
        gy__targets_set(out, known->ips, known->count);
    if (known)
        return known->count ? 0 : GY_ENOTFOUND;
    return a && gy__self() ? ask_in_task(a, key, until, out) : ask_here(a, key, out);
}
