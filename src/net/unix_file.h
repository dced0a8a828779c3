/* SPDX-License-Identifier: MIT */
/* unix_file.h - the files of unix sockets: made with a mode, replaced when stale, removed. */
#ifndef GYRE_NET_UNIX_FILE_H
#define GYRE_NET_UNIX_FILE_H

#include <sys/types.h>

#include "net/addr.h"

enum { GY__UNIX_MODE = 0600 }; /* unless something else is asked for */

/* Bind a new socket to a path, whose file gets [mode], or to an abstract name. A socket's file to which
 * nobody listens any more is replaced; nothing else is. 0 or -errno. */
GY_CHECKED int gy__unix_bind(int fd, const struct gy__addr *a, mode_t mode);

/* Which file it was, so that nobody else's is removed in its place. */
struct gy__unix_file {
    char path[sizeof((struct sockaddr_un *)0)->sun_path]; /* "": none */
    dev_t dev;
    ino_t ino;
};

/* Remember the file of [a] when there is one. */
void gy__unix_file_note(struct gy__unix_file *f, const struct gy__addr *a);
void gy__unix_file_remove(struct gy__unix_file *f);

#endif
