/* SPDX-License-Identifier: MIT */
/* Many tasks do anything with locks and their kin, with timeouts and cancellations, from fixed seeds: what
 * must hold is looked at all the time. */
#include "loop/waiters.h"
#include "support/crew.h"

enum { SLOTS = 24, LIVES = 12, OPS = 25, SEEDS = 40, PARTIES = 3, PLACES = 3, KEYS = 3 };

static struct world {
    uint64_t seed;
    gy_lock plain, recursive, guard;
    gy_rwlock rw;
    gy_sem sem;
    gy_cond cond;
    gy_event event;
    gy_barrier barrier;
    gy_once once[KEYS];
    gy_future *futures[KEYS]; /* on the stacks of those who set them */
    int in_plain, in_recursive, in_guard, reading, writing, in_sem, in_once[KEYS];
    long done, cancelled, timed_out, broken;
    gy_task *tasks[SLOTS];
    int slots_left;
} w;

static unsigned draw(unsigned below)
{
    w.seed ^= w.seed << 13;
    w.seed ^= w.seed >> 7;
    w.seed ^= w.seed << 17;
    return (unsigned)(w.seed >> 20) % below;
}

/* Few different ones, so that much happens at the same time. */
static double some_time(void)
{
    return 0.5 * (1 + draw(4));
}

static double some_timeout(void)
{
    unsigned n = draw(8);
    return n == 0 ? 0 : n < 4 ? GY_FOREVER : some_time();
}

static size_t length(const gy_waiters *line, const gy_task *not_this)
{
    size_t n = 0;
    for (const struct gy__waiter *it = line->first; it; it = it->next) {
        assert_ptr_not_equal(it->task, not_this);
        n++;
    }
    return n;
}

/* Nobody waits while what it waits for is free, and who runs waits for nothing. */
static void check(void)
{
    gy_task *self = gy_task_self();
    assert_true(w.in_plain <= 1 && w.in_recursive <= 1 && w.in_guard <= 1 && w.in_sem <= PLACES);
    assert_true(w.writing <= 1 && !(w.writing && w.reading));
    assert_true(!length(&w.plain.waiters, self) || w.plain.owner);
    assert_true(!length(&w.recursive.waiters, self) || w.recursive.owner);
    assert_true(!length(&w.guard.waiters, self) || w.guard.owner);
    length(&w.cond.waiters, self);
    if (length(&w.rw.waiters, self)) {
        assert_true(w.rw.writing || w.rw.readers > 0);
        assert_true(w.rw.writing || w.rw.waiters.first->what); /* a writer is first */
    }
    assert_true(w.sem.value <= PLACES);
    assert_true(!length(&w.sem.waiters, self) || w.sem.value == 0);
    assert_true(!length(&w.event.waiters, self) || !w.event.set);
    assert_int_equal(length(&w.barrier.waiters, self), w.barrier.waiting);
    assert_true(w.barrier.waiting < PARTIES && !(w.barrier.broken && w.barrier.waiting));
    for (int i = 0; i < KEYS; i++)
        assert_true(!length(&w.once[i].waiters, self) || (w.once[i].running && !w.once[i].done));
}

static void linger(void)
{
    unsigned n = draw(4);
    if (n == 0)
        gy_yield();
    else if (n > 1)
        gy_sleep(some_time());
    check();
}

/* Whether it succeeded. */
static bool count(int e, double timeout)
{
    assert_true(e == 0 || e == 1 || e == GY_ETIMEDOUT || e == GY_ECANCELED || e == GY_EBROKEN);
    assert_true(e != GY_ETIMEDOUT || timeout >= 0 || gy_task_cancelled());
    assert_true(e != GY_ECANCELED || gy_task_cancelled());
    w.done += e >= 0;
    w.timed_out += e == GY_ETIMEDOUT;
    w.cancelled += e == GY_ECANCELED;
    w.broken += e == GY_EBROKEN;
    check();
    return e >= 0;
}

static void use_lock(gy_lock *l, int *inside)
{
    double timeout = some_timeout();
    if (!count(gy_lock_acquire(l, timeout), timeout))
        return;
    assert_int_equal(++*inside, 1);
    linger();
    int again = gy_lock_acquire(l, timeout);
    assert_int_equal(again, l->recursive ? 0 : -EDEADLK);
    if (l->recursive)
        gy_lock_release(l);
    assert_int_equal(--*inside, 0);
    gy_lock_release(l);
}

static void use_rwlock(void)
{
    double timeout = some_timeout();
    bool writes = draw(3) == 0;
    int *inside = writes ? &w.writing : &w.reading;
    if (!count(writes ? gy_rwlock_write(&w.rw, timeout) : gy_rwlock_read(&w.rw, timeout), timeout))
        return;
    ++*inside;
    check();
    linger();
    --*inside;
    gy_rwlock_release(&w.rw);
}

static void use_sem(void)
{
    double timeout = some_timeout();
    if (!count(gy_sem_acquire(&w.sem, timeout), timeout))
        return;
    w.in_sem++;
    linger();
    w.in_sem--;
    assert_int_equal(gy_sem_release(&w.sem), 0);
    if (w.sem.value == PLACES)
        assert_int_equal(gy_sem_release(&w.sem), GY_EINVAL);
}

static void use_cond(void)
{
    double timeout = some_timeout();
    if (draw(2)) {
        gy_cond_notify(&w.cond, draw(3));
        return;
    }
    if (!count(gy_lock_acquire(&w.guard, timeout), timeout))
        return;
    assert_int_equal(++w.in_guard, 1);
    w.in_guard--;
    int e = gy_cond_wait(&w.cond, &w.guard, timeout);
    assert_ptr_equal(w.guard.owner, gy_task_self());
    assert_int_equal(++w.in_guard, 1);
    count(e, timeout);
    linger();
    w.in_guard--;
    gy_lock_release(&w.guard);
}

static void use_event(void)
{
    double timeout = some_timeout();
    unsigned n = draw(4);
    if (n == 0)
        gy_event_set(&w.event);
    else if (n == 1)
        gy_event_clear(&w.event);
    else
        count(gy_event_wait(&w.event, timeout), timeout);
}

static void use_barrier(void)
{
    double timeout = some_timeout();
    if (draw(8) == 0)
        gy_barrier_reset(&w.barrier);
    count(gy_barrier_wait(&w.barrier, timeout), timeout);
}

static int run_once(void *arg)
{
    int *inside = arg;
    assert_int_equal(++*inside, 1);
    int e = gy_sleep(some_time());
    assert_int_equal(--*inside, 0);
    return e ? e : draw(3) ? 0 : GY_EBROKEN;
}

static void use_once(void)
{
    unsigned i = draw(KEYS);
    if (w.once[i].done && !length(&w.once[i].waiters, NULL))
        w.once[i].done = false; /* all over again */
    count(gy_once_run(&w.once[i], run_once, &w.in_once[i]), GY_FOREVER);
}

/* Set one that others may wait for, or wait for any or all of those that are there. */
static void use_futures(void)
{
    double timeout = some_time();
    unsigned i = draw(KEYS);
    if (!w.futures[i]) {
        gy_future f = {0};
        w.futures[i] = &f;
        gy_sleep(some_time());
        w.futures[i] = NULL;
        gy_future_set(&f, 0, NULL);
        bool was = gy_task_shield(true);
        gy_yield(); /* those who wait go on before it goes away */
        gy_yield();
        gy_task_shield(was);
        return;
    }
    gy_future *fs[KEYS] = {w.futures[0], w.futures[1], w.futures[2]};
    int e = gy_wait_any(fs, KEYS, timeout);
    if (e >= 0)
        assert_true(fs[e]->done);
    count(e > 0 ? 0 : e, timeout);
}

static int live(void *arg)
{
    (void)arg;
    for (int i = 0; i < OPS && !gy_task_cancelled(); i++) {
        bool shield = draw(10) == 0;
        gy_deadline d;
        bool limited = draw(6) == 0;
        if (limited)
            gy_deadline_begin(&d, some_time());
        bool was = gy_task_shield(shield);
        switch (draw(8)) {
        case 0:
            use_lock(&w.plain, &w.in_plain);
            break;
        case 1:
            use_lock(&w.recursive, &w.in_recursive);
            break;
        case 2:
            use_rwlock();
            break;
        case 3:
            use_sem();
            break;
        case 4:
            use_cond();
            break;
        case 5:
            use_event();
            break;
        case 6:
            use_barrier();
            break;
        case 7:
            use_once();
            break;
        }
        gy_task_shield(was);
        if (limited)
            gy_deadline_end(&d);
        if (draw(6) == 0)
            use_futures();
    }
    return 0;
}

static int live_again(void *arg)
{
    gy_task **slot = arg;
    for (int i = 0; i < LIVES; i++) {
        *slot = start(live, NULL);
        gy_task *t = *slot;
        gy_future_wait(gy_task_future(t), GY_FOREVER);
        *slot = NULL;
        assert_int_equal(gy_task_join(t), 0);
    }
    w.slots_left--;
    return 0;
}

/* Cancels now and then, and sees to it that there is no end to nothing. */
static int interfere(void *arg)
{
    (void)arg;
    while (w.slots_left > 0) {
        if (draw(2))
            gy_yield();
        else
            gy_sleep(some_time());
        for (unsigned n = draw(2); n > 0; n--) {
            unsigned i = draw(SLOTS);
            if (w.tasks[i])
                gy_task_cancel(w.tasks[i]);
        }
        if (draw(20) == 0) {
            gy_event_set(&w.event);
            gy_cond_notify_all(&w.cond);
            gy_barrier_reset(&w.barrier);
        }
        check();
    }
    return 0;
}

static int live_all(void *arg)
{
    gy_group g = {0};
    w = (struct world){.seed = *(uint64_t *)arg * 0x9e3779b97f4a7c15u,
                       .recursive = {.recursive = true},
                       .sem = {.value = PLACES, .bound = PLACES},
                       .barrier = {.parties = PARTIES},
                       .slots_left = SLOTS};
    for (int i = 0; i < SLOTS; i++)
        gy_group_spawn(&g, live_again, &w.tasks[i]);
    gy_group_spawn(&g, interfere, NULL);
    int e = gy_group_wait(&g);
    check();
    assert_true(!w.plain.owner && !w.recursive.owner && !w.guard.owner);
    assert_true(!w.rw.writing && !w.rw.readers && w.sem.value == PLACES && !w.barrier.waiting);
    assert_true(w.done > 2000 && w.timed_out > 100 && w.cancelled > 50 && w.broken > 50);
    return e;
}

static void from_many_seeds(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        assert_int_equal(run_in_fake_time(live_all, &seed), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CREW_TEST(from_many_seeds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
