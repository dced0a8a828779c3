/* SPDX-License-Identifier: MIT */
/* tcp_client.c - connecting to an address, or to a name. */

#include <gyre/error.h>
#include <gyre/net.h>
#include <gyre/task.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "loop/state.h"
#include "loop/task.h"
#include "loop/wait.h"
#include "net/connect.h"
#include "net/happy_eyeballs.h"
#include "net/lookup.h"
#include "net/resolver.h"
#include "net/stream.h"

enum { RETRY_NS = 5 * GY__NS_PER_MS };
#define ATTEMPT_DELAY 0.25 /* seconds; RFC 8305 8 */

static int wait_for_it(struct gy__transport *t, int64_t until)
{
    int e = gy__io_wait(&t->io, GY__OUT, until, "connect");
    return e ? e : gy__connect_result(t->io.fd);
}

static int wait_a_moment(int64_t until)
{
    int64_t now = gy__clock_now();
    if (now >= until)
        return GY_ETIMEDOUT;
    int e = gy__park("connect", until - now > RETRY_NS ? now + RETRY_NS : until);
    return e == GY_ETIMEDOUT ? gy__task_refusal(gy__self()) : e;
}

/* Nobody tells when the queue of a unix socket has room again. */
static int start(const struct gy__addr *to, const struct gy__source *source, int64_t until)
{
    int e = 0;
    while (!e) {
        int fd = gy__connect_start(to, source);
        if (fd != -EAGAIN || to->any.sa_family != AF_UNIX)
            return fd;
        e = wait_a_moment(until);
    }
    return e;
}

/* One address needs neither a race nor a resolver. */
static int connect_one(const struct gy__addr *to, const struct gy__source *source, int64_t until,
                       struct gy__transport **out)
{
    int fd = start(to, source, until);
    if (fd < 0)
        return fd;
    int e = gy__transport_socket_new(gy__self()->loop, fd, out);
    if (e) {
        close(fd);
        return e;
    }
    e = wait_for_it(*out, until);
    if (e)
        (*out)->ops->close(*out);
    return e;
}

/* A connection in the making: what is asked for, when it ends, and what became known. */
struct attempt {
    const gy_connect_opts *opts;
    struct gy__race_opts race;
    int64_t resolved;
};

static int connect_to_name(const char *host, int port, int family, struct attempt *a,
                           struct gy__transport **out)
{
    struct gy__inet ips[GY__IPS_MAX];
    struct gy__targets to = {.ips = ips, .max = GY__IPS_MAX, .port = port};
    int e = gy__resolve(a->opts->resolver, host, family, a->race.until, &to);
    a->resolved = gy__clock_now();
    if (e)
        return e;
    gy__interleave(ips, to.count);
    return gy__race(&to, &a->race, out);
}

/* What to bind to: nothing when nothing was asked for. Without an address it is any of [family]. */
static int parse_source(const gy_connect_opts *opts, int family, struct gy__addr *room,
                        struct gy__source *out)
{
    const char *any = family == AF_INET6 ? "::" : "0.0.0.0", *from = opts->source_address;
    *out = (struct gy__source){.addr = NULL};
    if (from && !gy_is_ip(from)) {
        if (!if_nametoindex(from))
            return GY_EINVAL;
        out->interface = from;
        from = NULL;
    }
    if (!from && !opts->source_port)
        return 0;
    int e = gy__addr_ip(from ? from : any, opts->source_port, room);
    if (e || (family && room->any.sa_family != family))
        return GY_EINVAL;
    out->addr = room;
    return 0;
}

static int connect_to_host(const char *host, int port, struct attempt *a,
                           struct gy__transport **out)
{
    struct gy__inet ip;
    struct gy__addr to, from;
    struct gy__source source;
    bool direct = !a->opts->resolver && gy__inet_parse(host, &ip) == 0;
    int family = a->opts->family;
    /* A source port alone is one of IPv4, unless the address or the family says otherwise. */
    if (direct && !family)
        family = ip.family;
    int e = parse_source(a->opts, family, &from, &source);
    if (e)
        return e;
    if (source.addr || source.interface)
        a->race.source = &source;
    if (source.addr)
        family = from.any.sa_family;
    if (!direct) {
        e = connect_to_name(host, port, family, a, out);
    } else if (family != ip.family) {
        e = GY_ENOTFOUND;
    } else {
        gy__addr_of_inet(&ip, port, &to);
        e = connect_one(&to, a->race.source, a->race.until, out);
    }
    a->race.source = NULL;
    return e;
}

static int connect_anywhere(const char *address, struct attempt *a, struct gy__transport **out)
{
    struct gy__addr to;
    char host[GY__HOST_ROOM];
    int port;
    if (strncmp(address, "unix:", 5) == 0) {
        int e = gy__addr_unix(address + 5, &to);
        return e ? e : connect_one(&to, NULL, a->race.until, out);
    }
    if (gy__addr_split(address, host, &port) || port < 0)
        return GY_EINVAL;
    return connect_to_host(host, port, a, out);
}

int gy__connect(const char *address, const gy_connect_opts *opts, gy_stream **out,
                int64_t *resolved)
{
    struct gy__transport *t;
    double delay = opts->attempt_delay > 0 ? opts->attempt_delay : ATTEMPT_DELAY;
    struct attempt a = {.opts = opts,
                        .race = {.delay = gy__seconds(delay),
                                 .until = gy__deadline_in(gy__clock_now(), opts->timeout)}};
    if (!gy_task_self())
        return GY_ENOTASK;
    if (opts->family && opts->family != AF_INET && opts->family != AF_INET6)
        return GY_EINVAL;
    int e = connect_anywhere(address, &a, &t);
    *resolved = a.resolved;
    if (e)
        return e;
    *out = gy__stream_new(t, gy_str_n(NULL, 0), &opts->stream);
    return *out ? 0 : GY_ENOMEM;
}

int gy_connect(const char *address, const gy_connect_opts *opts, gy_stream **out)
{
    static const gy_connect_opts none;
    int64_t resolved;
    return gy__connect(address, opts ? opts : &none, out, &resolved);
}
