/* SPDX-License-Identifier: MIT */
/* processes.c - the fourth advice: out of the process, at once or by a queue and a worker.
 *
 *     curl localhost:8888/primes/1000000        counted by another process while others go on
 *     curl localhost:8888/primes/13             a bug that crashes it: one answer is lost
 *     curl -X POST localhost:8888/orders/20000000       noted: {"order":0}
 *     curl localhost:8888/orders/0              done, or not yet */

#include <gyre.h>
#include <signal.h>

enum { ORDERS = 100, MOST = 100000000 };

/* -- The work, which knows nothing of servers ----------------------------------------------------- */

struct job {
    unsigned long below, primes;
};

static int count_primes(void *arg)
{
    struct job *job = arg;
    if (job->below == 13)
        raise(SIGSEGV); /* stands for a bug in a library */
    for (unsigned long i = 2; i < job->below; i++) {
        bool prime = true;
        for (unsigned long d = 2; prime && d * d <= i; d++)
            prime = i % d != 0;
        job->primes += prime;
    }
    return 0;
}

/* A process gets a copy, and its copy comes back. */
static int count_elsewhere(struct job *job)
{
    return gy_offload(count_primes, job,
                      &(gy_offload_opts){.pool = gy_process_pool(), .size = sizeof *job});
}

static int read_job(gy_request *r, struct job *job)
{
    long n = gy_path_int(r, "n");
    if (n < 0 || n > MOST)
        return gy_fail(r, 400, "n is from 0 to %d", MOST);
    *job = (struct job){.below = (unsigned long)n};
    return 0;
}

/* -- While somebody waits for it ------------------------------------------------------------------ */

/* When the client leaves, the process is killed and another takes its place. */
static int primes_page(gy_request *r)
{
    struct job job;
    int e = read_job(r, &job);
    if (e)
        return e;
    e = count_elsewhere(&job);
    if (gy_job_signal(e))
        return gy_fail(r, 500, "%s", gy_strerror(e));
    return e ? e : gy_json(r, "{below: %lu, primes: %lu}", job.below, job.primes);
}

/* -- Noted now, done later ------------------------------------------------------------------------ */

static struct order {
    struct job job;
    int result;
    bool done;
} orders[ORDERS];
static unsigned order_count;
static gy_queue queue = {.max = ORDERS};
static gy_task *worker;

static int post_order(gy_request *r)
{
    struct job job;
    int e = read_job(r, &job);
    if (e)
        return e;
    if (order_count == ORDERS)
        return gy_fail(r, 503, "%d orders are enough for an example", ORDERS);
    orders[order_count].job = job;
    e = gy_queue_put(&queue, &orders[order_count], 0);
    if (e)
        return e;
    gy_set_status(r, 202);
    return gy_json(r, "{order: %u}", order_count++);
}

static int order_page(gy_request *r)
{
    long i = gy_path_int(r, "n");
    if (i < 0 || i >= (long)order_count)
        return gy_fail(r, 404, "there is no order %ld", i);
    const struct order *o = &orders[i];
    if (!o->done)
        return gy_json(r, "{order: %ld, done: false}", i);
    if (o->result)
        return gy_json(r, "{order: %ld, done: true, failed: %s}", i, gy_strerror(o->result));
    return gy_json(r, "{order: %ld, done: true, primes: %lu}", i, o->job.primes);
}

/* One after another, whether somebody asks for them again or not. */
static int work_off(void *arg)
{
    void *item;
    int e;
    (void)arg;
    while ((e = gy_queue_get(&queue, &item, GY_FOREVER)) == 0) {
        struct order *o = item;
        o->result = count_elsewhere(&o->job);
        o->done = true;
    }
    return e;
}

/* -- The server ----------------------------------------------------------------------------------- */

static int now(gy_request *r)
{
    return gy_write(r, "now\n");
}

static const gy_route routes[] = {
    GY_GET("/primes/{n:int}", primes_page),
    GY_POST("/orders/{n:int}", post_order),
    GY_GET("/orders/{n:int}", order_page),
    GY_GET("/now", now),
    GY_END,
};

static int start(const gy_app *app)
{
    (void)app;
    worker = gy_task_new(gy_loop_current(), work_off, NULL, &(gy_task_opts){.name = "worker"});
    return worker ? 0 : GY_ENOMEM;
}

static void stop(const gy_app *app)
{
    (void)app;
    gy_task_cancel(worker);
    gy_task_join(worker);
    gy_queue_done(&queue);
}

static const gy_app processes_app = {
    .routes = routes, .name = "processes", .on_start = start, .on_stop = stop};

int main(int argc, char **argv)
{
    return gy_main(&processes_app, argc, argv);
}
