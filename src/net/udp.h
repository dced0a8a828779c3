/* SPDX-License-Identifier: MIT */
/* udp.h - what a datagram socket consists of. */
#ifndef GYRE_NET_UDP_H
#define GYRE_NET_UDP_H

#include <gyre/udp.h>

#include "loop/io.h"
#include "net/unix_file.h"

struct gy_udp {
    struct gy__io io;
    gy_loop *loop;
    struct gy__unix_file file;
    gy_task *sleeper; /* waits for time to pass before it sends again */
    bool both;        /* an IPv6 socket that IPv4 goes through too */
    bool connected;   /* to a peer */
    bool local;       /* a unix socket */
    bool closed;
    unsigned users; /* calls under way: the last one frees it when it was closed */
    unsigned burst; /* datagrams moved since its task let the others go first */
};

/* Whoever waits in between has to hold it, and to look whether it was closed meanwhile. */
void gy__udp_hold(gy_udp *u);
void gy__udp_release(gy_udp *u);

/* An address as the socket wants it: IPv4 in the form of IPv6 where it takes both. */
void gy__udp_adapt(bool both, struct gy__addr *a);

#endif
