/* SPDX-License-Identifier: MIT */
/* timer.c - deadlines: a wheel of lists for the far ones, a sorted list for the near. */

#include "loop/timer.h"

#include <stddef.h>

#include "base/clock.h"
#include "loop/state.h"

enum { TICK_BITS = 20 };
enum { IDLE, IN_WHEEL, IN_DUE };

int64_t gy__seconds(double s)
{
    if (!(s > 0))
        return 0;
    return s < 9e9 ? (int64_t)(s * 1e9) : (int64_t)9e18;
}

int64_t gy__deadline_in(int64_t now, double seconds)
{
    int64_t ns = gy__seconds(seconds);
    return !(seconds > 0) || ns > INT64_MAX - now ? INT64_MAX : now + ns;
}

void gy__timers_init(struct gy__timers *w, int64_t now)
{
    w->tick = now >> TICK_BITS;
    w->order = 0;
    w->count = 0;
    gy_list_init(&w->due);
    gy_list_init(&w->near);
    for (int l = 0; l < GY__WHEEL_LEVELS; l++) {
        for (int i = 0; i < GY__WHEEL_SLOTS / 64; i++)
            w->occupied[l][i] = 0;
        for (int s = 0; s < GY__WHEEL_SLOTS; s++)
            gy_list_init(&w->slots[l][s]);
    }
}

static gy_timer *timer_of(gy_list *link)
{
    return gy_of(link, gy_timer, link);
}

static bool before(const gy_timer *a, const gy_timer *b)
{
    return a->at < b->at || (a->at == b->at && a->order < b->order);
}

/* Where it belongs now. */
static gy_list *place_of(struct gy__timers *w, gy_timer *t)
{
    int64_t tick = t->at >> TICK_BITS;
    if (tick <= w->tick) {
        t->state = IN_DUE;
        return &w->near;
    }
    int high = 63 - __builtin_clzll((uint64_t)(tick ^ w->tick));
    int level = high / GY__WHEEL_BITS;
    int slot = (int)(tick >> (level * GY__WHEEL_BITS)) & (GY__WHEEL_SLOTS - 1);
    t->state = IN_WHEEL;
    t->level = (uint8_t)level;
    t->slot = (uint8_t)slot;
    w->occupied[level][slot / 64] |= 1ULL << slot % 64;
    return &w->slots[level][slot];
}

static void insert(struct gy__timers *w, gy_timer *t)
{
    gy_list_add(place_of(w, t), &t->link);
}

static void vacate(struct gy__timers *w, int level, int slot)
{
    w->occupied[level][slot / 64] &= ~(1ULL << slot % 64);
}

static void unlink_timer(struct gy__timers *w, gy_timer *t)
{
    gy_list_del(&t->link);
    if (t->state == IN_WHEEL && gy_list_empty(&w->slots[t->level][t->slot]))
        vacate(w, t->level, t->slot);
    t->state = IDLE;
    w->count--;
}

void gy__timer_at(gy_loop *loop, gy_timer *t, int64_t at, gy_callback *fn, void *arg)
{
    struct gy__timers *w = &loop->timers;
    if (t->state != IDLE)
        unlink_timer(w, t);
    t->at = at;
    t->order = w->order++;
    t->fn = fn;
    t->arg = arg;
    insert(w, t);
    w->count++;
}

void gy_timer_set(gy_loop *loop, gy_timer *t, double seconds, gy_callback *fn, void *arg)
{
    /* The clock, not the time of this turn: a caller that computed for long is not to be woken
     * early. */
    int64_t now = gy__clock_now();
    int64_t ns = gy__seconds(seconds);
    gy__timer_at(loop, t, ns > INT64_MAX - now ? INT64_MAX : now + ns, fn, arg);
}

void gy_timer_set_at(gy_loop *loop, gy_timer *t, double when, gy_callback *fn, void *arg)
{
    gy__timer_at(loop, t, gy__seconds(when), fn, arg);
}

bool gy_timer_cancel(gy_loop *loop, gy_timer *t)
{
    if (t->state == IDLE)
        return false;
    unlink_timer(&loop->timers, t);
    return true;
}

static void forget(struct gy__timers *w, gy_list *timers)
{
    while (!gy_list_empty(timers))
        unlink_timer(w, timer_of(timers->next));
}

void gy__timers_done(struct gy__timers *w)
{
    forget(w, &w->due);
    forget(w, &w->near);
    for (int l = 0; l < GY__WHEEL_LEVELS; l++)
        for (int s = 0; s < GY__WHEEL_SLOTS; s++)
            forget(w, &w->slots[l][s]);
}

bool gy_timer_is_set(const gy_timer *t)
{
    return t->state != IDLE;
}

/* Merge two sorted chains linked by next and ended by NULL. */
static gy_list *merge(gy_list *a, gy_list *b)
{
    gy_list head;
    gy_list *end = &head;
    while (a && b) {
        gy_list **from = before(timer_of(b), timer_of(a)) ? &b : &a;
        end->next = *from;
        end = *from;
        *from = (*from)->next;
    }
    end->next = a ? a : b;
    return head.next;
}

/* Cut the longest chain that is in order off the front of [chain]. */
static gy_list *cut_run(gy_list **chain)
{
    gy_list *run = *chain, *last = run;
    while (last->next && before(timer_of(last), timer_of(last->next)))
        last = last->next;
    *chain = last->next;
    last->next = NULL;
    return run;
}

/* Sort a chain, bottom up: bins[i] holds 2^i runs merged. Timers are mostly set in the order in which
 * they fire, so there are few runs. */
static gy_list *sort(gy_list *chain)
{
    gy_list *bins[40] = {NULL};
    size_t used = 0;
    while (chain) {
        gy_list *run = cut_run(&chain);
        size_t i = 0;
        for (; bins[i]; i++) {
            run = merge(bins[i], run);
            bins[i] = NULL;
        }
        bins[i] = run;
        if (i >= used)
            used = i + 1;
    }
    gy_list *all = NULL;
    for (size_t i = 0; i < used; i++)
        if (bins[i])
            all = all ? merge(bins[i], all) : bins[i];
    return all;
}

/* Sort all of [timers] in among those that are due: later ones as a rule, so look from the end. */
static void to_due(struct gy__timers *w, gy_list *timers)
{
    if (gy_list_empty(timers))
        return;
    timers->prev->next = NULL;
    gy_list *chain = sort(timers->next);
    gy_list_init(timers);
    gy_list *at = w->due.prev;
    while (at != &w->due && before(timer_of(chain), timer_of(at)))
        at = at->prev;
    while (chain) {
        gy_list *next = chain->next;
        while (at->next != &w->due && before(timer_of(at->next), timer_of(chain)))
            at = at->next;
        timer_of(chain)->state = IN_DUE;
        gy_list_add(at->next, chain);
        at = chain;
        chain = next;
    }
}

/* All of a slot to lower levels. From both its ends at once: so each waits for the memory of two. What
 * was in order stays in two parts that are. */
static void move_down(struct gy__timers *w, gy_list *slot)
{
    gy_list *front = slot->next, *back = slot->prev;
    gy_list_init(slot);
    for (;;) {
        gy_list *next = front->next, *prev = back->prev;
        __builtin_prefetch(next);
        __builtin_prefetch(prev);
        insert(w, timer_of(front));
        if (front == back)
            return;
        gy_list_add_front(place_of(w, timer_of(back)), back);
        if (next == back)
            return;
        front = next;
        back = prev;
    }
}

/* The first occupied slot of a level, or -1. */
static int first_of(const uint64_t occupied[GY__WHEEL_SLOTS / 64])
{
    for (int i = 0; i < GY__WHEEL_SLOTS / 64; i++)
        if (occupied[i])
            return i * 64 + __builtin_ctzll(occupied[i]);
    return -1;
}

/* The first occupied slot: its level, and the tick at which it begins. False when all are empty. */
static bool next_slot(const struct gy__timers *w, int *level, int64_t *begin)
{
    for (int l = 0; l < GY__WHEEL_LEVELS; l++) {
        int shift = l * GY__WHEEL_BITS;
        int64_t slot = first_of(w->occupied[l]);
        if (slot < 0)
            continue;
        int64_t above = (w->tick >> shift) & ~(int64_t)(GY__WHEEL_SLOTS - 1);
        *level = l;
        *begin = (above | slot) << shift;
        return true;
    }
    return false;
}

static void advance(struct gy__timers *w, int64_t tick)
{
    int level;
    int64_t begin;
    while (next_slot(w, &level, &begin) && begin <= tick) {
        int s = (int)(begin >> (level * GY__WHEEL_BITS)) & (GY__WHEEL_SLOTS - 1);
        gy_list *slot = &w->slots[level][s];
        w->tick = begin;
        vacate(w, level, s);
        if (level == 0)
            to_due(w, slot);
        else
            move_down(w, slot);
    }
    if (tick > w->tick)
        w->tick = tick;
}

void gy__timers_run(gy_loop *loop, int64_t now)
{
    struct gy__timers *w = &loop->timers;
    if (w->count == 0) {
        w->tick = now >> TICK_BITS;
        return;
    }
    advance(w, now >> TICK_BITS);
    to_due(w, &w->near);
    /* Those that callbacks set for now wait for the next turn. */
    uint64_t until = w->order;
    for (;;) {
        gy_list *first = gy_list_first(&w->due);
        if (!first)
            return;
        gy_timer *t = timer_of(first);
        if (t->at > now || t->order >= until)
            return;
        unlink_timer(w, t);
        t->fn(t->arg);
    }
}

int64_t gy__timers_timeout(struct gy__timers *w, int64_t now)
{
    int level;
    int64_t begin;
    to_due(w, &w->near);
    gy_list *first = gy_list_first(&w->due);
    int64_t at = first ? timer_of(first)->at : INT64_MAX;
    if (!first && next_slot(w, &level, &begin))
        at = begin << TICK_BITS;
    if (at == INT64_MAX)
        return w->count ? INT64_MAX - now : -1;
    return at > now ? at - now : 0;
}
