/* SPDX-License-Identifier: MIT */
/* fetch.c - gyre fetch: URLs, one after the other or several at the same time. */

#include "fetch.h"

#include <errno.h>
#include <gyre/error.h>
#include <gyre/log.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/utf8_step.h"
#include "command.h"

/* All that is fetched in this run. */
struct job {
    struct fetch fetch;
    struct download *downloads;
    char **urls;
    size_t count;
};

/* -- Where the bodies go ------------------------------------------------------------------------- */

static bool is_folder(const char *path)
{
    struct stat st;
    size_t len = strlen(path);
    return (len && path[len - 1] == '/') || (stat(path, &st) == 0 && S_ISDIR(st.st_mode));
}

static bool is_taken(const struct job *j, size_t count, const char *path)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(j->downloads[i].out.path, path) == 0)
            return true;
    return false;
}

static int name_file(struct job *j, size_t i, const char *folder)
{
    struct download *d = &j->downloads[i];
    char url[200];
    d->out.path = output_name(&j->fetch.arena, folder, d->url);
    if (!d->out.path)
        complain(&j->fetch, "%s: no name to save it under; --output FILE gives one",
                 trace_url(j->urls[i], url, sizeof url));
    else if (is_taken(j, i, d->out.path))
        complain(&j->fetch, "two of the URLs would be saved as %s", d->out.path);
    else
        return 0;
    return EXIT_USAGE;
}

static int name_outputs(struct job *j)
{
    const struct settings *s = j->fetch.given;
    const char *to = s->output && strcmp(s->output, "-") != 0 ? s->output : NULL;
    bool folder = to && is_folder(to);
    int status = 0;
    if (!folder && s->parallel > 1 && j->count > 1 && s->body && !s->head) {
        complain(&j->fetch, "--parallel needs --output FOLDER/: the bodies would get mixed");
        return EXIT_USAGE;
    }
    if (to && !folder && j->count > 1) {
        complain(&j->fetch, "several URLs, and --output %s is no folder", to);
        return EXIT_USAGE;
    }
    for (size_t i = 0; folder && i < j->count && !status; i++)
        status = name_file(j, i, to);
    if (to && !folder)
        j->downloads[0].out.path = to;
    return status;
}

/* -- URLs ---------------------------------------------------------------------------------------- */

/* "localhost:8888/x" is one of http. */
static const char *whole_url(gy_arena *a, const char *url)
{
    return strstr(url, "://") ? url : gy_strf(a, "http://%s", url).ptr;
}

static int list_downloads(struct job *j)
{
    struct fetch *f = &j->fetch;
    j->downloads = gy_zalloc(&f->arena, j->count * sizeof *j->downloads);
    for (size_t i = 0; j->downloads && i < j->count; i++) {
        struct download *d = &j->downloads[i];
        d->fetch = f;
        d->url = whole_url(&f->arena, j->urls[i]);
        if (!d->url)
            break;
        if (i + 1 == j->count)
            return name_outputs(j);
    }
    complain(f, "out of memory");
    return EXIT_FAILED;
}

/* Of a line about it: that of the file, or what would be one. */
static void name_download(struct job *j, size_t i)
{
    struct download *d = &j->downloads[i];
    char url[200];
    const char *slash = d->out.path ? strrchr(d->out.path, '/') : NULL;
    d->name = d->out.path ? d->out.path : output_name(&j->fetch.arena, NULL, d->url);
    if (slash)
        d->name = slash + 1;
    char *name = gy_strdup(&j->fetch.arena, d->name ? d->name : trace_url(d->url, url, sizeof url));
    if (name)
        gy__utf8_tame(name, strlen(name));
    d->name = name ? name : "";
}

/* A terminal that shows the bodies has no room for a line about them. */
static bool shows_bodies(const struct job *j)
{
    return !j->downloads[0].out.path && isatty(STDOUT_FILENO);
}

/* -- Signals ------------------------------------------------------------------------------------- */

static void give_up(struct fetch *f, int signo)
{
    f->signal = signo;
    gy_group_cancel(&f->group);
    /* The next one ends the program whatever it is at. */
    (void)!gy_loop_on_signal(gy_loop_current(), signo, NULL, NULL);
}

static void on_interrupt(void *arg)
{
    give_up(arg, SIGINT);
}

static void on_terminate(void *arg)
{
    give_up(arg, SIGTERM);
}

/* But one that whoever started us has us ignore. */
static void listen_to(int signo, gy_callback *fn, struct fetch *f)
{
    struct sigaction now;
    bool ignored = sigaction(signo, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
    if (!fn || !ignored)
        (void)!gy_loop_on_signal(gy_loop_current(), signo, fn, f);
}

/* -- All of them --------------------------------------------------------------------------------- */

static void download_all(struct job *j)
{
    struct fetch *f = &j->fetch;
    int e = 0;
    f->group = (gy_group){.limit = (size_t)f->given->parallel, .name = "download"};
    for (size_t i = 0; i < j->count; i++)
        name_download(j, i);
    for (size_t i = 0; i < j->count && !e && !f->signal; i++)
        e = gy_group_spawn(&f->group, download_run, &j->downloads[i]);
    e = gy_group_wait(&f->group);
    if (e && !f->signal) {
        complain(f, "%s", gy_strerror(e));
        f->status = EXIT_FAILED;
    }
}

/* The first task. */
static int run(void *arg)
{
    struct job *j = arg;
    struct fetch *f = &j->fetch;
    f->status = fetch_prepare(f);
    if (!f->status)
        f->status = list_downloads(j);
    if (!f->status) {
        f->progress.on = f->given->progress && !f->given->head && !shows_bodies(j);
        listen_to(SIGINT, on_interrupt, f);
        listen_to(SIGTERM, on_terminate, f);
        progress_begin(&f->progress, j->count);
        download_all(j);
        progress_end(&f->progress);
        listen_to(SIGINT, NULL, NULL);
        listen_to(SIGTERM, NULL, NULL);
    }
    fetch_done(f);
    return 0;
}

int fetch_main(int argc, char **argv)
{
    char why[400];
    gy_options options = {0};
    struct job j = {.fetch = {.given = &fetch_settings}, .urls = argv + 1};
    if (fetch_options_ask_for_help(argc, argv)) {
        fetch_options_help();
        return EXIT_DONE;
    }
    int urls = fetch_options_parse(&options, &argc, argv, why, sizeof why);
    if (urls < 0) {
        complain(&j.fetch, "%s", why);
        gy_options_done(&options);
        return urls == GY_ENOMEM ? EXIT_FAILED : EXIT_USAGE;
    }
    sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
    gy_log_set_level(GY_LOG_OFF); /* what goes wrong is said in words of our own */
    j.count = (size_t)urls;
    int e = gy_run(run, &j);
    if (e)
        complain(&j.fetch, "%s", gy_strerror(e));
    gy_options_done(&options);
    if (j.fetch.signal)
        return EXIT_SIGNAL + j.fetch.signal;
    return e ? EXIT_FAILED : j.fetch.status;
}
