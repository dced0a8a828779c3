/* SPDX-License-Identifier: MIT */
/* client_pool.c - connections by place: kept, counted, and handed out first come first served. */

#include <gyre/error.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "http/client.h"
#include "loop/state.h"
#include "loop/timer.h"
#include "net/stream.h"

/* Somebody in a line. */
struct turn {
    struct gy__waiter w; /* what: the connection it was given, or NULL: it may make one */
    uint64_t ticket;
};

static struct turn *turn_of(struct gy__waiter *w)
{
    return gy_of(w, struct turn, w);
}

/* -- Places -------------------------------------------------------------------------------------- */

static struct gy__place *find_place(gy_client *c, gy_str key, gy_tls *tls)
{
    struct gy__place *p = gy__map_find(&c->places, key);
    if (p)
        return p;
    p = gy__zalloc(sizeof *p + key.len + 1);
    if (!p)
        return NULL;
    memcpy(p + 1, key.ptr, key.len);
    p->key = gy_str_n((const char *)(p + 1), key.len);
    p->tls = gy__tls_ref(tls);
    gy_list_init(&p->idle);
    gy_list_init(&p->waiting);
    if (gy__map_insert(&c->places, p->key, p, NULL)) {
        gy_tls_free(p->tls);
        gy__free(p);
        return NULL;
    }
    return p;
}

/* Nobody there any more: it goes. */
static void settle_place(gy_client *c, struct gy__place *p)
{
    if (!p->line.first)
        gy_list_del(&p->waiting);
    if (p->count || p->line.first)
        return;
    gy__map_remove(&c->places, p->key);
    gy_tls_free(p->tls);
    gy__free(p);
}

static bool has_room(const gy_client *c, const struct gy__place *p)
{
    return p->count < c->opts.max_per_host;
}

/* -- Connections --------------------------------------------------------------------------------- */

void gy__peer_disconnect(struct gy__peer *p)
{
    gy_stream_close(p->stream);
    p->stream = NULL;
    p->in_at = p->in_len = 0;
}

static void free_peer(struct gy__peer *p)
{
    gy__peer_disconnect(p);
    gy_list_del(&p->link);
    gy_list_del(&p->aged);
    gy__buf_done(&p->out);
    gy__free(p->in);
    gy__free(p);
}

/* Without a word to those in line. */
static void discard(struct gy__peer *p)
{
    gy_client *c = p->client;
    struct gy__place *place = p->place;
    free_peer(p);
    c->count--;
    place->count--;
    settle_place(c, place);
}

static struct gy__peer *oldest_idle(const gy_client *c)
{
    gy_list *first = gy_list_first(&c->idle);
    return first ? gy_of(first, struct gy__peer, aged) : NULL;
}

static void watch_idle(gy_client *c, int64_t since);

static void expire(void *client)
{
    gy_client *c = client;
    int64_t now = gy__clock_now();
    struct gy__peer *p;
    c->loop->timers_aside--;
    while ((p = oldest_idle(c)) && now - p->since >= c->idle_ns)
        discard(p);
    if (p)
        watch_idle(c, p->since);
}

/* Left alone when it is set: it then looks for the next. */
static void watch_idle(gy_client *c, int64_t since)
{
    int64_t at = since < INT64_MAX - c->idle_ns ? since + c->idle_ns : INT64_MAX;
    if (gy_timer_is_set(&c->idle_timer))
        return;
    gy__timer_at(c->loop, &c->idle_timer, at, expire, c);
    c->loop->timers_aside++; /* a program does not last for a connection that nobody uses */
}

void gy__peers_unwatch(gy_client *c)
{
    if (gy_timer_cancel(c->loop, &c->idle_timer))
        c->loop->timers_aside--;
}

/* It need not be told about what it has shown already. */
static void idle_event(struct gy__io *io, unsigned events)
{
    struct gy__peer *p = gy_of(io, struct gy__transport, io)->owner;
    if (events & (GY__HUP | GY__ERR | GY__GONE))
        gy__peer_close(p);
}

/* A long body has made it large; a thousand idle ones need none of that. */
static void drop_buffer(struct gy__peer *p)
{
    if (p->in_cap <= GY__CLIENT_IN)
        return;
    gy__free(p->in);
    p->in = NULL;
    p->in_at = p->in_len = p->in_cap = 0;
}

static void set_idle(struct gy__peer *p, bool idle)
{
    struct gy__transport *t = p->stream->t;
    t->owner = idle ? p : NULL;
    t->io.on_event = idle ? idle_event : NULL;
}

/* Bytes that nobody asked for, or the end: such a connection is of no use (C2). */
static bool is_quiet(struct gy__peer *p)
{
    struct gy__transport *t = p->stream->t;
    char byte;
    if (p->in_at < p->in_len || (t->io.ready & (GY__ERR | GY__GONE)))
        return false;
    return !(t->io.ready & (GY__IN | GY__HUP)) || gy__transport_try_read(t, &byte, 1) == -EAGAIN;
}

/* Lost with its connection, it would not be asked again. */
static bool is_once(const struct gy__fetch *f)
{
    bool streamed = f->with_body && f->o.read_body && !f->form;
    return streamed || !gy__method_is_idempotent(f->verb);
}

/* With [look] the socket is asked also where the poller has said nothing: it may not have been its turn. */
static struct gy__peer *take_idle(gy_client *c, struct gy__place *place, bool look)
{
    gy_list *first;
    while ((first = gy_list_first(&place->idle))) {
        struct gy__peer *p = gy_of(first, struct gy__peer, link);
        gy_list_del(&p->link);
        gy_list_del(&p->aged);
        set_idle(p, false);
        if (look)
            p->stream->t->io.ready |= GY__IN;
        if (is_quiet(p))
            return p;
        free_peer(p);
        c->count--;
        place->count--;
    }
    return NULL;
}

/* -- Lines --------------------------------------------------------------------------------------- */

static void serve(gy_client *c, struct gy__place *place, struct gy__peer *p)
{
    struct gy__waiter *w = place->line.first;
    w->what = p;
    gy__waiter_serve(w, 0);
    if (!place->line.first)
        gy_list_del(&place->waiting);
    if (!p) {
        place->count++;
        c->count++;
    }
}

/* The place with room whose first in line came before all others. */
static struct gy__place *next_place(const gy_client *c)
{
    struct gy__place *next = NULL;
    gy_list_each (it, &c->waiting) {
        struct gy__place *p = gy_of(it, struct gy__place, waiting);
        if (!has_room(c, p) || !p->line.first)
            continue;
        if (!next || turn_of(p->line.first)->ticket < turn_of(next->line.first)->ticket)
            next = p;
    }
    return next;
}

/* Let as many begin as may. */
static void serve_line(gy_client *c)
{
    struct gy__place *next;
    while (!c->ended && (next = next_place(c))) {
        struct gy__peer *old = oldest_idle(c);
        if (c->count >= c->opts.max_connections && !old)
            return;
        if (c->count >= c->opts.max_connections)
            discard(old);
        serve(c, next, NULL);
    }
}

void gy__peer_close(struct gy__peer *p)
{
    gy_client *c = p->client;
    discard(p);
    if (!gy_list_empty(&c->waiting))
        serve_line(c);
}

/* Somebody came before those in line here, and only the count of all connections holds him up. */
static bool owed_elsewhere(const gy_client *c, const struct gy__place *place)
{
    const struct gy__place *next = next_place(c);
    if (!next || next == place || c->count < c->opts.max_connections)
        return false;
    return !place->line.first ||
           turn_of(next->line.first)->ticket < turn_of(place->line.first)->ticket;
}

void gy__peer_keep(struct gy__peer *p)
{
    gy_client *c = p->client;
    struct gy__place *place = p->place;
    bool waited_for = !gy_list_empty(&c->waiting);
    if (c->ended || !is_quiet(p) || (waited_for && owed_elsewhere(c, place))) {
        gy__peer_close(p);
        return;
    }
    p->reused = true;
    if (place->line.first) {
        serve(c, place, p);
        return;
    }
    drop_buffer(p);
    p->since = c->loop->now;
    watch_idle(c, p->since);
    gy_list_add_front(&place->idle, &p->link);
    gy_list_add(&c->idle, &p->aged);
    set_idle(p, true);
}

static int wait_in_line(struct gy__fetch *f, struct gy__place *place)
{
    gy_client *c = f->client;
    struct turn t = {.ticket = c->tickets++};
    if (!place->line.first)
        gy_list_add(&c->waiting, &place->waiting);
    int e = gy__waiters_wait_until(&place->line, &t.w, f->until, "a connection");
    f->times.queued = gy__clock_now();
    f->peer = t.w.served ? t.w.what : NULL;
    /* Who was turned away was taken out of the place by whoever did it. */
    if (!t.w.served)
        settle_place(c, place);
    return e;
}

static int new_peer(gy_client *c, struct gy__place *place, struct gy__peer **out)
{
    struct gy__peer *p = gy__zalloc(sizeof *p);
    if (!p) {
        c->count--;
        place->count--;
        settle_place(c, place);
        serve_line(c);
        return GY_ENOMEM;
    }
    p->client = c;
    p->place = place;
    gy_list_init(&p->link);
    gy_list_init(&p->aged);
    gy__buf_init(&p->out, SIZE_MAX / 2);
    *out = p;
    return 0;
}

int gy__peer_take(struct gy__fetch *f, gy_str key)
{
    gy_client *c = f->client;
    struct gy__peer *old;
    struct gy__place *place = find_place(c, key, f->o.tls);
    if (!place)
        return GY_ENOMEM;
    if ((f->peer = take_idle(c, place, is_once(f))))
        return 0;
    if (!gy_list_empty(&c->waiting))
        serve_line(c); /* what was dead has left its room to them */
    while (c->count >= c->opts.max_connections && has_room(c, place) && !place->line.first &&
           (old = oldest_idle(c)))
        discard(old);
    if (c->count >= c->opts.max_connections || !has_room(c, place) || place->line.first) {
        int e = wait_in_line(f, place);
        if (e || f->peer)
            return e;
    } else {
        place->count++;
        c->count++;
    }
    return new_peer(c, place, &f->peer);
}

void gy__peers_end(gy_client *c)
{
    struct gy__peer *p;
    while ((p = oldest_idle(c)))
        discard(p);
    while (!gy_list_empty(&c->waiting)) {
        struct gy__place *place = gy_of(c->waiting.next, struct gy__place, waiting);
        gy__waiters_serve_all(&place->line, GY_ESHUTDOWN);
        settle_place(c, place);
    }
}
