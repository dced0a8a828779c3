/* SPDX-License-Identifier: MIT */
/* happy_eyeballs.h - connecting to the first that answers of several addresses (RFC 8305). */
#ifndef GYRE_NET_HAPPY_EYEBALLS_H
#define GYRE_NET_HAPPY_EYEBALLS_H

#include "net/asker.h"
#include "net/socket.h"
#include "net/transport.h"

struct gy__race_opts {
    const struct gy__source *source; /* NULL: any */
    int64_t delay;                   /* ns before the next is tried beside */
    int64_t until; /* when all of it ends, on the loop's clock; INT64_MAX: never */
};

/* The first one stays; then the families take turns as long as both last, each in its order (RFC 8305 4). */
void gy__interleave(struct gy__inet *ips, size_t count);

/* Try one after another, the next when one fails or is slow, until one is connected: it is put in [out] and
 * the others are closed. 0, the failure of the last one that failed, GY_ETIMEDOUT or the cancellation.
 * Inside a task. */
GY_SUSPENDS GY_CHECKED int gy__race(const struct gy__targets *to, const struct gy__race_opts *opts,
                                    struct gy__transport **out);

#endif
