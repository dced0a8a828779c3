/* SPDX-License-Identifier: MIT */
/* poller_fds.c - which descriptors are watched, for a poller whose kernel does not tell. */

#include "loop/poller_fds.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"

enum { AT_FIRST = 64 };

static int grow(struct gy__poller_fds *f, int fd)
{
    int cap = f->cap ? f->cap : AT_FIRST;
    while (cap <= fd)
        cap = cap > INT_MAX / 2 ? INT_MAX : cap * 2;
    int *slots = gy__realloc(f->slots, (size_t)cap * sizeof *slots);
    if (!slots)
        return -ENOMEM;
    memset(slots + f->cap, 0, (size_t)(cap - f->cap) * sizeof *slots);
    f->slots = slots;
    f->cap = cap;
    return 0;
}

int gy__poller_fds_add(struct gy__poller_fds *f, int fd, int slot)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return -errno;
    if (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))
        return -EPERM;
    int e = fd < f->cap ? 0 : grow(f, fd);
    if (e)
        return e;
    if (f->slots[fd])
        return -EEXIST;
    f->slots[fd] = slot;
    return 0;
}

int gy__poller_fds_del(struct gy__poller_fds *f, int fd)
{
    if (fd < 0 || fd >= f->cap)
        return 0;
    int slot = f->slots[fd];
    f->slots[fd] = 0;
    return slot;
}

void gy__poller_fds_done(struct gy__poller_fds *f)
{
    gy__free(f->slots);
    *f = (struct gy__poller_fds){.slots = NULL};
}
