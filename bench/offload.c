/* SPDX-License-Identifier: MIT */
/* offload.c - jobs there and back, beside the least that two threads need; posts from many threads. */
#include <gyre/error.h>
#include <gyre/offload.h>
#include <gyre/task.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "loop/state.h"

enum { ROUNDS = 31, TRIPS = 1000, JOBS = 100000, SENDERS = 4, POSTS = 250000 };

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

static void need(int e, const char *what)
{
    if (e < 0) {
        fprintf(stderr, "%s: %s\n", what, gy_strerror(e));
        exit(1);
    }
}

static void stay_on(int cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t)cpu, &set);
    if (sched_setaffinity(0, sizeof set, &set))
        die("sched_setaffinity");
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *all)
{
    qsort(all, ROUNDS, sizeof *all, compare);
    return all[ROUNDS / 2];
}

/* -- Two threads that wake each other ------------------------------------------------------------- */

static int there, back;

static void *echo(void *cpu)
{
    uint64_t n = 1;
    stay_on(*(int *)cpu);
    while (read(there, &n, sizeof n) == sizeof n && n < 1000)
        if (write(back, &n, sizeof n) != sizeof n)
            break;
    return NULL;
}

static double bare_trips(void)
{
    uint64_t one = 1;
    double before = now();
    for (int i = 0; i < TRIPS; i++)
        if (write(there, &one, sizeof one) < 0 || read(back, &one, sizeof one) < 0)
            die("eventfd");
    return (now() - before) / TRIPS;
}

/* -- The same by a pool --------------------------------------------------------------------------- */

static int nothing(void *arg)
{
    (void)arg;
    return 0;
}

static int move(void *cpu)
{
    stay_on(*(int *)cpu);
    return 0;
}

static double pool_trips(gy_pool *p)
{
    const gy_offload_opts opts = {.pool = p};
    double before = now();
    for (int i = 0; i < TRIPS; i++)
        need(gy_offload(nothing, NULL, &opts), "offload");
    return (now() - before) / TRIPS;
}

struct places {
    int here, there;
    const char *what;
};

/* In turns, so that whatever else the machine does is done to both. */
static int compare_trips(void *arg)
{
    struct places *w = arg;
    double bare[ROUNDS], ours[ROUNDS], ratio[ROUNDS];
    uint64_t end = 5000;
    pthread_t thread;
    there = eventfd(0, 0);
    back = eventfd(0, 0);
    gy_pool *p = gy_pool_new(&(gy_pool_opts){.name = "bench", .size = 1});
    stay_on(w->here);
    if (!p || there < 0 || back < 0 || pthread_create(&thread, NULL, echo, &w->there))
        die("offload");
    need(gy_offload(move, &w->there, &(gy_offload_opts){.pool = p}), "offload");
    for (int i = 0; i < ROUNDS; i++) {
        bare[i] = bare_trips();
        ours[i] = pool_trips(p);
        ratio[i] = ours[i] / bare[i];
    }
    double middle = median(ratio);
    printf("offload, %s: %.2f us there and back; two threads with eventfds %.2f us; %.2f times\n",
           w->what, median(ours) * 1e6, median(bare) * 1e6, middle);
    if (write(there, &end, sizeof end) < 0)
        die("eventfd");
    pthread_join(thread, NULL);
    gy_pool_free(p);
    close(there);
    close(back);
    return 0;
}

/* -- Many ----------------------------------------------------------------------------------------- */

static atomic_long ran;
static long returned;

static int count(void *arg)
{
    (void)arg;
    atomic_fetch_add(&ran, 1);
    return 7;
}

static int offload_count(void *arg, size_t i)
{
    (void)arg, (void)i;
    int e = gy_offload(count, NULL, NULL);
    returned += e == 7;
    return e < 0 ? e : 0;
}

static int many(void *arg)
{
    (void)arg;
    double before = now();
    need(gy_map(JOBS, 1000, offload_count, NULL), "map");
    double each = (now() - before) / JOBS;
    printf("offload, 1000 at once: %d jobs, %ld ran, %ld returned; %.2f us each\n", JOBS,
           atomic_load(&ran), returned, each * 1e6);
    if (atomic_load(&ran) != JOBS || returned != JOBS)
        die("lost");
    return 0;
}

/* -- Processes ------------------------------------------------------------------------------------ */

static double process_trips(gy_pool *p, void *arg, size_t size, int trips)
{
    const gy_offload_opts opts = {.pool = p, .size = size};
    need(gy_offload(nothing, arg, &opts), "process");
    double before = now();
    for (int i = 0; i < trips; i++)
        need(gy_offload(nothing, arg, &opts), "process");
    return (now() - before) / trips;
}

static int processes(void *arg)
{
    enum { SMALL = 1024, LARGE = 100 * 1000 * 1000 };
    (void)arg;
    char *bytes = calloc(1, LARGE);
    gy_pool *p = gy_pool_new(&(gy_pool_opts){.kind = GY_POOL_PROCESSES, .size = 1});
    if (!p || !bytes)
        die("processes");
    double before = now();
    process_trips(p, NULL, 0, 1);
    printf("process: begun in %.2f ms", (now() - before) * 1e3);
    printf("; %.2f us there and back", process_trips(p, NULL, 0, 10 * TRIPS) * 1e6);
    printf("; with 1 KiB %.2f us", process_trips(p, bytes, SMALL, 10 * TRIPS) * 1e6);
    printf("; with 100 MB %.0f ms\n", process_trips(p, bytes, LARGE, 3) * 1e3);
    gy_pool_free(p);
    free(bytes);
    return 0;
}

/* -- The mailbox ---------------------------------------------------------------------------------- */

static struct sender {
    pthread_t thread;
    gy_loop *loop;
    uintptr_t next;
} senders[SENDERS];

static long arrived, out_of_order;

/* A letter is its sender and its number. */
static void arrive(void *arg)
{
    uintptr_t letter = (uintptr_t)arg;
    struct sender *s = &senders[letter % SENDERS];
    out_of_order += letter / SENDERS != s->next++;
    if (++arrived == (long)SENDERS * POSTS)
        gy_loop_stop(s->loop);
}

static void *post_all(void *arg)
{
    struct sender *s = arg;
    uintptr_t me = (uintptr_t)(s - senders);
    for (uintptr_t i = 0; i < POSTS; i++)
        need(gy_loop_post(s->loop, arrive, (void *)(i * SENDERS + me)), "post");
    return NULL;
}

static void posts(void)
{
    gy_loop *loop = gy_loop_new();
    double before = now();
    for (int i = 0; i < SENDERS; i++) {
        senders[i].loop = loop;
        if (!loop || pthread_create(&senders[i].thread, NULL, post_all, &senders[i]))
            die("threads");
    }
    need(gy_loop_run(loop), "loop");
    double seconds = now() - before;
    for (int i = 0; i < SENDERS; i++)
        pthread_join(senders[i].thread, NULL);
    unsigned long rings = atomic_load(&loop->mailbox.rings);
    printf("mailbox: %ld posts from %d threads in %.3f s, %ld out of order; %lu wake-ups, one for "
           "%lu\n",
           arrived, SENDERS, seconds, out_of_order, rings, (unsigned long)arrived / rings);
    gy_loop_free(loop);
}

/* The whole, or only the part whose name begins as the argument does. */
static bool wanted(const char *part, char **argv)
{
    return !argv[1] || strncmp(part, argv[1], strlen(argv[1])) == 0;
}

static int cpus_of(const cpu_set_t *set, int out[2])
{
    int n = 0;
    for (int i = 0; i < CPU_SETSIZE && n < 2; i++)
        if (CPU_ISSET((size_t)i, set))
            out[n++] = i;
    return n;
}

int main(int argc, char **argv)
{
    cpu_set_t all;
    int cpu[2];
    (void)argc;
    if (sched_getaffinity(0, sizeof all, &all))
        die("sched_getaffinity");
    int n = cpus_of(&all, cpu);
    if (wanted("offload", argv)) {
        struct places one = {cpu[0], cpu[0], "on one CPU"};
        need(gy_run(compare_trips, &one), "run");
        struct places two = {cpu[0], cpu[n - 1], "on two CPUs"};
        if (n > 1)
            need(gy_run(compare_trips, &two), "run");
        sched_setaffinity(0, sizeof all, &all);
        need(gy_run(many, NULL), "run");
    }
    if (wanted("process", argv))
        need(gy_run(processes, NULL), "run");
    if (wanted("mailbox", argv))
        posts();
    return 0;
}
