/* SPDX-License-Identifier: MIT */
/* poller_fds.h - which descriptors are watched, for a poller whose kernel does not tell. */
#ifndef GYRE_LOOP_POLLER_FDS_H
#define GYRE_LOOP_POLLER_FDS_H

/* By descriptor: these are small numbers, given out again lowest first. */
struct gy__poller_fds {
    int *slots; /* 0: not watched */
    int cap;
};

/* Note that [fd] is watched, at [slot] (above 0). 0, -EEXIST when it is already, -EBADF when it is no
 * open descriptor, -EPERM when it is a file on disk or a directory, -ENOMEM. */
int gy__poller_fds_add(struct gy__poller_fds *f, int fd, int slot);

/* Gives its slot, 0 when it was not there. */
int gy__poller_fds_del(struct gy__poller_fds *f, int fd);

void gy__poller_fds_done(struct gy__poller_fds *f);

#endif
