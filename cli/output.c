/* SPDX-License-Identifier: MIT */
/* output.c - where a body goes: the standard output, or a file that is there once it is whole. */

#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <gyre/error.h>
#include <gyre/task.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

/* What a pipe that can be written to takes without waiting (POSIX). */
enum { PIPE_ROOM = 4096 };

/* The attribute of a partial file. */
#define NOTE "user.gyre.version"

const char *output_name(gy_arena *a, const char *folder, const char *url)
{
    const char *scheme = strstr(url, "://");
    const char *path = scheme ? scheme + 3 : url;
    path += strcspn(path, "/?#");
    size_t len = strcspn(path, "?#");
    const char *end = path + len;
    const char *name = end;
    while (name > path && name[-1] != '/')
        name--;
    gy_str last = gy_str_n(name, (size_t)(end - name));
    if (!last.len)
        last = gy_str_of("index.html");
    if (gy_str_eq(last, gy_str_of(".")) || gy_str_eq(last, gy_str_of("..")))
        return NULL;
    if (!folder)
        return gy_str_copy(a, last).ptr;
    bool slash = *folder && folder[strlen(folder) - 1] == '/';
    return gy_strf(a, "%s%s%.*s", folder, slash ? "" : "/", GY_FMT(last)).ptr;
}

/* -- Opening ------------------------------------------------------------------------------------- */

static int open_file(struct output *o, const char *path, int flags)
{
    o->fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | flags, 0666);
    return o->fd < 0 ? -errno : 0;
}

/* A device or a pipe is written to as it is; a link leads to what is replaced. */
static int find_target(struct output *o, gy_arena *a)
{
    struct stat st;
    char full[PATH_MAX];
    bool there = stat(o->path, &st) == 0;
    o->partial = NULL;
    o->target = o->path;
    if (there && S_ISDIR(st.st_mode))
        return -EISDIR;
    if (there && !S_ISREG(st.st_mode))
        return 0;
    if (there && access(o->path, W_OK) != 0)
        return -errno;
    if (there && realpath(o->path, full))
        o->target = gy_strdup(a, full);
    o->partial = o->target ? gy_strf(a, "%s.part", o->target).ptr : NULL;
    return o->partial ? 0 : GY_ENOMEM;
}

uint64_t output_partial(struct output *o, gy_arena *a, char note[OUTPUT_NOTE])
{
    struct stat st;
    note[0] = 0;
    if (!o->path || find_target(o, a) || !o->partial)
        return 0;
    if (lstat(o->partial, &st) || !S_ISREG(st.st_mode) || st.st_size < 0)
        return 0;
    ssize_t len = getxattr(o->partial, NOTE, note, OUTPUT_NOTE - 1);
    note[len > 0 ? len : 0] = 0;
    return (uint64_t)st.st_size;
}

void output_note(const struct output *o, const char *note)
{
    if (o->partial && *note)
        (void)!fsetxattr(o->fd, NOTE, note, strlen(note), 0);
}

int output_open(struct output *o, gy_arena *a, bool append)
{
    o->waits = false;
    if (!o->path) {
        o->fd = STDOUT_FILENO;
    } else {
        int e = find_target(o, a);
        if (!e && o->partial)
            return open_file(o, o->partial, (append ? O_APPEND : O_TRUNC) | O_NOFOLLOW);
        if (!e)
            e = open_file(o, o->path, 0);
        if (e)
            return e;
    }
    struct stat st;
    o->waits = fstat(o->fd, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode);
    return 0;
}

/* -- Writing ------------------------------------------------------------------------------------- */

/* Somebody slow at the other end of a pipe must not stop the others, nor Ctrl-C. */
static int wait_for_reader(struct output *o)
{
    int ready = gy_wait_fd(o->fd, GY_WRITABLE, GY_FOREVER);
    if (ready != -EPERM)
        return ready < 0 ? ready : 0;
    o->waits = false;
    return 0;
}

int output_write(struct output *o, const void *data, size_t len)
{
    const char *at = data;
    while (len) {
        int e = o->waits ? wait_for_reader(o) : 0;
        if (e)
            return e;
        size_t part = o->waits && len > PIPE_ROOM ? PIPE_ROOM : len;
        ssize_t n = write(o->fd, at, part);
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return -errno;
        if (n > 0) {
            at += n;
            len -= (size_t)n;
        }
    }
    return 0;
}

/* -- The end ------------------------------------------------------------------------------------- */

int output_commit(struct output *o)
{
    int fd = o->fd;
    o->fd = -1;
    if (fd < 0 || !o->path)
        return 0;
    if (o->partial)
        (void)!fremovexattr(fd, NOTE);
    int e = close(fd) ? -errno : 0; /* where a full disk may show late */
    if (!e && o->partial && rename(o->partial, o->target))
        e = -errno;
    if (e && o->partial)
        unlink(o->partial);
    return e;
}

void output_drop(struct output *o, bool keep)
{
    int fd = o->fd;
    o->fd = -1;
    if (fd < 0 || !o->path)
        return;
    close(fd);
    if (o->partial && !keep)
        unlink(o->partial);
}
