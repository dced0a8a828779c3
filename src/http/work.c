/* SPDX-License-Identifier: MIT */
/* work.c - pools of what a connection needs only while requests are under way, and its output. */

#include <gyre/error.h>
#include <stdint.h>

#include "base/alloc.h"
#include "http/connection.h"

enum { SLAB = 16, PAGE = 4096 };

static int add_slab(gy_http_server *s)
{
    if (s->slab_count == s->slab_capacity) {
        size_t capacity = s->slab_capacity ? 2 * s->slab_capacity : 16;
        void **slabs = gy__realloc(s->slabs, capacity * sizeof *slabs);
        if (!slabs)
            return GY_ENOMEM;
        s->slabs = slabs;
        s->slab_capacity = capacity;
    }
    char *slab = gy__alloc(SLAB * GY__WORK_SIZE + PAGE);
    if (!slab)
        return GY_ENOMEM;
    s->slabs[s->slab_count++] = slab;
    char *first = (char *)(((uintptr_t)slab + PAGE - 1) & ~(uintptr_t)(PAGE - 1));
    for (size_t i = SLAB; i-- > 0;) {
        struct gy__work *w = (void *)(first + i * GY__WORK_SIZE);
        w->next = s->pool;
        s->pool = w;
    }
    return 0;
}

struct gy__work *gy__work_take(gy_http_server *s)
{
    if (!s->pool && add_slab(s))
        return NULL;
    struct gy__work *w = s->pool;
    s->pool = w->next;
    w->out = NULL;
    w->out_len = 0;
    w->in = w->in_first;
    w->in_at = w->in_len = 0;
    w->in_cap = GY__WORK_SIZE - offsetof(struct gy__work, in_first) - GY__PARSE_PADDING;
    w->in_grown = NULL;
    w->fields_grown = NULL;
    w->detached = NULL;
    w->in_handler = false;
    return w;
}

static void out_release(gy_http_server *s, struct gy__work *w)
{
    if (!w->out)
        return;
    *(char **)(void *)w->out = s->out_pool;
    s->out_pool = w->out;
    w->out = NULL;
    w->out_len = 0;
}

void gy__work_release(gy_http_server *s, struct gy__work *w)
{
    out_release(s, w);
    gy__free(w->in_grown);
    gy__free(w->fields_grown);
    w->next = s->pool;
    s->pool = w;
}

void gy__work_pools_done(gy_http_server *s)
{
    while (s->out_pool) {
        char *next = *(char **)(void *)s->out_pool;
        gy__free(s->out_pool);
        s->out_pool = next;
    }
    for (size_t i = 0; i < s->slab_count; i++)
        gy__free(s->slabs[i]);
    gy__free(s->slabs);
}

int gy__in_grow(struct gy__work *w)
{
    enum { BODY_ROOM = 16 * 1024 };
    size_t cap = w->conn->server->opts.max_head + BODY_ROOM;
    if (w->in_grown)
        return 0;
    if (cap < w->in_cap)
        cap = w->in_cap;
    w->in_grown = gy__alloc(cap + GY__PARSE_PADDING);
    if (!w->in_grown)
        return GY_ENOMEM;
    memcpy(w->in_grown, w->in, w->in_len);
    w->in = w->in_grown;
    w->in_cap = cap;
    return 0;
}

int gy__out_need(struct gy__work *w, size_t more)
{
    gy_http_server *s = w->conn->server;
    if (w->out && GY__OUT_SIZE - w->out_len >= more)
        return 0;
    if (more > GY__OUT_SIZE)
        return GY_ETOOBIG;
    if (w->out_len) {
        int e = gy__out_flush(w);
        if (e)
            return e;
    }
    if (!w->out && s->out_pool) {
        w->out = s->out_pool;
        s->out_pool = *(char **)(void *)w->out;
    }
    if (!w->out)
        w->out = gy__alloc(GY__OUT_SIZE);
    return w->out ? 0 : GY_ENOMEM;
}

int gy__out_flush_with(struct gy__work *w, const struct iovec *more, int count)
{
    struct iovec all[8];
    int n = 0;
    if (w->out_len)
        all[n++] = (struct iovec){.iov_base = w->out, .iov_len = w->out_len};
    for (int i = 0; i < count && n < 8; i++)
        if (more[i].iov_len)
            all[n++] = more[i];
    if (n == 0)
        return 0;
    /* The bytes are the writer's now: a wait must not send them a second time. */
    w->task.on_park = NULL;
    int e = gy__transport_write(w->conn->t, all, n, w->conn->server->write_ns);
    w->task.on_park = gy__out_before_park;
    out_release(w->conn->server, w);
    /* Half of an answer may have gone: nothing can follow it. */
    if (e)
        w->conn->cut = true;
    if (e == GY_ETIMEDOUT)
        gy__transport_drop_unsent(w->conn->t);
    return e;
}

int gy__out_flush(struct gy__work *w)
{
    return gy__out_flush_with(w, NULL, 0);
}

/* Whether all of it has gone. What has not meets the next flush, and trouble is told there. */
static bool try_out(struct gy__work *w)
{
    struct iovec all = {.iov_base = w->out, .iov_len = w->out_len};
    ssize_t n = w->conn->t->ops->writev(w->conn->t, &all, 1);
    if (n < 0)
        return false;
    w->out_len -= (size_t)n;
    memmove(w->out, w->out + n, w->out_len);
    return w->out_len == 0;
}

void gy__out_before_park(gy_task *t)
{
    struct gy__work *w = gy_of(t, struct gy__work, task);
    if (w->out_len && try_out(w))
        out_release(w->conn->server, w);
    gy__client_look(w);
}
