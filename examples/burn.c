/* SPDX-License-Identifier: MIT */
/* burn.c - work for the processor, in three places, and what each does to everybody else.
 *
 *     curl localhost:8888/inline/20000000     /now hangs meanwhile
 *     curl localhost:8888/thread/20000000     /now answers at once, and two of these use two CPUs
 *     curl localhost:8888/process/20000000    the same, and a crash would be only its own */

#include <gyre.h>
#include <unistd.h>

/* What goes in and what comes out; a process gets a copy and sends it back. */
struct job {
    unsigned long n;
    unsigned long primes; /* below n */
    int pid;              /* who counted */
};

/* Never waits, so on the loop's thread nothing else would run until it is done. */
static int count_primes(void *arg)
{
    struct job *job = arg;
    job->primes = 0;
    for (unsigned long i = 2; i < job->n; i++) {
        bool prime = true;
        for (unsigned long d = 2; prime && d * d <= i; d++)
            prime = i % d != 0;
        job->primes += prime;
    }
    job->pid = getpid();
    return 0;
}

static int answer(gy_request *r, const struct job *job)
{
    return gy_json(r, "{below: %lu, primes: %lu, pid: %d, seconds: %.3f}", job->n, job->primes,
                   job->pid, gy_request_time(r));
}

/* At most so many, in the address, that it ends today. */
static int read_job(gy_request *r, struct job *job)
{
    long n = gy_path_int(r, "n");
    if (n < 0 || n > 100000000)
        return gy_fail(r, 400, "n must be from 0 to 100000000");
    *job = (struct job){.n = (unsigned long)n};
    return 0;
}

/* Done wrong: the loop stands still, and the watchdog says who holds it. */
static int inline_page(gy_request *r)
{
    struct job job = {0};
    int e = read_job(r, &job);
    if (!e)
        e = count_primes(&job);
    return e ? e : answer(r, &job);
}

static int thread_page(gy_request *r)
{
    struct job job = {0};
    int e = read_job(r, &job);
    if (!e)
        e = gy_offload(count_primes, &job, NULL);
    return e ? e : answer(r, &job);
}

/* When the client leaves, the process is killed and another takes its place. */
static int process_page(gy_request *r)
{
    struct job job = {0};
    int e = read_job(r, &job);
    if (!e)
        e = gy_offload(count_primes, &job,
                       &(gy_offload_opts){.pool = gy_process_pool(), .size = sizeof job});
    return e ? e : answer(r, &job);
}

static int now(gy_request *r)
{
    return gy_write(r, "now\n");
}

const gy_route burn_routes[] = {
    GY_GET("/inline/{n:int}", inline_page),
    GY_GET("/thread/{n:int}", thread_page),
    GY_GET("/process/{n:int}", process_page),
    GY_GET("/now", now),
    GY_END,
};

const gy_app burn_app = {.routes = burn_routes, .name = "burn"};

int main(int argc, char **argv)
{
    return gy_main(&burn_app, argc, argv);
}
