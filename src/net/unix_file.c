/* SPDX-License-Identifier: MIT */
/* unix_file.c - the files of unix sockets: made with a mode, replaced when stale, removed. */
#include "net/unix_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Nobody is there, and it is a socket: what a server that was killed leaves behind. */
static bool is_stale(const struct gy__addr *a, int type)
{
    struct stat st;
    if (lstat(a->local.sun_path, &st) || !S_ISSOCK(st.st_mode))
        return false;
    int fd = socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    bool refused = connect(fd, &a->any, a->len) && errno == ECONNREFUSED;
    close(fd);
    return refused;
}

static int bind_or_replace(int fd, const struct gy__addr *a)
{
    int type = SOCK_STREAM;
    socklen_t len = sizeof type;
    if (bind(fd, &a->any, a->len) == 0)
        return 0;
    if (errno != EADDRINUSE || getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len))
        return -errno;
    if (!is_stale(a, type))
        return -EADDRINUSE;
    return unlink(a->local.sun_path) || bind(fd, &a->any, a->len) ? -errno : 0;
}

/* The file that was just made, and no other: whoever may write to the folder could have put a link in its
 * place, which chmod would follow. */
static int set_mode(const char *path, mode_t mode)
{
    struct stat st;
    char itself[32];
    int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int e = fstat(fd, &st) ? -errno : S_ISSOCK(st.st_mode) ? 0 : -EEXIST;
    snprintf(itself, sizeof itself, "/proc/self/fd/%d", fd);
    if (!e && (st.st_mode & 07777) != mode && chmod(itself, mode))
        e = -errno;
    close(fd);
    return e;
}

int gy__unix_bind(int fd, const struct gy__addr *a, mode_t mode)
{
    bool abstract = a->local.sun_path[0] == 0;
    if (abstract)
        return bind(fd, &a->any, a->len) ? -errno : 0;
    /* The file is made with the mode of the socket less the umask: never wider than asked for, not
     * even for a moment. What the umask took is put back after. */
    int e = fchmod(fd, mode) ? -errno : bind_or_replace(fd, a);
    return e ? e : set_mode(a->local.sun_path, mode);
}

void gy__unix_file_note(struct gy__unix_file *f, const struct gy__addr *a)
{
    struct stat st;
    f->path[0] = 0;
    if (a->any.sa_family != AF_UNIX || a->local.sun_path[0] == 0 || lstat(a->local.sun_path, &st))
        return;
    memcpy(f->path, a->local.sun_path, sizeof f->path);
    f->dev = st.st_dev;
    f->ino = st.st_ino;
}

void gy__unix_file_remove(struct gy__unix_file *f)
{
    struct stat st;
    if (f->path[0] && lstat(f->path, &st) == 0 && st.st_dev == f->dev && st.st_ino == f->ino)
        unlink(f->path);
    f->path[0] = 0;
}
