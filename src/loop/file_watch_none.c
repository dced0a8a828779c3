/* SPDX-License-Identifier: MIT */
/* file_watch_none.c - on a system without inotify. */

#include <errno.h>
#include <gyre/loop.h>
#include <stddef.h>

gy_file_watch *gy_file_watch_new(gy_loop *loop, const char *path, gy_file_watch_fn *fn, void *arg)
{
    (void)loop;
    (void)path;
    (void)fn;
    (void)arg;
    return errno = ENOSYS, NULL;
}

void gy_file_watch_free(gy_file_watch *w)
{
    (void)w;
}
