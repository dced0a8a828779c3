/* SPDX-License-Identifier: MIT */
/* log_file.c - a file of lines that is renewed by size or by time, also by other processes. */
#include "base/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <gyre/error.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"

enum { DEFAULT_SIZE = 100 << 20, DEFAULT_BACKUPS = 10, SUFFIX = 16, LATE = 20 * GY__NS_PER_MS };

static int64_t stamp(const struct timespec *t)
{
    return (int64_t)t->tv_sec * GY__NS_PER_S + t->tv_nsec;
}

/* What is there already tells when it was begun, for us: so a program that was away at midnight makes
 * up for it. A file's times come from a clock that is some milliseconds late. */
static void learn(struct gy__log_file *f, const struct stat *st)
{
    f->regular = S_ISREG(st->st_mode);
    f->dev = st->st_dev;
    f->ino = st->st_ino;
    f->size = st->st_size;
    f->look_at = gy__clock_coarse() + GY__NS_PER_S;
    f->rotate_at =
        gy__log_rotate_next(f, st->st_size ? stamp(&st->st_mtim) + LATE : gy__clock_wall_ns());
}

/* Never blocks, not even on a pipe that nobody reads. */
int gy__log_file_reopen(struct gy__log_file *f)
{
    struct stat st;
    int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    int fd = open(f->path, flags, f->mode);
    if (fd < 0)
        return -errno;
    if (fstat(fd, &st)) {
        int e = -errno;
        close(fd);
        return e;
    }
    if (f->fd >= 0)
        close(f->fd);
    f->fd = fd;
    f->torn = false;
    learn(f, &st);
    return 0;
}

static void set_options(struct gy__log_file *f, const gy_log_opts *opts)
{
    *f = (struct gy__log_file){
        .fd = -1, .rotate = opts->rotate, .min_age = GY__NS_PER_S, .mode = 0640};
    f->max = opts->file_size == 0                  ? DEFAULT_SIZE
             : opts->file_size > (size_t)INT64_MAX ? INT64_MAX
                                                   : (int64_t)opts->file_size;
    f->backups = opts->backups > 0 ? opts->backups : DEFAULT_BACKUPS;
    f->every = !(opts->rotate_every >= 1) ? GY__NS_PER_S
               : opts->rotate_every < 4e9 ? (int64_t)(opts->rotate_every * GY__NS_PER_S)
                                          : (int64_t)4e18;
}

int gy__log_file_open(struct gy__log_file *f, const gy_log_opts *opts)
{
    set_options(f, opts);
    size_t len = strlen(opts->file);
    f->path = gy__alloc(len + 1);
    f->from = gy__alloc(len + SUFFIX);
    f->to = gy__alloc(len + SUFFIX);
    int e = f->path && f->from && f->to ? 0 : GY_ENOMEM;
    if (!e) {
        memcpy(f->path, opts->file, len + 1);
        e = gy__log_file_reopen(f);
    }
    if (e)
        gy__log_file_close(f);
    return e;
}

void gy__log_file_close(struct gy__log_file *f)
{
    if (f->fd >= 0)
        close(f->fd);
    gy__free(f->path);
    gy__free(f->from);
    gy__free(f->to);
    *f = (struct gy__log_file){.fd = -1};
}

/* Others may have moved the file away, or made it longer. */
static void look(struct gy__log_file *f)
{
    struct stat ours, named;
    f->look_at = gy__clock_coarse() + GY__NS_PER_S;
    if (!f->regular || fstat(f->fd, &ours))
        return;
    f->size = ours.st_size;
    f->mode = ours.st_mode & 0777;
    if (stat(f->path, &named) == 0 && named.st_ino == f->ino && named.st_dev == f->dev)
        return;
    int e = gy__log_file_reopen(f);
    if (e)
        gy__log_lost(&f->trouble, f->path, e);
}

/* How many bytes went out, or a negative errno. */
static ssize_t put(struct gy__log_file *f, const char *bytes, size_t len)
{
    ssize_t n;
    do {
        n = write(f->fd, bytes, len);
    } while (n < 0 && errno == EINTR);
    if (n > 0)
        f->size += n;
    return n < 0 ? -errno : n;
}

/* One write for the whole line, so that those of several processes do not mix. What a full disk has
 * left of an earlier one gets its end first. */
static int put_line(struct gy__log_file *f, const char *line, size_t len)
{
    ssize_t n = f->torn ? put(f, "\n", 1) : 1;
    if (n != 1)
        return n < 0 ? (int)n : -ENOSPC;
    n = put(f, line, len);
    f->torn = n > 0 && (size_t)n < len;
    if (n < 0)
        return (int)n;
    return f->torn || n == 0 ? -ENOSPC : 0;
}

void gy__log_file_write(struct gy__log_file *f, const char *line, size_t len, int64_t wall_ns,
                        unsigned reopened)
{
    if (f->opened_for != reopened) {
        f->opened_for = reopened;
        f->look_at = 0;
        f->rename_failed = false;
        int e = gy__log_file_reopen(f);
        if (e)
            gy__log_lost(&f->trouble, f->path, e);
    }
    if (gy__clock_coarse() >= f->look_at)
        look(f);
    if (gy__log_rotate_due(f, len, wall_ns))
        gy__log_rotate(f, len, wall_ns);
    int e = put_line(f, line, len);
    if (e)
        gy__log_lost(&f->trouble, f->path, e);
    else
        gy__log_well(&f->trouble, f->path);
}
