/* SPDX-License-Identifier: MIT */
/* download.c - one URL: asked for, again where that may help, and its body put where it belongs. */

#include <errno.h>
#include <fcntl.h>
#include <gyre/error.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "fetch.h"

enum { LONGEST_PAUSE = 60 };

/* -- Again? -------------------------------------------------------------------------------------- */

static bool may_pass(int status)
{
    return status == 408 || status == 429 || status == 500 || status == 502 || status == 503 ||
           status == 504;
}

static bool is_passing_failure(int e)
{
    return e == GY_ECLOSED || e == GY_ETIMEDOUT || e == GY_ENOTFOUND || e == -EAGAIN ||
           e == -ECONNREFUSED || e == -ECONNRESET || e == -EHOSTUNREACH || e == -ENETUNREACH ||
           e == -EPIPE || e == -ENOENT;
}

/* Whether to ask again after [e], or after the status of the head that came. */
static bool asks_again(const struct download *d, int e)
{
    const char *body = d->fetch->body_path;
    if (d->last_try || d->printed || d->output_failed || d->fetch->signal)
        return false;
    if (body && strcmp(body, "-") == 0)
        return false;
    return e ? is_passing_failure(e) : may_pass(d->status);
}

/* -- What comes ---------------------------------------------------------------------------------- */

static bool is_wanted(const struct download *d)
{
    const struct settings *s = d->fetch->given;
    return s->body && !(s->fail && d->status >= 400) && !asks_again(d, 0) && !d->whole && !d->anew;
}

static uint64_t length_of(const gy_headers *h)
{
    uint64_t length;
    gy_str text = gy_headers_get(h, "Content-Length");
    return gy_headers_has(h, "Content-Encoding") || gy_str_uint(text, &length) ? 0 : length;
}

static int on_head(void *arg, int status, const gy_headers *headers)
{
    struct download *d = arg;
    struct fetch *f = d->fetch;
    d->status = status;
    if (f->given->verbose) {
        progress_clear(&f->progress);
        trace_head(stderr, "< ", &d->response, status, headers);
    }
    if (status < 200)
        return 0;
    int e = resume_head(d, status, headers);
    progress_restart(&f->progress, &d->item);
    d->item.length = length_of(headers);
    if (d->append)
        progress_skip(&f->progress, &d->item, d->from);
    if (e)
        return e;
    if ((f->given->include || f->given->head) && !asks_again(d, 0)) {
        progress_clear(&f->progress);
        trace_head(stdout, "", &d->response, status, headers);
        d->printed = true;
        return fflush(stdout) ? -errno : 0;
    }
    return 0;
}

static int open_output(struct download *d)
{
    int e = output_open(&d->out, d->arena, d->append);
    if (!e && d->fetch->given->resume && !d->append)
        output_note(&d->out, d->version);
    if (!e && !d->out.path)
        d->printed = true;
    return e;
}

static int on_body(void *arg, const void *data, size_t len)
{
    struct download *d = arg;
    if (!is_wanted(d)) {
        d->refused = true;
        return GY_ESHUTDOWN;
    }
    progress_add(&d->fetch->progress, &d->item, len);
    int e = d->out.fd < 0 ? open_output(d) : 0;
    if (!e)
        e = output_write(&d->out, data, len);
    if (e < 0)
        d->output_failed = e;
    return e;
}

/* -- What is sent -------------------------------------------------------------------------------- */

static int open_body(struct download *d, gy_fetch_opts *o)
{
    struct stat st;
    const char *path = d->fetch->body_path;
    if (!path)
        return 0;
    o->read_arg = d;
    d->body_fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    if (d->body_fd < 0 || fstat(d->body_fd, &st))
        return -errno;
    o->body_length = S_ISREG(st.st_mode) ? st.st_size - lseek(d->body_fd, 0, SEEK_CUR) : 0;
    if (S_ISREG(st.st_mode) && o->body_length <= 0) {
        o->read_body = NULL;
        o->body_length = 0;
        o->body = gy_str_n("", 0);
    }
    return 0;
}

/* -- An attempt ---------------------------------------------------------------------------------- */

/* A file that is asked for is made, even of an empty body. */
static bool is_to_be_made(const struct download *d)
{
    if (d->out.fd >= 0 || !d->out.path || d->fetch->given->head)
        return false;
    return d->whole || (is_wanted(d) && !d->refused);
}

static int finish_output(struct download *d)
{
    int e = 0;
    if (is_to_be_made(d))
        e = output_open(&d->out, d->arena, d->append || d->whole);
    if (!e)
        e = output_commit(&d->out);
    return d->output_failed = e;
}

static int ask(struct download *d, gy_fetch_opts *o)
{
    int e = open_body(d, o);
    if (e) {
        snprintf(d->response.why, sizeof d->response.why, "%s: %s", d->fetch->body_path,
                 gy_strerror(e));
        return e;
    }
    e = resume_ask(d, o);
    if (!e)
        e = gy_fetch(d->arena, d->url, o, &d->response);
    if (e == GY_EPROTO && d->status == 206 && !d->append)
        snprintf(d->response.why, sizeof d->response.why, "a part came that was not asked for");
    return e;
}

static int attempt(struct download *d)
{
    gy_fetch_opts o = d->fetch->opts;
    o.on_head = on_head;
    o.write_body = on_body;
    o.head_arg = o.write_arg = d;
    d->status = d->output_failed = 0;
    d->refused = false;
    d->response = (gy_response){0};
    if (d->fetch->given->verbose)
        trace_request(d);
    int e = ask(d, &o);
    if (e && d->refused)
        e = 0;
    if (!e && !d->anew)
        e = finish_output(d);
    else
        output_drop(&d->out, d->fetch->given->resume);
    if (d->body_fd >= 0)
        close(d->body_fd);
    d->body_fd = -1;
    if (d->fetch->given->verbose)
        trace_times(d);
    return e;
}

/* -- All attempts -------------------------------------------------------------------------------- */

/* A second, two, four ..., or as long as the server says. */
static double pause_before(const struct download *d, int try)
{
    uint64_t said;
    gy_str after = gy_headers_get(&d->response.headers, "Retry-After");
    double seconds = try < 6 ? (double)(1 << try) : LONGEST_PAUSE;
    if (d->status >= 400 && after.len && !gy_str_uint(after, &said))
        seconds = (double)said;
    return seconds < LONGEST_PAUSE ? seconds : LONGEST_PAUSE;
}

static int pause_awhile(struct download *d, int e, int try)
{
    char url[200];
    double seconds = pause_before(d, try);
    if (e)
        complain(d->fetch, "%s: %s; again in %g s", trace_url(d->url, url, sizeof url),
                 d->response.why, seconds);
    else
        complain(d->fetch, "%s: %d %s; again in %g s", trace_url(d->url, url, sizeof url),
                 d->status, gy_status_reason(d->status), seconds);
    return gy_sleep(seconds);
}

static int attempts(struct download *d)
{
    for (int try = 0;; try++) {
        d->last_try = try >= d->fetch->given->retry;
        int e = attempt(d);
        if (!asks_again(d, e) && resume_is_over(d))
            return e;
        e = d->anew ? 0 : pause_awhile(d, e, try);
        if (e)
            return e;
        gy_arena_reset(d->arena);
        progress_restart(&d->fetch->progress, &d->item);
    }
}

/* -- The end ------------------------------------------------------------------------------------- */

static int status_of(const struct download *d, int e)
{
    if (e == GY_EINVAL || (e == GY_EURL && !d->response.redirects))
        return d->output_failed ? EXIT_FAILED : EXIT_USAGE;
    if (e)
        return EXIT_FAILED;
    return d->fetch->given->fail && d->status >= 400 && !d->whole ? EXIT_REFUSED : EXIT_DONE;
}

static void report(struct download *d, int e)
{
    char url[200];
    const char *where = d->out.path ? d->out.path : "standard output";
    trace_url(d->url, url, sizeof url);
    if (d->fetch->signal || (d->output_failed == -EPIPE && !d->out.path))
        return; /* whoever did that knows */
    if (d->output_failed)
        complain(d->fetch, "%s: %s", where, gy_strerror(d->output_failed));
    else if (e)
        complain(d->fetch, "%s: %s", url, d->response.why[0] ? d->response.why : gy_strerror(e));
    else if (status_of(d, e))
        complain(d->fetch, "%s: %d %s", url, d->status, gy_status_reason(d->status));
}

/* Of several downloads, what went worst. */
static void note_status(struct fetch *f, int status)
{
    static const int worst_first[] = {EXIT_USAGE, EXIT_FAILED, EXIT_REFUSED};
    for (size_t i = 0; i < sizeof worst_first / sizeof *worst_first; i++) {
        if (f->status == worst_first[i])
            return;
        if (status == worst_first[i])
            f->status = status;
    }
}

int download_run(void *arg)
{
    struct download *d = arg;
    struct progress *p = &d->fetch->progress;
    gy_arena arena = {0};
    d->arena = &arena;
    d->body_fd = d->out.fd = -1;
    progress_enter(p, &d->item, d->name);
    int e = attempts(d);
    if (e || d->refused)
        progress_restart(p, &d->item);
    progress_leave(p, &d->item, !e && !d->refused && (d->out.path || p->shown));
    report(d, e);
    note_status(d->fetch, status_of(d, e));
    gy_arena_done(&arena);
    return 0;
}
