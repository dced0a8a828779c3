/* SPDX-License-Identifier: MIT */
/* socket.h - sockets that listen and sockets that connect. */
#ifndef GYRE_NET_SOCKET_H
#define GYRE_NET_SOCKET_H

#include "net/addr.h"

/* Where a connection comes from. */
struct gy__source {
    const struct gy__addr *addr; /* bind to it; NULL: no */
    const char *interface;       /* leave by it; NULL: by any */
};

/* A non-blocking, close-on-exec socket on its way to [a], from [source] unless that is NULL: a
 * descriptor, or -errno. Once it is writable, gy__connect_result tells whether it arrived. */
GY_CHECKED int gy__connect_start(const struct gy__addr *a, const struct gy__source *source);

/* Tie a socket of [family] to an interface: to all it has where the kernel lets us, else to one of its
 * addresses, as near as [to]. 0; GY_ENOTFOUND: it has no address of that family; or -errno. */
GY_CHECKED int gy__bind_interface(int fd, const char *interface, const struct gy__addr *to);

/* 0, or why the connection failed, as -errno. */
GY_CHECKED int gy__connect_result(int fd);

/* Small writes leave at once, and a peer that vanished is noticed in the end. Harmless on sockets
 * that are not TCP. What accept gives inherits both from its listener. */
void gy__socket_tune(int fd);

/* Let nobody else into the queue of a listening socket, in whichever processes it is open, while what
 * is queued can still be accepted: else those who come between the last accept and the close would be
 * cut off. Who comes to a TCP port now is not answered and tries again, soon to find another server
 * or nobody. True when handshakes may be under way, which end in the queue too. */
bool gy__socket_deafen(int fd);

#endif
