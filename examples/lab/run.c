/* SPDX-License-Identifier: MIT */
/* run.c - a run: one work, some ways, more and more at once, each step by a child that asks. */

#include "lab.h"
#include <stdio.h>
#include <stdlib.h>

enum { STEPS = 16, WAYS = 8, MOST_AT_ONCE = 10000, MOST_SECONDS = 30 };

static struct run {
    char work[16];
    const struct way *ways[WAYS];
    long steps[STEPS];
    int way_count, step_count;
    double seconds;
    gy_task *task; /* to be joined by whoever takes it from here */
    bool running;
} run;

/* -- One step ------------------------------------------------------------------------------------ */

static void say(const char *doing, const struct point *p, int done, const char *why)
{
    gy_arena a = {0};
    points_say("run",
               gy_json_strf(&a,
                            "{running: !!%d, doing: %s, work: %s, system: %s, "
                            "concurrency: %ld, done: %d, steps: %d, why: %s}",
                            (int)run.running, doing, run.work, p ? p->system : "",
                            p ? p->concurrency : 0, done, run.way_count * run.step_count, why));
    gy_arena_done(&a);
}

/* Its lines, as load.c writes them. Gives how many were never answered, or a negative code. */
static long follow(gy_process *child, struct point *p)
{
    gy_str line;
    for (;;) {
        int e = gy_stream_read_until(gy_process_out(child), "\n", 1024, &line);
        if (e)
            return e == GY_EOF ? GY_ECLOSED : e;
        char what[8];
        long unanswered;
        if (sscanf(line.ptr, "%7s %lf %lf %lf %ld %ld", what, &p->rps, &p->p50_ms, &p->p99_ms,
                   &p->failed, &unanswered) != 6)
            return GY_EPROTO;
        if (strcmp(what, "end") == 0)
            return unanswered;
        points_tell(p);
    }
}

static long load(gy_arena *a, const char *url, struct point *p, char *why, size_t size)
{
    const char *argv[] = {kin_path(a, NULL),
                          "load",
                          url,
                          gy_strf(a, "%ld", p->concurrency).ptr,
                          gy_strf(a, "%.3f", run.seconds).ptr,
                          NULL};
    if (!argv[0] || !argv[3] || !argv[4])
        return GY_ENOMEM;
    gy_process_opts opts = {.argv = argv, .in = GY_STDIO_NULL, .out = GY_STDIO_PIPE};
    gy_process *child;
    int e = gy_process_open(&opts, &child, why, size);
    if (e)
        return e;
    long unanswered = follow(child, p);
    gy_process_close(child);
    return unanswered;
}

static int step(const struct way *w, struct point *p, int done, char *why, size_t size)
{
    gy_arena a = {0};
    gy_str url = {0};
    long unanswered = 0;
    gy_str label = way_label(&a, w);
    snprintf(p->system, sizeof p->system, "gyre %s", label.ptr ? label.ptr : w->name);
    snprintf(p->work, sizeof p->work, "%s", run.work);
    say("measuring", p, done, "");
    int e = way_url(&a, run.work, w, &url, why, size);
    if (!e)
        unanswered = load(&a, url.ptr, p, why, size);
    if (unanswered < 0)
        e = (int)unanswered;
    if (!e)
        points_add(p);
    /* What it has taken in and nobody waits for any more it would work off first. */
    if ((double)unanswered > p->rps / 4 && strcmp(w->route, "block") == 0)
        way_renew(w);
    gy_arena_done(&a);
    return e;
}

static int run_all(void *arg)
{
    char why[200] = "";
    int e = 0, done = 0;
    (void)arg;
    for (int s = 0; s < run.step_count && !e; s++)
        for (int w = 0; w < run.way_count && !e; w++) {
            struct point p = {.concurrency = run.steps[s]};
            e = step(run.ways[w], &p, done++, why, sizeof why);
        }
    run.running = false;
    const char *how = "finished";
    if (e == GY_ECANCELED || e == GY_ESHUTDOWN)
        how = "stopped";
    else if (e)
        how = "failed";
    if (e && !*why)
        snprintf(why, sizeof why, "%s", gy_strerror(e));
    say(how, NULL, done, why);
    return 0;
}

/* -- Beginning and ending ------------------------------------------------------------------------ */

void run_stop(void)
{
    gy_task *t = run.task;
    run.task = NULL;
    if (t) {
        gy_task_cancel(t);
        gy_task_join(t);
    }
}

static int read_ways(gy_request *r, struct run *out)
{
    size_t n;
    const gy_str *names = gy_args(r, "way", &n);
    for (size_t i = 0; i < n; i++) {
        const struct way *w = way_find(names[i]);
        if (!w || out->way_count == WAYS)
            return gy_fail(r, 400, "a way is task, thread, process, block-one or block-many");
        out->ways[out->way_count++] = w;
    }
    return n ? 0 : gy_fail(r, 400, "choose a way");
}

static int read_steps(gy_request *r, struct run *out)
{
    gy_str rest = gy_str_of(gy_body_arg(r, "steps", "")), part;
    while (gy_str_cut(&rest, ',', &part)) {
        int64_t n;
        if (gy_str_int(gy_str_trim(part), &n) || n < 1 || n > MOST_AT_ONCE)
            return gy_fail(r, 400, "steps are numbers from 1 to %d with commas between",
                           MOST_AT_ONCE);
        if (out->step_count == STEPS)
            return gy_fail(r, 400, "%d steps are the most", STEPS);
        out->steps[out->step_count++] = (long)n;
    }
    return out->step_count ? 0 : gy_fail(r, 400, "no steps");
}

static int read_run(gy_request *r, struct run *out)
{
    const char *work = gy_body_arg(r, "work", "");
    *out = (struct run){.running = true};
    if (!work_exists(work))
        return gy_fail(r, 400, "work is hello, delay, fetch, cluster or burn");
    snprintf(out->work, sizeof out->work, "%s", work);
    int e = gy_arg_double(r, "seconds", 3, &out->seconds);
    if (!e && !(out->seconds >= 0.2 && out->seconds <= MOST_SECONDS))
        e = gy_fail(r, 400, "seconds are from 0.2 to %d", MOST_SECONDS);
    if (!e)
        e = read_ways(r, out);
    return e ? e : read_steps(r, out);
}

static int post_run(gy_request *r)
{
    struct run wanted;
    int e = check_alone(r);
    if (!e)
        e = check_origin(r);
    if (!e)
        e = read_run(r, &wanted);
    if (e)
        return e;
    if (!run.running)
        run_stop(); /* the one before has ended, and is joined now */
    if (run.running)
        return gy_fail(r, 409, "one run at a time: stop the other one, or let it finish");
    run = wanted;
    run.task = gy_task_new(gy_loop_current(), run_all, NULL, &(gy_task_opts){.name = "run"});
    if (!run.task) {
        run.running = false;
        return GY_ENOMEM;
    }
    gy_set_status(r, 202);
    return gy_json(r, "{steps: %d}", run.way_count * run.step_count);
}

static int post_stop(gy_request *r)
{
    int e = check_alone(r);
    if (!e)
        e = check_origin(r);
    if (e)
        return e;
    bool was = run.running;
    run_stop();
    return gy_json(r, "{stopped: !!%d}", (int)was);
}

const gy_handler run_page = {.post = post_run, .max_body = 4096};
const gy_handler stop_page = {.post = post_stop, .max_body = 4096};
