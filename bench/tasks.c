/* SPDX-License-Identifier: MIT */
/* tasks.c - what tasks, switches and timers cost, a line each. */
#include <gyre/error.h>
#include <gyre/task.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "loop/switch.h"
#include "loop/timer.h"

enum {
    SPAWNS = 100000,
    SWITCHES = 5000000,
    YIELDS = 2000000,
    LIVE = 100000,
    TIMERS = 2000000,
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static int nothing(void *arg)
{
    (void)arg;
    return 0;
}

static int spawn_and_join(void *arg)
{
    (void)arg;
    double before = now();
    gy_group g = {0};
    for (int i = 0; i < SPAWNS; i++)
        gy_group_spawn(&g, nothing, NULL);
    int e = gy_group_wait(&g);
    printf("tasks: %d at once spawned and joined in %.3f s\n", SPAWNS, now() - before);

    before = now();
    for (int i = 0; i < SPAWNS && !e; i++) {
        gy_group one = {0};
        gy_group_spawn(&one, nothing, NULL);
        e = gy_group_wait(&one);
    }
    printf("tasks: one after the other, %.0f ns each\n", (now() - before) * 1e9 / SPAWNS);
    return e;
}

static void *main_context, *other_context;

static void go_back_and_forth(void *arg)
{
    (void)arg;
    for (;;)
        gy__context_switch(&other_context, main_context);
}

static void bare_switches(void)
{
    static char stack[64 * 1024] __attribute__((aligned(64)));
    other_context = gy__context_make(stack, sizeof stack, go_back_and_forth, NULL);
    double before = now();
    for (int i = 0; i < SWITCHES; i++)
        gy__context_switch(&main_context, other_context);
    printf("switch: %.1f ns bare\n", (now() - before) * 1e9 / SWITCHES / 2);
}

static int yield_many(void *arg)
{
    int e = 0;
    (void)arg;
    for (int i = 0; i < YIELDS / 2 && !e; i++)
        e = gy_yield();
    return e;
}

static int two_yield(void *arg)
{
    gy_group g = {0};
    double before = now();
    gy_group_spawn(&g, yield_many, arg);
    gy_group_spawn(&g, yield_many, arg);
    int e = gy_group_wait(&g);
    double each = (now() - before) * 1e9 / YIELDS;
    printf("yield: %.1f ns, there and back; %.1f ns a switch\n", each, each / 2);
    return e;
}

static void fire(void *arg)
{
    (void)arg;
}

static uint64_t draw(void)
{
    static uint64_t x = 88172645463325252u;
    x ^= x << 13;
    x ^= x >> 7;
    return x ^= x << 17;
}

/* As connections do it: many timers of up to a minute, and some of them set and cancelled. */
static void timers(void)
{
    static gy_timer live[LIVE], one;
    gy_loop *loop = gy_loop_new();
    if (!loop)
        die("loop");
    for (int i = 0; i < LIVE; i++)
        gy_timer_set(loop, &live[i], (double)(draw() % 60000) / 1000, fire, NULL);
    double before = now();
    for (int i = 0; i < TIMERS; i++) {
        gy_timer_set(loop, &one, 1 + (double)(i & 1023) / 50, fire, NULL);
        gy_timer_cancel(loop, &one);
    }
    printf("timer: set and cancelled in %.1f ns with %d live\n", (now() - before) * 1e9 / TIMERS,
           LIVE);
    before = now();
    for (int i = 0; i < TIMERS; i++) {
        gy_timer *t = &live[draw() % LIVE];
        gy_timer_set(loop, t, (double)(draw() % 60000) / 1000, fire, NULL);
    }
    printf("timer: a random one of them moved in %.1f ns\n", (now() - before) * 1e9 / TIMERS);
    for (int i = 0; i < LIVE; i++)
        gy_timer_cancel(loop, &live[i]);
    gy_loop_free(loop);
}

static void run(gy_task_fn *fn)
{
    if (gy_run(fn, NULL))
        die("run");
}

/* The whole, or only the part whose name begins as the argument does. */
static bool wanted(const char *part, char **argv)
{
    return !argv[1] || strncmp(part, argv[1], strlen(argv[1])) == 0;
}

int main(int argc, char **argv)
{
    (void)argc;
    if (wanted("tasks", argv))
        run(spawn_and_join);
    if (wanted("switch", argv))
        bare_switches();
    if (wanted("yield", argv))
        run(two_yield);
    if (wanted("timer", argv))
        timers();
    return 0;
}
