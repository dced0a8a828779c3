/* SPDX-License-Identifier: MIT */
/* tcp_client.c - connecting to an address, or to a name. */

#include <gyre/error.h>
#include <gyre/net.h>
#include <gyre/task.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "loop/state.h"
#include "loop/task.h"
#include "loop/wait.h"
#include "net/happy_eyeballs.h"
#include "net/lookup.h"
#include "net/resolver.h"
#include "net/socket.h"
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
static int start(const struct gy__addr *to, const struct gy__addr *source, int64_t until)
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
static int connect_one(const struct gy__addr *to, const struct gy__addr *source, int64_t until,
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

static int connect_to_name(const char *host, int port, int family, const gy_connect_opts *opts,
                           const struct gy__race_opts *race, struct gy__transport **out)
{
    struct gy__inet ips[GY__IPS_MAX];
    struct gy__targets to = {.ips = ips, .max = GY__IPS_MAX, .port = port};
    int e = gy__resolve(opts->resolver, host, family, race->until, &to);
    if (e)
        return e;
    gy__interleave(ips, to.count);
    return gy__race(&to, race, out);
}

/* What to bind to: false when nothing was asked for. Without an address it is any of [family]. */
static int parse_source(const gy_connect_opts *opts, int family, struct gy__addr *out, bool *asked)
{
    const char *any = family == AF_INET6 ? "::" : "0.0.0.0";
    *asked = opts->source_address || opts->source_port;
    if (!*asked)
        return 0;
    if (opts->source_address && !gy_is_ip(opts->source_address))
        return GY_EINVAL;
    int e = gy__addr_ip(opts->source_address ? opts->source_address : any, opts->source_port, out);
    return e || (family && out->any.sa_family != family) ? GY_EINVAL : 0;
}

static int connect_to_host(const char *host, int port, const gy_connect_opts *opts,
                           const struct gy__race_opts *timing, struct gy__transport **out)
{
    struct gy__inet ip;
    struct gy__addr to, source;
    struct gy__race_opts race = *timing;
    bool asked, direct = !opts->resolver && gy__inet_parse(host, &ip) == 0;
    int family = opts->family;
    /* A source port alone is one of IPv4, unless the address or the family says otherwise. */
    if (direct && !family)
        family = ip.family;
    int e = parse_source(opts, family, &source, &asked);
    if (e)
        return e;
    if (asked) {
        race.source = &source;
        family = source.any.sa_family;
    }
    if (!direct)
        return connect_to_name(host, port, family, opts, &race, out);
    if (family != ip.family)
        return GY_ENOTFOUND;
    gy__addr_of_inet(&ip, port, &to);
    return connect_one(&to, race.source, race.until, out);
}

static int connect_anywhere(const char *address, const gy_connect_opts *opts,
                            struct gy__transport **out)
{
    struct gy__addr to;
    char host[GY__HOST_ROOM];
    int port;
    double delay = opts->attempt_delay > 0 ? opts->attempt_delay : ATTEMPT_DELAY;
    struct gy__race_opts race = {.delay = gy__seconds(delay),
                                 .until = gy__deadline_in(gy__clock_now(), opts->timeout)};
    if (strncmp(address, "unix:", 5) == 0) {
        int e = gy__addr_unix(address + 5, &to);
        return e ? e : connect_one(&to, NULL, race.until, out);
    }
    if (gy__addr_split(address, host, &port) || port < 0)
        return GY_EINVAL;
    return connect_to_host(host, port, opts, &race, out);
}

int gy_connect(const char *address, const gy_connect_opts *opts, gy_stream **out)
{
    static const gy_connect_opts none;
    struct gy__transport *t;
    if (!opts)
        opts = &none;
    if (!gy_task_self())
        return GY_ENOTASK;
    if (opts->family && opts->family != AF_INET && opts->family != AF_INET6)
        return GY_EINVAL;
    int e = connect_anywhere(address, opts, &t);
    if (e)
        return e;
    *out = gy__stream_new(t, gy_str_n(NULL, 0), &opts->stream);
    return *out ? 0 : GY_ENOMEM;
}
