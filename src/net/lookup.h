/* SPDX-License-Identifier: MIT */
/* lookup.h - one question: which addresses a name has. */
#ifndef GYRE_NET_LOOKUP_H
#define GYRE_NET_LOOKUP_H

#include <gyre/task.h>

#include "net/addr.h"

enum { GY__IPS_MAX = 32 };

/* Whole in itself, so that it can be copied to a thread or another process and back. */
struct gy__query {
    char name[GY__HOST_ROOM];
    int family; /* 0: both */
    int count;
    double ttl; /* seconds for which the answer holds; negative: nobody says */
    struct gy__inet ips[GY__IPS_MAX]; /* in the order of the system, which is that of RFC 6724 */
};

/* Ask getaddrinfo, which blocks. Of [query], a struct gy__query. 0, and at least one address;
 * GY_ENOTFOUND; -EAGAIN when nobody could be asked or nobody answered; GY_ENOMEM; or another code. */
int gy__lookup(void *query);

/* Who is asked: gy__lookup on a pool, but in tests. */
struct gy__lookup_source {
    gy_task_fn *fn;
    bool in_task; /* not on a pool: it may suspend */
};
extern struct gy__lookup_source gy__lookup_source;

#endif
