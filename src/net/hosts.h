/* SPDX-License-Identifier: MIT */
/* hosts.h - the names that the hosts file knows, read again when the file has changed. */
#ifndef GYRE_NET_HOSTS_H
#define GYRE_NET_HOSTS_H

#include <sys/stat.h>

#include "base/map.h"
#include "net/addr.h"

struct gy__hosts {
    const char *path;     /* NULL: none. Borrowed */
    struct gy__map names; /* of struct host */
    int64_t look_at;      /* when to look again whether it has changed; ns */
    struct stat as_read;
};

/* {.path = ...} is valid. The addresses of [name] (plain) of [family] (0: both), at most [max]: their
 * count, 0 when it is not there, or GY_ENOMEM. Reads the file at the first call, and when it has
 * changed, which is looked at once a second at most. */
GY_CHECKED int gy__hosts_find(struct gy__hosts *h, const char *name, int family,
                              struct gy__inet *out, size_t max);

/* Forget it all; the next call reads the file. */
void gy__hosts_done(struct gy__hosts *h);

#endif
