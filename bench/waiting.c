/* SPDX-License-Identifier: MIT */
/* waiting.c - what locks and their kin cost when nobody waits, and when two tasks hand over, a line
 * each. */
#include <gyre/future.h>
#include <gyre/locks.h>
#include <gyre/task.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TIMES = 5000000, HANDOVERS = 500000, RUNS = 3 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static gy_lock lock, other;
static gy_rwlock rwlock;
static gy_sem sem = {.value = 1};
static gy_event event;
static gy_once once;
static gy_cond cond;
static gy_barrier barrier = {.parties = 2};

static int use_lock(void)
{
    int e = gy_lock_acquire(&lock, GY_FOREVER);
    gy_lock_release(&lock);
    return e;
}

static int use_rwlock_to_read(void)
{
    int e = gy_rwlock_read(&rwlock, GY_FOREVER);
    gy_rwlock_release(&rwlock);
    return e;
}

static int use_rwlock_to_write(void)
{
    int e = gy_rwlock_write(&rwlock, GY_FOREVER);
    gy_rwlock_release(&rwlock);
    return e;
}

static int use_sem(void)
{
    int e = gy_sem_acquire(&sem, GY_FOREVER);
    return e | gy_sem_release(&sem);
}

static int use_event(void)
{
    gy_event_set(&event);
    int e = gy_event_wait(&event, GY_FOREVER);
    gy_event_clear(&event);
    return e;
}

static int nothing(void *arg)
{
    (void)arg;
    return 0;
}

static int use_once(void)
{
    return gy_once_run(&once, nothing, NULL);
}

static int use_future(void)
{
    gy_future f = {0};
    gy_future_set(&f, 0, NULL);
    return gy_future_wait(&f, GY_FOREVER);
}

static int use_any_of_4(void)
{
    gy_future f[4] = {{0}}, *const fs[4] = {&f[0], &f[1], &f[2], &f[3]};
    gy_future_set(&f[2], 0, NULL);
    return gy_wait_any(fs, 4, GY_FOREVER) - 2;
}

static int wake_at_once(gy_waker *w, void *arg)
{
    (void)arg;
    gy_wake(w, 0);
    return 0;
}

static int use_await(void)
{
    return gy_await(wake_at_once, NULL, NULL);
}

/* Each is what one of two tasks does, again and again: so each wait is a switch. */
static int take_turns(void *arg)
{
    int e = 0;
    (void)arg;
    for (int i = 0; i < HANDOVERS && !e; i++)
        if (!(e = gy_lock_acquire(&other, GY_FOREVER))) {
            e = gy_yield();
            gy_lock_release(&other);
        }
    return e;
}

static int notify_and_wait(void *arg)
{
    int e = gy_lock_acquire(&lock, GY_FOREVER);
    (void)arg;
    for (int i = 0; i < HANDOVERS && !e; i++) {
        gy_cond_notify(&cond, 1);
        e = gy_cond_wait(&cond, &lock, 10);
    }
    gy_cond_notify(&cond, 1);
    gy_lock_release(&lock);
    return e;
}

static int meet(void *arg)
{
    int e = 0;
    (void)arg;
    for (int i = 0; i < HANDOVERS && e >= 0; i++)
        e = gy_barrier_wait(&barrier, GY_FOREVER);
    return e < 0 ? e : 0;
}

static int two(gy_task_fn *fn)
{
    gy_group g = {0};
    gy_group_spawn(&g, fn, NULL);
    gy_group_spawn(&g, fn, NULL);
    return gy_group_wait(&g);
}

static const struct {
    const char *name, *what;
    int (*once)(void);
    gy_task_fn *by_two;
} parts[] = {
    {"lock", "acquire and release", use_lock, NULL},
    {"rwlock", "read and release", use_rwlock_to_read, NULL},
    {"rwlock", "write and release", use_rwlock_to_write, NULL},
    {"semaphore", "acquire and release", use_sem, NULL},
    {"event", "set, wait and clear", use_event, NULL},
    {"once", "done already", use_once, NULL},
    {"future", "set and wait", use_future, NULL},
    {"futures", "any of 4, one done", use_any_of_4, NULL},
    {"await", "woken at once", use_await, NULL},
    {"lock", "handed over by two tasks", NULL, take_turns},
    {"condition", "notify and wait by two tasks, with a timeout", NULL, notify_and_wait},
    {"barrier", "of two tasks", NULL, meet},
};

/* Seconds for one; negative when it failed. */
static double measure(size_t part)
{
    int e = 0;
    double before = now();
    if (parts[part].by_two) {
        e = two(parts[part].by_two);
        return e ? -1 : (now() - before) / HANDOVERS / 2;
    }
    for (int i = 0; i < TIMES; i++)
        e |= parts[part].once();
    return e ? -1 : (now() - before) / TIMES;
}

static int measure_all(void *arg)
{
    const char *wanted = arg;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        double best = 1;
        if (wanted && strcmp(wanted, parts[i].name) != 0)
            continue;
        for (int run = 0; run < RUNS && best >= 0; run++) {
            double one = measure(i);
            best = one < best ? one : best;
        }
        if (best < 0)
            return -1;
        printf("%s: %s %.1f ns\n", parts[i].name, parts[i].what, best * 1e9);
    }
    return 0;
}

/* The whole, or only the parts of that name. */
int main(int argc, char **argv)
{
    return gy_run(measure_all, argc > 1 ? argv[1] : NULL) ? EXIT_FAILURE : EXIT_SUCCESS;
}
