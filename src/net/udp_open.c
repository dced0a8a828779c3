/* SPDX-License-Identifier: MIT */
/* udp_open.c - datagram sockets as they are asked for: bound, connected, members of groups. */
#include <gyre/error.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "loop/state.h"
#include "net/resolver.h"
#include "net/udp.h"

/* A socket in the making, and where to say what went wrong. */
struct opening {
    const gy_udp_opts *opts;
    struct gy__addr bind, peer;
    struct gy__inet group;
    unsigned interface;
    bool bound, connected, grouped;
    bool both;
    struct gy__unix_file file;
    int family, fd;
    char *why;
    size_t size;
};

static GY_PRINTF(3, 4) int fail(struct opening *o, int code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    if (o->size > 0)
        vsnprintf(o->why, o->size, fmt, ap);
    va_end(ap);
    return code;
}

/* -- What is asked for ----------------------------------------------------------------------------- */

static int parse_bind(struct opening *o)
{
    const char *text = o->opts->bind;
    char host[GY__HOST_ROOM];
    int port;
    if (!text)
        return 0;
    o->bound = true;
    int e = gy__addr_split(text, host, &port);
    bool star = !e && strcmp(host, "*") == 0 && port >= 0;
    e = star ? gy__addr_ip("::", port, &o->bind) : gy__addr_parse(text, &o->bind);
    if (e)
        return fail(
            o, e,
            "%s is no address for datagrams; such are 127.0.0.1:9000, [::1]:9000, *:9000 and "
            "unix:/path",
            text);
    o->family = o->bind.any.sa_family;
    o->both = o->family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&o->bind.ip6.sin6_addr);
    return 0;
}

static int look_up_peer(struct opening *o, const char *host, int port)
{
    struct gy__inet ip;
    struct gy__targets to = {.ips = &ip, .max = 1, .port = port};
    int e = gy__resolve(NULL, host, o->both ? 0 : o->family, INT64_MAX, &to);
    if (e)
        return fail(o, e, "no address of %s: %s", host, gy_strerror(e));
    gy__addr_of_inet(&ip, to.port, &o->peer);
    gy__udp_adapt(o->both, &o->peer);
    return 0;
}

static int parse_peer(struct opening *o)
{
    const char *text = o->opts->peer;
    char host[GY__HOST_ROOM];
    int port, e;
    if (!text)
        return 0;
    o->connected = true;
    bool local = strncmp(text, "unix:", 5) == 0;
    if (local)
        e = gy__addr_unix(text + 5, &o->peer);
    else
        e = gy__addr_split(text, host, &port) || port < 0 ? GY_EINVAL : 0;
    if (!e && o->bound && local != (o->family == AF_UNIX))
        e = GY_EINVAL;
    if (e)
        return fail(o, e, "%s is no peer for datagrams; such are host:9000 and unix:/path", text);
    if (!local && (e = look_up_peer(o, host, port)))
        return e;
    if (!o->bound)
        o->family = o->peer.any.sa_family;
    return 0;
}

static int parse_group(struct opening *o)
{
    const char *name = o->opts->interface;
    if (name && !(o->interface = if_nametoindex(name)))
        return fail(o, -ENODEV, "this machine has no interface %s", name);
    if (!o->opts->join)
        return 0;
    o->grouped = true;
    if (gy__inet_parse(o->opts->join, &o->group))
        return fail(o, GY_EINVAL, "%s is no IP address of a group", o->opts->join);
    if (!o->interface)
        o->interface = o->group.scope;
    if (!o->family)
        o->family = o->group.family;
    return 0;
}

/* -- The socket -------------------------------------------------------------------------------------- */

static int set(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof value) ? -errno : 0;
}

static int set_options(struct opening *o)
{
    const gy_udp_opts *opts = o->opts;
    int e = 0;
    if (o->family == AF_INET6)
        e = set(o->fd, IPPROTO_IPV6, IPV6_V6ONLY, !o->both);
    if (!e && opts->reuse_port)
        e = set(o->fd, SOL_SOCKET, SO_REUSEPORT, 1);
    /* Every member of a group on this machine gets what is sent to it. */
    if (!e && o->grouped)
        e = set(o->fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (!e && opts->broadcast)
        e = set(o->fd, SOL_SOCKET, SO_BROADCAST, 1);
    if (!e && opts->receive_buffer)
        e = set(o->fd, SOL_SOCKET, SO_RCVBUF, opts->receive_buffer);
    return e;
}

static int set_sending_to_groups(struct opening *o)
{
    int e = 0, ttl = o->opts->ttl;
    struct ip_mreqn on4 = {.imr_ifindex = (int)o->interface};
    bool four = o->family == AF_INET || o->both;
    if (o->family == AF_UNIX)
        return 0;
    if (four && o->interface && setsockopt(o->fd, IPPROTO_IP, IP_MULTICAST_IF, &on4, sizeof on4))
        return -errno;
    if (four && ttl)
        e = set(o->fd, IPPROTO_IP, IP_MULTICAST_TTL, ttl);
    if (!e && o->family == AF_INET6 && o->interface)
        e = set(o->fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, (int)o->interface);
    if (!e && o->family == AF_INET6 && ttl)
        e = set(o->fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, ttl);
    return e;
}

static int join(struct opening *o)
{
    if (!o->grouped)
        return 0;
    if (o->group.family == AF_INET) {
        struct ip_mreqn in = {.imr_ifindex = (int)o->interface};
        memcpy(&in.imr_multiaddr, o->group.bytes, sizeof in.imr_multiaddr);
        /* Not also what other programs here have joined. */
        int e = set(o->fd, IPPROTO_IP, IP_MULTICAST_ALL, 0);
        return e || !setsockopt(o->fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &in, sizeof in) ? e : -errno;
    }
    struct ipv6_mreq in6 = {.ipv6mr_interface = o->interface};
    memcpy(&in6.ipv6mr_multiaddr, o->group.bytes, sizeof in6.ipv6mr_multiaddr);
    return setsockopt(o->fd, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &in6, sizeof in6) ? -errno : 0;
}

/* Where answers can come to: any address of the family, or an abstract name that the kernel makes up. */
static int bind_any(struct opening *o)
{
    struct gy__addr any = {.any.sa_family = (sa_family_t)o->family};
    any.len = o->family == AF_INET6  ? sizeof any.ip6
              : o->family == AF_INET ? sizeof any.ip4
                                     : sizeof any.any.sa_family;
    return bind(o->fd, &any.any, any.len) ? -errno : 0;
}

static int bind_it(struct opening *o)
{
    int e;
    mode_t mode = o->opts->unix_mode ? (mode_t)o->opts->unix_mode : GY__UNIX_MODE;
    if (!o->bound)
        return bind_any(o);
    if (o->family == AF_UNIX)
        e = gy__unix_bind(o->fd, &o->bind, mode);
    else
        e = bind(o->fd, &o->bind.any, o->bind.len) ? -errno : 0;
    if (e)
        return fail(o, e, "cannot receive at %s: %s", o->opts->bind, gy_strerror(e));
    gy__unix_file_note(&o->file, &o->bind);
    return 0;
}

static int make_socket(struct opening *o)
{
    bool any = o->family == 0;
    if (any) {
        o->family = AF_INET6;
        o->both = true;
    }
    o->fd = socket(o->family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool star = o->bound && o->opts->bind[0] == '*';
    if (o->fd >= 0 || errno != EAFNOSUPPORT || (!any && !star))
        return o->fd < 0 ? -errno : 0;
    /* A machine without IPv6. */
    o->both = false;
    o->family = AF_INET;
    if (star && gy__addr_ip("0.0.0.0", gy__addr_port(&o->bind), &o->bind))
        return GY_EINVAL;
    o->fd = socket(o->family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return o->fd < 0 ? -errno : 0;
}

static int set_up(struct opening *o)
{
    int e = make_socket(o);
    if (!e)
        e = set_options(o);
    if (!e)
        e = set_sending_to_groups(o);
    if (e)
        return fail(o, e, "cannot make a socket for datagrams: %s", gy_strerror(e));
    e = bind_it(o);
    if (!e && (e = join(o)))
        return fail(o, e, "cannot join the group %s: %s", o->opts->join, gy_strerror(e));
    if (!e && o->connected && connect(o->fd, &o->peer.any, o->peer.len)) {
        e = -errno;
        return fail(o, e, "cannot send to %s: %s", o->opts->peer, gy_strerror(e));
    }
    return e;
}

static int finish(struct opening *o, gy_loop *loop, gy_udp **out)
{
    gy_udp *u = gy__zalloc(sizeof *u);
    if (!u)
        return fail(o, GY_ENOMEM, "%s", gy_strerror(GY_ENOMEM));
    u->loop = loop;
    u->both = o->both;
    u->connected = o->connected;
    u->local = o->family == AF_UNIX;
    gy__io_init(&u->io, o->fd);
    u->io.ready = 0; /* the poller tells at once what it is ready for */
    int e = gy__io_watch(loop, &u->io);
    if (e) {
        gy__free(u);
        return fail(o, e, "cannot watch a socket: %s", gy_strerror(e));
    }
    u->file = o->file;
    *out = u;
    return 0;
}

int gy_udp_open(const gy_udp_opts *opts, gy_udp **out, char *why, size_t size)
{
    static const gy_udp_opts none;
    gy_loop *loop = gy_loop_current();
    struct opening o = {.opts = opts ? opts : &none, .fd = -1, .why = why, .size = size};
    if (size > 0)
        why[0] = 0;
    if (!loop)
        return fail(&o, GY_ENOTASK, "this thread has no loop");
    int e = parse_bind(&o);
    if (!e)
        e = parse_peer(&o);
    if (!e)
        e = parse_group(&o);
    if (!e)
        e = set_up(&o);
    if (!e)
        e = finish(&o, loop, out);
    if (e && o.fd >= 0) {
        gy__unix_file_remove(&o.file);
        close(o.fd);
    }
    return e;
}
