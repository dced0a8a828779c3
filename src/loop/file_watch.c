/* SPDX-License-Identifier: MIT */
/* file_watch.c - callbacks for files that change, with inotify. */

#include <errno.h>
#include <gyre/error.h>
#include <gyre/list.h>
#include <stddef.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/alloc.h"
#include "loop/fork.h"
#include "loop/state.h"

/* Editors write a new file and rename it over the old one, so it is the directory that is watched. */
enum {
    CHANGES = IN_MODIFY | IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |
              IN_MOVE_SELF,
    LOST = IN_IGNORED | IN_MOVE_SELF /* nobody knows what lies at the paths within now */
};

struct directory {
    gy_list link;
    int wd;
    gy_list files;
};

struct gy_file_watch {
    gy_list link;    /* in its directory */
    gy_list changed; /* in the loop's, or in no list */
    gy_loop *loop;
    struct directory *dir;
    gy_file_watch_fn *fn;
    void *arg;
    const char *name; /* the last part of the path */
    char path[];
};

/* One for all files of a loop: a user may have few of them. */
struct gy__file_watches {
    int fd;
    gy_watch *watch;
    gy_list directories;
    gy_list changed; /* files of which it has yet to be told */
};

static void note(struct gy__file_watches *all, gy_file_watch *w)
{
    if (gy_list_empty(&w->changed))
        gy_list_add(&all->changed, &w->changed);
}

static void note_in(struct gy__file_watches *all, struct directory *d, const char *name)
{
    gy_list_each (it, &d->files) {
        gy_file_watch *w = gy_of(it, gy_file_watch, link);
        if (!name || strcmp(w->name, name) == 0)
            note(all, w);
    }
}

static void note_event(struct gy__file_watches *all, const struct inotify_event *ev)
{
    bool overflow = (ev->mask & IN_Q_OVERFLOW) != 0;
    gy_list_each (it, &all->directories) {
        struct directory *d = gy_of(it, struct directory, link);
        if (overflow || (d->wd == ev->wd && (ev->mask & LOST)))
            note_in(all, d, NULL);
        else if (d->wd == ev->wd && ev->len)
            note_in(all, d, ev->name);
        if (d->wd == ev->wd && (ev->mask & IN_IGNORED))
            d->wd = -1;
    }
}

/* All that has come, so that many changes of a file are one. */
static void read_events(struct gy__file_watches *all)
{
    _Alignas(struct inotify_event) char buf[4096];
    ssize_t n;
    while ((n = read(all->fd, buf, sizeof buf)) > 0) {
        for (const char *at = buf; at < buf + n;) {
            const struct inotify_event *ev = (const void *)at;
            note_event(all, ev);
            at += sizeof *ev + ev->len;
        }
    }
}

/* What is told may free any of them, and with the last one all. */
static void on_readable(void *arg, int fd, int events)
{
    gy_loop *loop = arg;
    (void)fd;
    (void)events;
    read_events(loop->files);
    while (loop->files && !gy_list_empty(&loop->files->changed)) {
        gy_file_watch *w = gy_of(loop->files->changed.next, gy_file_watch, changed);
        gy_list_del(&w->changed);
        w->fn(w->arg, w->path);
    }
}

static int begin(gy_loop *loop)
{
    struct gy__file_watches *all = gy__zalloc(sizeof *all);
    if (!all)
        return GY_ENOMEM;
    gy_list_init(&all->directories);
    gy_list_init(&all->changed);
    all->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    int e = all->fd < 0 ? -errno : 0;
    if (!e && !(all->watch = gy_watch_new(loop, all->fd, GY_READABLE, on_readable, loop)))
        e = -errno;
    if (!e)
        loop->files = all;
    else if (all->fd >= 0)
        close(all->fd);
    if (e)
        gy__free(all);
    return e;
}

static void end_when_unused(gy_loop *loop)
{
    struct gy__file_watches *all = loop->files;
    if (!all || !gy_list_empty(&all->directories))
        return;
    loop->files = NULL;
    gy_watch_free(all->watch);
    close(all->fd);
    gy__free(all);
}

static struct directory *find_directory(struct gy__file_watches *all, int wd)
{
    gy_list_each (it, &all->directories) {
        struct directory *d = gy_of(it, struct directory, link);
        if (d->wd == wd)
            return d;
    }
    return NULL;
}

/* The kernel knows a directory by whatever path, and gives the same number for it. */
static int watch_directory(struct gy__file_watches *all, const char *path, struct directory **out)
{
    int wd = inotify_add_watch(all->fd, path, CHANGES | IN_ONLYDIR);
    if (wd < 0)
        return -errno;
    struct directory *d = find_directory(all, wd);
    if (!d && !(d = gy__alloc(sizeof *d))) {
        inotify_rm_watch(all->fd, wd);
        return GY_ENOMEM;
    }
    if (!find_directory(all, wd)) {
        d->wd = wd;
        gy_list_init(&d->files);
        gy_list_add(&all->directories, &d->link);
    }
    *out = d;
    return 0;
}

static void leave_directory(gy_loop *loop, struct directory *d)
{
    if (!gy_list_empty(&d->files))
        return;
    /* A child shares the parent's instance. */
    if (d->wd >= 0 && loop->poller.forks == gy__forks)
        inotify_rm_watch(loop->files->fd, d->wd);
    gy_list_del(&d->link);
    gy__free(d);
}

/* "a/b" lies in "a", "b" in ".", "/b" in "/". The path's own storage is cut for a moment. */
static int watch_directory_of(gy_file_watch *w)
{
    char *slash = strrchr(w->path, '/');
    w->name = slash ? slash + 1 : w->path;
    if (!*w->name)
        return GY_EINVAL;
    if (!slash || slash == w->path)
        return watch_directory(w->loop->files, slash ? "/" : ".", &w->dir);
    *slash = '\0';
    int e = watch_directory(w->loop->files, w->path, &w->dir);
    *slash = '/';
    return e;
}

static int add(gy_file_watch *w)
{
    int e = w->loop->files ? 0 : begin(w->loop);
    if (!e)
        e = watch_directory_of(w);
    if (w->dir)
        gy_list_add(&w->dir->files, &w->link);
    return e;
}

gy_file_watch *gy_file_watch_new(gy_loop *loop, const char *path, gy_file_watch_fn *fn, void *arg)
{
    size_t size = strlen(path) + 1;
    gy_file_watch *w = gy__alloc(sizeof *w + size);
    if (!w)
        return errno = ENOMEM, NULL;
    *w = (gy_file_watch){.loop = loop, .fn = fn, .arg = arg};
    memcpy(w->path, path, size);
    gy_list_init(&w->changed);
    int e = add(w);
    if (!e)
        return w;
    gy__free(w);
    end_when_unused(loop);
    return errno = -e, NULL;
}

void gy_file_watch_free(gy_file_watch *w)
{
    if (!w)
        return;
    gy_loop *loop = w->loop;
    gy_list_del(&w->changed);
    gy_list_del(&w->link);
    leave_directory(loop, w->dir);
    gy__free(w);
    end_when_unused(loop);
}
