/* SPDX-License-Identifier: MIT */
/* port_holder.h - which process listens on a port. */
#ifndef GYRE_NET_PORT_HOLDER_H
#define GYRE_NET_PORT_HOLDER_H

#include "net/addr.h"

struct gy__holder {
    int pid;
    char name[32];
};

/* The process that listens on the port (or the unix path) of [a], as far as /proc shows it to us: of
 * several the one with the lowest pid. */
bool gy__port_holder(const struct gy__addr *a, struct gy__holder *out);

#endif
