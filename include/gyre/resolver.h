/* SPDX-License-Identifier: MIT */
/* resolver.h - the addresses of names. */
#ifndef GYRE_RESOLVER_H
#define GYRE_RESOLVER_H

#include <gyre/export.h>
#include <gyre/net.h>
#include <gyre/offload.h>
#include <stdbool.h>
#include <stddef.h>

/* Looks names up without holding the loop: first in its table, then in the hosts file, then in its
 * cache, then with its engine. Those who ask for the same name at the same time share one look-up. */
typedef struct gy_resolver gy_resolver;

/* Who asks the name servers: the system's getaddrinfo, on a pool of threads, which also knows what
 * nsswitch.conf names (mDNS, directories); or c-ares on the loop itself, without threads, which tells how
 * long an answer holds. It is loaded when the first such resolver is made. */
enum gy_resolver_engine { GY_RESOLVER_SYSTEM, GY_RESOLVER_CARES };

/* How c-ares asks. {0} is what /etc/resolv.conf says when the resolver is made, and c-ares's defaults. All
 * is copied. */
typedef struct gy_cares_opts {
    const char *servers;        /* "10.0.0.1,[::1]:5353" */
    const char *domains;        /* to complete names with: "a.example,example" */
    int tries;                  /* of each server; 0 is 4 */
    double try_timeout;         /* seconds for the first try, longer for later ones; 0 is 5 */
    int ndots;                  /* a name with fewer dots is completed first; negative is 0 */
    int udp_port, tcp_port;     /* of servers that are named without; 0 is 53 */
    const char *source_address; /* ask from this IP address, or from an interface ("eth0") */
    bool tcp_only;
    bool primary_only;     /* the first server only */
    bool ignore_truncated; /* take what came, instead of asking again by TCP */
    bool no_recursion;     /* what the server knows itself */
    bool stay_open;        /* keep the sockets between questions */
    bool no_search;        /* never complete a name */
    bool no_aliases;       /* HOSTALIASES of the environment does not count */
    bool no_check;         /* take refusals as answers, as tools for looking at servers may want */
    bool edns;
    bool rotate; /* take turns among the servers */
} gy_cares_opts;

/* A row of the table: "db.example", "db.example:5432" (that port only); to an IP address, or to another
 * name, with a port or without: "10.0.0.7", "[::1]:6432", "localhost". The first that fits counts; what
 * it names is not looked for in the table again. An IP address can be a name here too. */
typedef struct gy_resolver_entry {
    const char *name, *to;
} gy_resolver_entry;

typedef struct gy_resolver_opts {
    const gy_resolver_entry *table; /* ends with a NULL name; copied */
    const char *hosts_file; /* NULL is /etc/hosts, "" is none; read again when it has changed */
    /* Seconds that an answer is kept; 0 is 60, negative is not at all: the system does not tell how long
     * its name server meant it to be. c-ares does: then this is the most, and 0 is a day. */
    double cache_time;
    double cache_miss_time; /* seconds for names that do not exist; 0 is 5 */
    size_t cache_size;      /* names; 0 is 1024 */
    double timeout;         /* for one look-up, all tries of it; 0 is 20 seconds */
    gy_pool *pool;          /* of the system's; NULL is the one of gy_offload */
    enum gy_resolver_engine engine;
    gy_cares_opts cares;
} gy_resolver_opts;

typedef struct gy_address {
    char text[GY_ADDRESS_MAX]; /* "127.0.0.1:80", "[::1]:80" */
    int family;                /* AF_INET or AF_INET6 */
} gy_address;

GY_BEGIN_DECLS

/* For this thread's loop only. NULL with errno ENOMEM, EINVAL (a row of the table is malformed, about which
 * there is a line in the log, or an option of c-ares), or ENOTSUP: this build or this machine has no
 * c-ares. [opts] may be NULL. */
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
