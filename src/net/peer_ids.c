/* SPDX-License-Identifier: MIT */
/* peer_ids.c - the process at the other end of a unix socket. */

#include <errno.h>
#include <gyre/error.h>
#include <gyre/net.h>
#include <sys/socket.h>

int gy_peer_ids_get(int fd, gy_peer_ids *out)
{
    struct ucred who;
    socklen_t size = sizeof who;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size))
        return -errno;
    if (who.pid == 0) /* not a unix socket, or not connected */
        return GY_ENOTFOUND;
    *out = (gy_peer_ids){.pid = who.pid, .uid = who.uid, .gid = who.gid};
    return 0;
}
