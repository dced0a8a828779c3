/* SPDX-License-Identifier: MIT */
/* cluster.c - a page that needs 32 slow look-ups at once: on threads, in processes, as tasks. */

#include <gyre.h>
#include <time.h>

enum { CLUSTERS = 4, MEMBERS = 8, NODES = 4, PLACES = CLUSTERS * MEMBERS };

static double lookup = 0.05; /* seconds that a look-up takes */

/* A node or a switch, found by asking somebody who takes his time. */
struct place {
    double seconds;
    int cluster, member; /* members are numbered from 0: nodes first */
    int id;              /* what the look-up finds */
};

/* -- The look-up, in three ways ------------------------------------------------------------------ */

static void find(struct place *p)
{
    p->id = p->member < NODES ? p->member + 1 : p->member - NODES + 1;
}

/* As a library would that knows nothing of loops. */
static int look_up_blocking(void *arg)
{
    struct place *p = arg;
    struct timespec t = {.tv_sec = (time_t)p->seconds};
    t.tv_nsec = (long)((p->seconds - (double)t.tv_sec) * 1e9);
    while (nanosleep(&t, &t))
        ;
    find(p);
    return 0;
}

static int by_task(void *places, size_t i)
{
    struct place *p = (struct place *)places + i;
    int e = gy_sleep(p->seconds);
    if (!e)
        find(p);
    return e;
}

/* Made when the application starts; a request that finds all busy waits for its turn. */
static gy_pool *threads, *processes;

static int by_thread(void *places, size_t i)
{
    struct place *p = (struct place *)places + i;
    return gy_offload(look_up_blocking, p, &(gy_offload_opts){.pool = threads});
}

/* Another process gets a copy of the place and sends it back. */
static int by_process(void *places, size_t i)
{
    struct place *p = (struct place *)places + i;
    return gy_offload(look_up_blocking, p,
                      &(gy_offload_opts){.pool = processes, .size = sizeof *p});
}

/* -- The answer ---------------------------------------------------------------------------------- */

/* One cluster, or all with 0: prepare has looked at what was asked for. */
struct asked {
    long cluster;
};

static void write_members(gy_json_out *out, const char *key, const char *id, const struct place *p,
                          int count)
{
    gy_json_array(out, key);
    for (int i = 0; i < count; i++) {
        gy_json_object(out, NULL);
        gy_json_put(out, id, "%d", p[i].id);
        gy_json_close(out);
    }
    gy_json_close(out);
}

static int answer(gy_request *r, const struct place *places, size_t count)
{
    gy_json_out out = gy_json_begin(r);
    gy_json_put(&out, "error_code", "0");
    gy_json_put(&out, "message", "''");
    gy_json_array(&out, "data");
    for (size_t i = 0; i < count; i += MEMBERS) {
        const struct place *p = &places[i];
        gy_json_object(&out, NULL);
        gy_json_put(&out, "cluster_id", "%d", p->cluster);
        write_members(&out, "nodes", "node_id", p, NODES);
        write_members(&out, "switches", "switch_id", p + NODES, MEMBERS - NODES);
        gy_json_close(&out);
    }
    return gy_json_end(&out);
}

/* All at the same time. When one fails, or the client leaves, the others are cancelled. */
static int collect(gy_request *r, gy_map_fn *look_up)
{
    const struct asked *asked = r->self;
    size_t count = asked->cluster ? MEMBERS : PLACES;
    struct place places[PLACES];
    for (int i = 0; i < PLACES; i++)
        places[i] =
            (struct place){.seconds = lookup,
                           .cluster = asked->cluster ? (int)asked->cluster : i / MEMBERS + 1,
                           .member = i % MEMBERS};
    int e = gy_map(count, 0, look_up, places);
    return e ? e : answer(r, places, count);
}

static int tasks_page(gy_request *r)
{
    return collect(r, by_task);
}

static int threads_page(gy_request *r)
{
    return collect(r, by_thread);
}

static int processes_page(gy_request *r)
{
    return collect(r, by_process);
}

/* -- What all pages have in common --------------------------------------------------------------- */

/* Before the verb: pages of other origins may ask too, and what cannot be answered ends here. */
static int prepare(gy_request *r)
{
    struct asked *asked = r->self;
    gy_set_header(r, "Access-Control-Allow-Origin", "*");
    gy_set_header(r, "Access-Control-Allow-Headers", "x-requested-with, content-type");
    gy_set_header(r, "Access-Control-Allow-Methods", "GET, OPTIONS");
    if (r->verb == GY_METHOD_OPTIONS) {
        gy_set_header(r, "Access-Control-Max-Age", "600");
        gy_set_status(r, 204);
        return gy_finish(r);
    }
    int e = gy_arg_int(r, "cluster", 0, &asked->cluster);
    if (!e && (asked->cluster < 0 || asked->cluster > CLUSTERS))
        return gy_fail(r, 404, "clusters are numbered from 1 to %d", CLUSTERS);
    return e;
}

/* Errors have the same envelope. */
static int write_error(gy_request *r)
{
    const char *why = gy_fail_reason(r);
    return gy_json(r, "{error_code: %d, message: %s, data: []}", gy_status(r),
                   why ? why : gy_status_reason(gy_status(r)));
}

static const gy_handler page = {
    .prepare = prepare, .write_error = write_error, .self_size = sizeof(struct asked)};

const gy_route cluster_routes[] = {
    GY_GET("/threads", threads_page, .base = &page),
    GY_GET("/processes", processes_page, .base = &page),
    GY_GET("/tasks", tasks_page, .base = &page),
    GY_END,
};

static int pool_size = PLACES;

static int start(const gy_app *app)
{
    unsigned size = (unsigned)pool_size;
    (void)app;
    threads = gy_pool_new(&(gy_pool_opts){.name = "look-ups", .size = size});
    processes = gy_pool_new(
        &(gy_pool_opts){.name = "look-up processes", .kind = GY_POOL_PROCESSES, .size = size});
    return threads && processes ? 0 : GY_ENOMEM;
}

static void stop(const gy_app *app)
{
    (void)app;
    gy_pool_free(threads);
    gy_pool_free(processes);
}

const gy_app cluster_app = {
    .routes = cluster_routes, .name = "cluster", .on_start = start, .on_stop = stop};

static const gy_option options[] = {
    GY_OPT_TIME("lookup", &lookup, "how long a look-up takes", .max = 3600),
    GY_OPT_INT("pool", &pool_size, "threads, and processes, that look up", .min = 1, .max = 1024),
    GY_OPT_END,
};

int main(int argc, char **argv)
{
    return gy_main_with(&cluster_app, &(gy_serve_opts){.options = options}, argc, argv);
}
