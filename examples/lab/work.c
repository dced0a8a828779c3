/* SPDX-License-Identifier: MIT */
/* work.c - five kinds of work, each done in four ways. */

#include "lab.h"
#include <pthread.h>
#include <time.h>

enum { LOOKUPS = 32 };

/* A kind of work: as a task does it, which waits and lets others go on; and as code does that knows of
 * no loop, which blocks whatever thread it is on. Both leave their answer in the arena. */
struct work {
    const char *name;
    int (*waiting)(gy_arena *a, gy_str *out);
    int (*blocking)(gy_arena *a, gy_str *out);
    bool parts; /* LOOKUPS of them, each by itself */
};

static gy_pool *threads, *processes;

/* -- hello: nothing to wait for ------------------------------------------------------------------ */

static int hello(gy_arena *a, gy_str *out)
{
    (void)a;
    *out = gy_str_of("Hello, world\n");
    return 0;
}

/* -- delay --------------------------------------------------------------------------------------- */

static int slept(gy_arena *a, gy_str *out)
{
    *out = gy_strf(a, "slept %g s\n", settings.delay);
    return out->ptr ? 0 : GY_ENOMEM;
}

static int delay_waiting(gy_arena *a, gy_str *out)
{
    int e = gy_sleep(settings.delay);
    return e ? e : slept(a, out);
}

static void sleep_blocking(double seconds)
{
    struct timespec t = {.tv_sec = (time_t)seconds};
    t.tv_nsec = (long)((seconds - (double)t.tv_sec) * 1e9);
    while (nanosleep(&t, &t))
        ;
}

static int delay_blocking(gy_arena *a, gy_str *out)
{
    sleep_blocking(settings.delay);
    return slept(a, out);
}

/* -- fetch --------------------------------------------------------------------------------------- */

static int fetched(gy_arena *a, const gy_response *res, int e, gy_str *out)
{
    *out = e ? gy_str_copy(a, gy_str_of(res->why)) : res->body;
    return e;
}

/* In a task gy_fetch waits. */
static int fetch_waiting(gy_arena *a, gy_str *out)
{
    gy_response res;
    int e = gy_fetch(a, settings.upstream, NULL, &res);
    return fetched(a, &res, e, out);
}

/* A thread that fetches again and again has a loop for it, which keeps its connections. */
static pthread_key_t own_loop;

static void free_loop(void *loop)
{
    gy_loop_free(loop);
}

static gy_loop *loop_of_thread(void)
{
    gy_loop *loop = pthread_getspecific(own_loop);
    if (!loop && (loop = gy_loop_new()) && pthread_setspecific(own_loop, loop)) {
        gy_loop_free(loop);
        loop = NULL;
    }
    return loop;
}

struct question {
    gy_arena *arena;
    gy_str *out;
    bool answered;
};

static int ask(void *arg)
{
    struct question *q = arg;
    int e = fetch_waiting(q->arena, q->out);
    q->answered = true;
    return e;
}

/* Where no task is, gy_fetch blocks. The blocking way is in a task of the server's loop all the same: it
 * turns another loop until the answer is there, and its own stands still. */
static int fetch_blocking(gy_arena *a, gy_str *out)
{
    gy_loop *loop = loop_of_thread();
    if (!loop)
        return GY_ENOMEM;
    if (!gy_task_self())
        return fetch_waiting(a, out);
    struct question q = {a, out, false};
    gy_task *t = gy_task_new(loop, ask, &q, NULL);
    if (!t)
        return GY_ENOMEM;
    while (!q.answered) {
        int e = gy_loop_turn(loop, -1);
        if (e)
            gy_error("the loop of a blocking fetch: %s", gy_strerror(e));
    }
    return gy_task_join(t);
}

/* -- burn ---------------------------------------------------------------------------------------- */

static double cpu_time(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* So much of the processor's time, however many others want it too. */
static unsigned long burn_for(double seconds, unsigned long sum)
{
    double end = cpu_time() + seconds;
    do {
        for (unsigned long i = 0; i < 2000; i++)
            sum = sum * 6364136223846793005u + 1442695040888963407u;
    } while (cpu_time() < end);
    return sum;
}

static int burned(gy_arena *a, unsigned long sum, gy_str *out)
{
    *out = gy_strf(a, "burned %g ms (%04lx)\n", settings.burn * 1000, sum & 0xffff);
    return out->ptr ? 0 : GY_ENOMEM;
}

/* No task can wait for a computation, but it can let others run in between. */
static int burn_waiting(gy_arena *a, gy_str *out)
{
    const double slice = 0.001;
    double left = settings.burn;
    unsigned long sum = 1;
    int e = 0;
    while (left > 0 && !e) {
        sum = burn_for(left < slice ? left : slice, sum);
        left -= slice;
        e = gy_yield();
    }
    return e ? e : burned(a, sum, out);
}

static int burn_blocking(gy_arena *a, gy_str *out)
{
    return burned(a, burn_for(settings.burn, 1), out);
}

/* -- cluster: many look-ups, then JSON ----------------------------------------------------------- */

struct place {
    double seconds;
    int id; /* what the look-up finds */
};

static int look_up_blocking(void *arg)
{
    struct place *p = arg;
    sleep_blocking(p->seconds);
    p->id++;
    return 0;
}

static int by_task(void *places, size_t i)
{
    struct place *p = (struct place *)places + i;
    int e = gy_sleep(p->seconds);
    p->id++;
    return e;
}

static int by_thread(void *places, size_t i)
{
    struct place *p = (struct place *)places + i;
    return gy_offload(look_up_blocking, p, &(gy_offload_opts){.pool = threads});
}

static int by_process(void *places, size_t i)
{
    struct place *p = (struct place *)places + i;
    return gy_offload(look_up_blocking, p,
                      &(gy_offload_opts){.pool = processes, .size = sizeof *p});
}

static int by_itself(void *places, size_t i)
{
    return look_up_blocking((struct place *)places + i);
}

static int write_places(gy_request *r, const struct place *places)
{
    gy_json_out out = gy_json_begin(r);
    gy_json_put(&out, "look_ups", "%d", LOOKUPS);
    gy_json_array(&out, "found");
    for (int i = 0; i < LOOKUPS; i++)
        gy_json_item(&out, "{id: %d}", places[i].id);
    gy_json_close(&out);
    return gy_json_end(&out);
}

static int look_up_all(gy_request *r, gy_map_fn *look_up, bool one_by_one)
{
    struct place places[LOOKUPS];
    int e = 0;
    for (int i = 0; i < LOOKUPS; i++)
        places[i] = (struct place){settings.lookup, i};
    if (!one_by_one)
        e = gy_map(LOOKUPS, 0, look_up, places);
    for (size_t i = 0; one_by_one && i < LOOKUPS && !e; i++)
        e = look_up(places, i);
    return e ? e : write_places(r, places);
}

/* -- The four ways ------------------------------------------------------------------------------- */

static int answer(gy_request *r, int e, gy_str text)
{
    if (e == GY_ECANCELED || e == GY_ESHUTDOWN || e == GY_ENOMEM)
        return e;
    if (e) /* only a fetch can fail otherwise, unless the client has left */
        return gy_fail(r, 502, "%s", text.len ? text.ptr : gy_strerror(e));
    gy_set_header(r, "Content-Type", "text/plain; charset=UTF-8");
    return gy_write_str(r, text);
}

static int as_task(gy_request *r)
{
    const struct work *w = r->arg;
    gy_str text = {0};
    if (w->parts)
        return look_up_all(r, by_task, false);
    int e = w->waiting(r->arena, &text);
    return answer(r, e, text);
}

/* On a thread or in a process; the row of the table is known there too. */
static int job(void *arg)
{
    const struct work *w = arg;
    gy_arena arena = {0};
    gy_str text = {0};
    int e = w->blocking(&arena, &text);
    int f = text.ptr ? gy_job_reply(text.ptr, text.len) : 0;
    gy_arena_done(&arena);
    return e ? e : f;
}

static int in_pool(gy_request *r, gy_pool *pool)
{
    gy_str text = {0};
    gy_offload_opts opts = {.pool = pool, .arena = r->arena, .reply = &text};
    int e = gy_offload(job, (void *)(uintptr_t)r->arg, &opts);
    return answer(r, e, text);
}

static int on_thread(gy_request *r)
{
    const struct work *w = r->arg;
    return w->parts ? look_up_all(r, by_thread, false) : in_pool(r, threads);
}

static int in_process(gy_request *r)
{
    const struct work *w = r->arg;
    return w->parts ? look_up_all(r, by_process, false) : in_pool(r, processes);
}

/* Nobody else is served until this has returned. */
static int blocking(gy_request *r)
{
    const struct work *w = r->arg;
    gy_str text = {0};
    if (w->parts)
        return look_up_all(r, by_itself, true);
    int e = w->blocking(r->arena, &text);
    return answer(r, e, text);
}

static const struct work works[] = {
    {.name = "hello", .waiting = hello, .blocking = hello},
    {.name = "delay", .waiting = delay_waiting, .blocking = delay_blocking},
    {.name = "fetch", .waiting = fetch_waiting, .blocking = fetch_blocking},
    {.name = "cluster", .parts = true},
    {.name = "burn", .waiting = burn_waiting, .blocking = burn_blocking},
};

bool work_exists(const char *name)
{
    for (size_t i = 0; i < sizeof works / sizeof *works; i++)
        if (strcmp(works[i].name, name) == 0)
            return true;
    return false;
}

static const gy_handler task_way = {.get = as_task}, thread_way = {.get = on_thread},
                        process_way = {.get = in_process}, block_way = {.get = blocking};

/* clang-format off */
#define WAYS(name_, index_)                                                                        \
    GY_ROUTE("/" name_ "/task", &task_way, .arg = &works[index_]),                                 \
    GY_ROUTE("/" name_ "/thread", &thread_way, .arg = &works[index_]),                             \
    GY_ROUTE("/" name_ "/process", &process_way, .arg = &works[index_]),                           \
    GY_ROUTE("/" name_ "/block", &block_way, .arg = &works[index_])
/* clang-format on */

const gy_route work_routes[] = {
    WAYS("hello", 0),   WAYS("delay", 1), WAYS("fetch", 2),
    WAYS("cluster", 3), WAYS("burn", 4),  GY_END,
};

int work_start(void)
{
    if (pthread_key_create(&own_loop, free_loop))
        return GY_ENOMEM;
    threads = gy_pool_new(&(gy_pool_opts){.name = "lab", .size = (unsigned)settings.threads});
    processes = gy_pool_new(&(gy_pool_opts){
        .name = "lab-jobs", .kind = GY_POOL_PROCESSES, .size = (unsigned)settings.processes});
    return threads && processes ? 0 : GY_ENOMEM;
}

void work_stop(void)
{
    gy_pool_free(threads);
    gy_pool_free(processes);
    free_loop(pthread_getspecific(own_loop));
    pthread_key_delete(own_loop);
}
