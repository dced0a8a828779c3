/* SPDX-License-Identifier: MIT */
/* peer_ids.c - the process at the other end of a unix socket. */

#include <errno.h>
#include <gyre/error.h>
#include <gyre/net.h>
#include <sys/socket.h>

int gy_peer_ids_get(int fd, gy_peer_ids *out)
{
    struct ucred who;
    socklen_t size = sizeof who, domain_size = sizeof(int);
    int domain;
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &domain_size) ||
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size))
        return -errno;
    /* Nobody is there as yet. A number of 0 alone is a process in a container that is not ours. */
    if (domain != AF_UNIX || who.uid == (uid_t)-1)
        return GY_ENOTFOUND;
    *out = (gy_peer_ids){.pid = who.pid, .uid = who.uid, .gid = who.gid};
    return 0;
}
