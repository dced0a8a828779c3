/* SPDX-License-Identifier: MIT */
/* resolver.h - the addresses of names. */
#ifndef GYRE_RESOLVER_H
#define GYRE_RESOLVER_H

#include <gyre/export.h>
#include <gyre/net.h>
#include <gyre/offload.h>
#include <stddef.h>

/* Looks names up without holding the loop: first in its table, then in the hosts file, then in its
 * cache, then with the system's getaddrinfo on a pool of threads. Those who ask for the same name at the
 * same time share one look-up. */
typedef struct gy_resolver gy_resolver;

/* A row of the table: "db.example", "db.example:5432" (that port only); to an IP address, or to another
 * name, with a port or without: "10.0.0.7", "[::1]:6432", "localhost". The first that fits counts; what
 * it names is not looked for in the table again. An IP address can be a name here too. */
typedef struct gy_resolver_entry {
    const char *name, *to;
} gy_resolver_entry;

typedef struct gy_resolver_opts {
    const gy_resolver_entry *table; /* ends with a NULL name; copied */
    const char *hosts_file; /* NULL is /etc/hosts, "" is none; read again when it has changed */
    double
        cache_time; /* seconds that an answer is kept; 0 is 60, negative is not at all: the system
                          does not tell how long its name server meant it to be */
    double cache_miss_time; /* the same for names that do not exist; 0 is 5 */
    size_t cache_size;      /* names; 0 is 1024 */
    double timeout;         /* for one look-up; 0 is 20 seconds */
    gy_pool *pool;          /* NULL is the one of gy_offload */
} gy_resolver_opts;

typedef struct gy_address {
    char text[GY_ADDRESS_MAX]; /* "127.0.0.1:80", "[::1]:80" */
    int family;                /* AF_INET or AF_INET6 */
} gy_address;

GY_BEGIN_DECLS

/* For this thread's loop only. NULL when out of memory or when a row of the table is malformed (errno
 * tells, and a line in the log). [opts] may be NULL. */
GY_API gy_resolver *gy_resolver_new(const gy_resolver_opts *opts);

/* Those who wait for it get GY_ESHUTDOWN. NULL is fine. */
GY_API void gy_resolver_free(gy_resolver *r);

/* The addresses of [host] (a name or an IP address, "[::1]" too), with [port], in the order in which to
 * try them: at most [max] of [out]. [family] is AF_INET, AF_INET6 or 0 for both. [r] NULL is one
 * that is always there. The count, 1 or more; GY_ENOTFOUND (also for an address of the other family),
 * -EAGAIN when no name server answered, GY_ETIMEDOUT, GY_EINVAL for what cannot be a name, GY_ENOMEM,
 * or the cancellation. Suspends unless it is known; outside a task it blocks.
 *
 * A name is of letters, digits, '-', '_' and dots (an international one as "xn--..."), and does not end
 * in a number: what the system would read as a short or octal address, such as "127.1", is GY_EINVAL.
 * "localhost" and names below it are this machine, unless the table says otherwise (RFC 6761). */
GY_API GY_SUSPENDS GY_CHECKED int gy_resolve(gy_resolver *r, const char *host, int port, int family,
                                             gy_address *out, size_t max);

/* Forget what is cached. */
GY_API void gy_resolver_flush(gy_resolver *r);

/* Whether it is an IPv4 or IPv6 address, and no name: "10.0.0.1", "::1", "fe80::1%eth0". */
GY_API bool gy_is_ip(const char *text);

GY_END_DECLS

#endif
