/* SPDX-License-Identifier: MIT */
/* log_rotate.c - when a log file becomes a backup, and how one process does it for all. */
#include <errno.h>
#include <fcntl.h>
#include <gyre/error.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log_file.h"

static const int64_t again = 100 * (int64_t)GY__NS_PER_MS; /* when it could not be now */

/* The midnight after [second], [days] later, in local time. */
static int64_t midnight(int64_t second, int days)
{
    time_t t = (time_t)second;
    struct tm tm;
    if (!localtime_r(&t, &tm))
        return INT64_MAX;
    tm.tm_mday += 1 + days;
    tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
    tm.tm_isdst = -1;
    return (int64_t)mktime(&tm) * GY__NS_PER_S;
}

/* Days from the midnight after [second] to the one with which [weekday] begins (0 is Sunday). */
static int days_until(int64_t second, int weekday)
{
    time_t t = (time_t)second;
    struct tm tm;
    return localtime_r(&t, &tm) ? (weekday - tm.tm_wday - 1 + 14) % 7 : 0;
}

int64_t gy__log_rotate_next(const struct gy__log_file *f, int64_t wall_ns)
{
    int64_t second = wall_ns / GY__NS_PER_S;
    if (!f->regular)
        return INT64_MAX;
    switch (f->rotate) {
    case GY_LOG_ROTATE_SIZE:
    case GY_LOG_ROTATE_NEVER:
        return INT64_MAX;
    case GY_LOG_ROTATE_INTERVAL:
        return (wall_ns / f->every + 1) * f->every;
    case GY_LOG_ROTATE_MIDNIGHT:
        return midnight(second, 0);
    default:
        return midnight(second,
                        days_until(second, ((int)f->rotate - GY_LOG_ROTATE_MONDAY + 1) % 7));
    }
}

static bool too_large(const struct gy__log_file *f, int64_t size, size_t len)
{
    return f->regular && f->rotate == GY_LOG_ROTATE_SIZE && size > 0 &&
           (int64_t)len > f->max - size;
}

bool gy__log_rotate_due(const struct gy__log_file *f, size_t len, int64_t wall_ns)
{
    if (wall_ns < f->rotate_at && !too_large(f, f->size, len))
        return false;
    return f->not_before == 0 || gy__clock_coarse() >= f->not_before;
}

static bool is_named(const struct gy__log_file *f, int fd, struct stat *st)
{
    struct stat named;
    return fstat(fd, st) == 0 && stat(f->path, &named) == 0 && named.st_ino == st->st_ino &&
           named.st_dev == st->st_dev;
}

/* Not so soon after the last one: a process that has not yet noticed writes to that backup, which
 * must not be removed before it has. */
static bool is_too_soon(struct gy__log_file *f)
{
    struct stat st;
    snprintf(f->to, strlen(f->path) + 16, "%s.1", f->path);
    if (f->min_age == 0 || stat(f->to, &st))
        return false;
    int64_t age =
        gy__clock_wall_ns() - (int64_t)st.st_ctim.tv_sec * GY__NS_PER_S - st.st_ctim.tv_nsec;
    return age >= 0 && age < f->min_age;
}

/* The oldest is overwritten. 0 or a negative errno. */
static int shift(struct gy__log_file *f)
{
    size_t room = strlen(f->path) + 16;
    for (int i = f->backups - 1; i >= 1; i--) {
        snprintf(f->from, room, "%s.%d", f->path, i);
        snprintf(f->to, room, "%s.%d", f->path, i + 1);
        if (rename(f->from, f->to) && errno != ENOENT)
            return -errno;
    }
    snprintf(f->to, room, "%s.1", f->path);
    return rename(f->path, f->to) ? -errno : 0;
}

static void tell_failure(struct gy__log_file *f, int code)
{
    char text[150];
    f->not_before = gy__clock_coarse() + 60 * (int64_t)GY__NS_PER_S;
    if (f->rename_failed)
        return;
    f->rename_failed = true;
    snprintf(text, sizeof text, "cannot be rotated: %s; it grows on", gy_strerror(code));
    gy__log_remark(f->path, text);
}

/* With the lock on the file that has the name. */
static void rotate_locked(struct gy__log_file *f, const struct stat *st, size_t len,
                          int64_t wall_ns)
{
    bool ours = st->st_ino == f->ino && st->st_dev == f->dev;
    bool due = wall_ns >= f->rotate_at ? st->st_size > 0 : too_large(f, st->st_size, len);
    if (ours && due && is_too_soon(f)) {
        f->not_before = gy__clock_coarse() + again;
        return;
    }
    int e = ours && due ? shift(f) : 0;
    if (e) {
        tell_failure(f, e);
        return;
    }
    f->not_before = 0;
    f->mode = st->st_mode & 0777;
    e = gy__log_file_reopen(f);
    if (e)
        gy__log_lost(&f->trouble, f->path, e);
    else if (ours && due)
        (void)!fchmod(f->fd, f->mode); /* the umask has had its say about the first one */
}

/* The lock is on the file itself, by a description of its own: processes that were forked share the
 * one they write to. Who comes second finds another file under the name, and just opens that. */
void gy__log_rotate(struct gy__log_file *f, size_t len, int64_t wall_ns)
{
    struct stat st;
    int fd = open(f->path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 && errno == ENOENT) {
        int e = gy__log_file_reopen(f);
        if (e)
            gy__log_lost(&f->trouble, f->path, e);
        return;
    }
    if (fd < 0) {
        tell_failure(f, -errno);
        return;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) == 0 && is_named(f, fd, &st))
        rotate_locked(f, &st, len, wall_ns);
    else
        f->look_at = 0; /* somebody else is at it */
    close(fd);
}
