/* SPDX-License-Identifier: MIT */
/* queues.c - what queues cost, a line each. */
#include <gyre/error.h>
#include <gyre/queue.h>
#include <gyre/task.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { PAIRS = 5000000, HANDED = 1000000, HEAP = 1000, RUNS = 3 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(const char *what, int code)
{
    fprintf(stderr, "%s: %s\n", what, gy_strerror(code));
    exit(1);
}

static int by_address(const void *a, const void *b)
{
    return ((uintptr_t)a > (uintptr_t)b) - ((uintptr_t)a < (uintptr_t)b);
}

static char things[HEAP * 8];

/* [held] items lie in it, so that each put is followed by the get of another one. */
static void uncontended(const char *name, gy_queue q, int held)
{
    void *got;
    int e = 0;
    uint64_t x = 88172645463325252u;
    for (int i = 0; i < held && !e; i++)
        e = gy_queue_put(&q, &things[i], 0);
    double before = now();
    for (int i = 0; i < PAIRS && !e; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        e = gy_queue_put(&q, &things[x % sizeof things], 0);
        if (!e)
            e = gy_queue_get(&q, &got, 0);
    }
    if (e)
        die(name, e);
    printf("queue: put and got in %.1f ns, %s\n", (now() - before) * 1e9 / PAIRS, name);
    gy_queue_done(&q);
}

static int produce(void *arg)
{
    int e = 0;
    for (int i = 0; i < HANDED && !e; i++)
        e = gy_queue_put(arg, &things[i & 1023], GY_FOREVER);
    return e;
}

static int consume(void *arg)
{
    void *got;
    int e = 0;
    for (int i = 0; i < HANDED && !e; i++)
        e = gy_queue_get(arg, &got, GY_FOREVER);
    return e;
}

static double seconds;

static int hand_over(void *arg)
{
    gy_group g = {0};
    double before = now();
    gy_group_spawn(&g, consume, arg);
    gy_group_spawn(&g, produce, arg);
    int e = gy_group_wait(&g);
    seconds = now() - before;
    return e;
}

static void handed_over(const char *name, gy_queue q)
{
    double best = 1e9;
    for (int i = 0; i < RUNS; i++) {
        int e = gy_run(hand_over, &q);
        if (e)
            die(name, e);
        best = seconds < best ? seconds : best;
        gy_queue_done(&q);
    }
    printf("queue: %d handed from task to task in %.3f s, %s\n", HANDED, best, name);
}

int main(void)
{
    gy_queue heap = {.order = GY_PRIORITY, .compare = by_address};
    uncontended("first in, first out", (gy_queue){0}, 1);
    uncontended("bounded", (gy_queue){.max = 100}, 1);
    uncontended("last in, first out", (gy_queue){.order = GY_LIFO}, 1);
    uncontended("by priority among 1", heap, 1);
    uncontended("by priority among 1,000", heap, HEAP);
    handed_over("a rendezvous", (gy_queue){.rendezvous = true});
    handed_over("bounded to 1", (gy_queue){.max = 1});
    handed_over("bounded to 100", (gy_queue){.max = 100});
    handed_over("unbounded", (gy_queue){0});
    return 0;
}
