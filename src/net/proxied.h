/* SPDX-License-Identifier: MIT */
/* proxied.h - what a PROXY header says, as socket addresses. */
#ifndef GYRE_NET_PROXIED_H
#define GYRE_NET_PROXIED_H

#include "codec/proxied.h"
#include "net/addr.h"

/* One end of an address family that is not local. */
void gy__addr_of_proxied(enum gy__proxied_family family, const struct gy__proxied_end *end,
                         struct gy__addr *out);

#endif
