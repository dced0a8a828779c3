/* SPDX-License-Identifier: MIT */
/* threads.c - the third advice: what can only block does so on a thread of a pool.
 *
 *     build/examples/advice/threads --file /mnt/far/away.txt
 *     curl localhost:8888/file                  others go on, however long the file takes */

#include <gyre.h>
#include <stdio.h>

static const char *path = "/etc/hostname";
static int size = 30, line = 100;
static gy_pool *disk;

/* Blocks, as every call for files does. On a thread it may only touch what it is given. */
static int read_file(void *arg)
{
    const char *name = arg;
    char part[4096];
    size_t n;
    int e = 0;
    FILE *f = fopen(name, "r");
    if (!f)
        return -errno;
    while (!e && (n = fread(part, 1, sizeof part, f)) > 0)
        e = gy_job_reply(part, n);
    if (!e && ferror(f))
        e = -EIO;
    fclose(f);
    return e;
}

/* The task waits, one thread blocks. */
static int file_page(gy_request *r)
{
    gy_str text = {0};
    int e = gy_offload(read_file, (void *)(uintptr_t)path,
                       &(gy_offload_opts){.pool = disk, .arena = r->arena, .reply = &text});
    if (e == GY_EBUSY) /* better a word at once than an answer when nobody waits for it any more */
        return gy_fail(r, 503, "%d wait for the disk already", line);
    if (e == -ENOENT)
        return gy_fail(r, 404, "there is no such file");
    if (e)
        return e;
    gy_set_header(r, "Content-Type", "text/plain; charset=UTF-8");
    return gy_write_str(r, text);
}

static int now(gy_request *r)
{
    return gy_write(r, "now\n");
}

static const gy_route routes[] = {
    GY_GET("/file", file_page),
    GY_GET("/now", now),
    GY_END,
};

/* A pool for each thing that is waited for: when the disk is slow, others still have their threads. */
static int start(const gy_app *app)
{
    (void)app;
    disk = gy_pool_new(
        &(gy_pool_opts){.name = "disk", .size = (unsigned)size, .queue_limit = (size_t)line});
    return disk ? 0 : GY_ENOMEM;
}

static void stop(const gy_app *app)
{
    (void)app;
    gy_pool_free(disk);
}

static const gy_app threads_app = {
    .routes = routes, .name = "threads", .on_start = start, .on_stop = stop};

static const gy_option options[] = {
    GY_OPT_PATH("file", &path, "the file to read"),
    GY_OPT_INT("threads", &size, "how many are read at once", .min = 1, .max = 1024),
    GY_OPT_INT("line", &line, "how many may wait for a thread", .min = 1, .max = 1000000),
    GY_OPT_END,
};

int main(int argc, char **argv)
{
    return gy_main_with(&threads_app, &(gy_serve_opts){.options = options}, argc, argv);
}
