/* SPDX-License-Identifier: MIT */
/* lookup.c - one question to the system: which addresses a name has. */
#include "net/lookup.h"

#include <errno.h>
#include <gyre/error.h>
#include <netdb.h>
#include <string.h>

struct gy__lookup_source gy__lookup_source = {.fn = gy__lookup};

static int code_of(int e)
{
    switch (e) {
    case EAI_NONAME:
    case EAI_NODATA:
    case EAI_ADDRFAMILY:
        return GY_ENOTFOUND;
    case EAI_MEMORY:
        return GY_ENOMEM;
    case EAI_SYSTEM:
        return errno ? -errno : -EIO;
    default: /* EAI_AGAIN, EAI_FAIL: a later try may have more luck */
        return -EAGAIN;
    }
}

int gy__lookup(void *query)
{
    struct gy__query *q = query;
    /* Addresses of a version of IP that this machine has no address of are of no use: unless somebody
     * asks for them. One type of socket, else each address comes three times. */
    struct addrinfo hints = {.ai_family = q->family ? q->family : AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM,
                             .ai_flags = q->family ? 0 : AI_ADDRCONFIG};
    struct addrinfo *list;
    q->count = 0;
    q->ttl = -1;
    int e = getaddrinfo(q->name, NULL, &hints, &list);
    if (e)
        return code_of(e);
    for (struct addrinfo *a = list; a && q->count < GY__IPS_MAX; a = a->ai_next)
        if (gy__inet_of_sockaddr(a->ai_addr, &q->ips[q->count]))
            q->count++;
    freeaddrinfo(list);
    return q->count ? 0 : GY_ENOTFOUND;
}
