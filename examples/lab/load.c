/* SPDX-License-Identifier: MIT */
/* load.c - the child that asks: so many at once, for so long, and how long each answer took. */

#include "lab.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

/* -- Latencies: counted in steps of less than 2 % ------------------------------------------------- */

enum { FINE = 64, STEPS = 40 * FINE };

typedef struct latencies {
    unsigned long counts[STEPS], all;
} latencies;

static size_t step_of(double seconds)
{
    uint64_t us = seconds < 0 ? 0 : (uint64_t)(seconds * 1e6);
    unsigned shift = 0;
    while (us >> shift >= 2 * FINE)
        shift++;
    size_t step = shift * FINE + (size_t)(us >> shift);
    return step < STEPS ? step : STEPS - 1;
}

static double seconds_of(size_t step)
{
    if (step < 2 * FINE)
        return (double)step * 1e-6;
    size_t shift = step / FINE - 1;
    return (double)(step - shift * FINE) * (double)((uint64_t)1 << shift) * 1e-6;
}

static void note(latencies *l, double seconds)
{
    l->counts[step_of(seconds)]++;
    l->all++;
}

/* [from] and up only. */
static void add(latencies *to, const latencies *more, size_t from)
{
    for (size_t i = from; i < STEPS; i++) {
        to->counts[i] += more->counts[i];
        to->all += more->counts[i];
    }
}

static size_t quantile(const latencies *l, double part)
{
    unsigned long before = 0, want = (unsigned long)(part * (double)l->all);
    for (size_t i = 0; i < STEPS; i++)
        if ((before += l->counts[i]) > want)
            return i;
    return 0;
}

/* -- Asking -------------------------------------------------------------------------------------- */

struct load {
    const char *url;
    long concurrency;
    double seconds, began;
    gy_client *client;
    /* The first answers on each connection are apart: they hold the time to connect all at once. */
    latencies first, later, unanswered;
    unsigned long answered, failed;
    double last; /* when the last answer came */
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int ask_on(void *arg)
{
    struct load *load = arg;
    gy_fetch_opts opts = {.client = load->client, .timeout = -1, .proxy = ""};
    gy_arena arena = {0};
    gy_response res;
    int e = 0;
    for (bool first = true; !gy_task_cancelled(); first = false) {
        double began = now();
        gy_arena_reset(&arena);
        e = gy_fetch(&arena, load->url, &opts, &res);
        double took = now() - began;
        if (gy_task_cancelled()) {
            note(&load->unanswered, took);
        } else if (e || res.status != 200) {
            load->failed++;
            if (gy_sleep(0.05)) /* a server that refuses everybody is not hammered on */
                break;
        } else {
            load->answered++;
            load->last = began + took;
            note(first ? &load->first : &load->later, took);
        }
    }
    gy_arena_done(&arena);
    return 0;
}

/* -- Reporting ----------------------------------------------------------------------------------- */

/* One who still waits in the end, and has waited for longer than half of the others, counts with the time
 * that it has waited so far: else a server that answers a few and forgets the rest would look fast. The
 * time in which the next answers were still under way does not count: else one that takes a second would
 * seem to take two in a step of 1.9. */
static void report(const struct load *load, const char *what)
{
    static latencies all;
    memset(&all, 0, sizeof all);
    add(&all, &load->later, 0);
    if (load->later.all < (unsigned long)load->concurrency)
        add(&all, &load->first, 0);
    add(&all, &load->unanswered, all.all ? quantile(&all, 0.5) : 0);
    double median = seconds_of(quantile(&all, 0.5)), end = now();
    if (load->answered && end - load->last < median)
        end = load->last;
    printf("%s %.2f %.3f %.3f %lu %lu\n", what, (double)load->answered / (end - load->began),
           median * 1e3, seconds_of(quantile(&all, 0.99)) * 1e3, load->failed,
           load->unanswered.all);
    fflush(stdout);
}

static int report_on(void *arg)
{
    report(arg, "sofar");
    return 0;
}

static int load_for(void *arg)
{
    struct load *load = arg;
    size_t most = (size_t)load->concurrency;
    load->client = gy_client_new(&(gy_client_opts){.max_connections = most, .max_per_host = most});
    if (!load->client)
        return GY_ENOMEM;
    gy_periodic reports = {.interval = 0.25, .fn = report_on, .arg = load, .name = "reports"};
    gy_group askers = {.timeout = load->seconds, .name = "askers"};
    load->began = now();
    int e = gy_periodic_start(&reports);
    for (long i = 0; i < load->concurrency && !e; i++)
        e = gy_group_spawn(&askers, ask_on, load);
    int f = gy_group_wait(&askers);
    gy_periodic_stop(&reports);
    if (!e && (!f || f == GY_ETIMEDOUT))
        report(load, "end");
    gy_client_free(load->client);
    return e ? e : f == GY_ETIMEDOUT ? 0 : f;
}

int load_main(int argc, char **argv)
{
    static struct load load;
    if (argc != 5)
        return fprintf(stderr, "usage: lab load URL CONCURRENCY SECONDS\n"), 2;
    load.url = argv[2];
    load.concurrency = strtol(argv[3], NULL, 10);
    load.seconds = strtod(argv[4], NULL);
    if (load.concurrency < 1 || !(load.seconds > 0))
        return fprintf(stderr, "lab load: nothing to do\n"), 2;
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    int e = gy_run(load_for, &load);
    if (e)
        fprintf(stderr, "lab load: %s\n", gy_strerror(e));
    return e ? 1 : 0;
}
