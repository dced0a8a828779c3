/* SPDX-License-Identifier: MIT */
/* socket.c - sockets that listen and sockets that connect. */
#include "net/socket.h"

#include <fcntl.h>
#include <gyre/error.h>
#include <linux/filter.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/port_holder.h"
#include "net/unix_file.h"

enum { DEFAULT_BACKLOG = 4096, SOCKET_FLAGS = SOCK_NONBLOCK | SOCK_CLOEXEC };

/* A listener in the making, and where to say what went wrong. */
struct listener {
    const gy_listen_opts *opts;
    struct gy__addr addr;
    int fd;
    char *why;
    size_t size;
};

static GY_PRINTF(3, 4) int fail(struct listener *l, int code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    if (l->size > 0)
        vsnprintf(l->why, l->size, fmt, ap);
    va_end(ap);
    if (l->fd >= 0)
        close(l->fd);
    l->fd = -1;
    return code;
}

static bool is_all(const char *address)
{
    return !address || !*address || strcmp(address, "*") == 0;
}

/* -- Sentences ----------------------------------------------------------------------------------- */

static int fail_in_use(struct listener *l)
{
    struct gy__holder holder;
    char who[80] = "another process";
    if (gy__port_holder(&l->addr, &holder))
        snprintf(who, sizeof who, "%s (pid %d)", holder.name, holder.pid);
    if (l->opts->unix_path)
        return fail(l, -EADDRINUSE,
                    "unix socket %s is in use by %s; stop it or choose another path",
                    l->opts->unix_path, who);
    return fail(l, -EADDRINUSE, "port %d is in use by %s; stop it or choose another port",
                l->opts->port, who);
}

static int fail_ip(struct listener *l, int e)
{
    switch (e) {
    case EADDRINUSE:
        return fail_in_use(l);
    case EACCES:
    case EPERM:
        return fail(l, -e,
                    "no permission for port %d: use one from 1024 up, or run as root or with the "
                    "capability CAP_NET_BIND_SERVICE",
                    l->opts->port);
    case EADDRNOTAVAIL:
        return fail(l, -e, "this machine has no address %s", l->opts->address);
    default:
        return fail(l, -e, "cannot listen on %s port %d: %s",
                    is_all(l->opts->address) ? "*" : l->opts->address, l->opts->port, strerror(e));
    }
}

static int fail_unix(struct listener *l, int e)
{
    const char *path = l->opts->unix_path;
    switch (e) {
    case EADDRINUSE:
        return fail_in_use(l);
    case ENOENT:
    case ENOTDIR:
        return fail(l, -e, "cannot create the unix socket %s: its folder does not exist", path);
    case EACCES:
    case EPERM:
    case EROFS:
        return fail(l, -e, "cannot create the unix socket %s: its folder may not be written to",
                    path);
    default:
        return fail(l, -e, "cannot listen on the unix socket %s: %s", path, strerror(e));
    }
}

/* -- TCP ----------------------------------------------------------------------------------------- */

void gy__socket_tune(int fd)
{
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}

static int bind_ip(struct listener *l)
{
    int on = 1, off = 0, family = l->addr.any.sa_family;
    l->fd = socket(family, SOCK_STREAM | SOCKET_FLAGS, 0);
    if (l->fd < 0)
        return -errno;
    gy__socket_tune(l->fd);
    int *only6 = is_all(l->opts->address) ? &off : &on;
    if (setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) ||
        (family == AF_INET6 &&
         setsockopt(l->fd, IPPROTO_IPV6, IPV6_V6ONLY, only6, sizeof *only6)) ||
        (l->opts->reuse_port && setsockopt(l->fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on)) ||
        bind(l->fd, &l->addr.any, l->addr.len))
        return -errno;
    return 0;
}

/* One socket for IPv6 and IPv4; on a machine without IPv6 one for IPv4. */
static int bind_all(struct listener *l)
{
    int e = gy__addr_ip("::", l->opts->port, &l->addr);
    if (!e)
        e = bind_ip(l);
    if (e != -EAFNOSUPPORT && e != -EADDRNOTAVAIL)
        return e;
    if (l->fd >= 0)
        close(l->fd);
    l->fd = -1;
    e = gy__addr_ip("0.0.0.0", l->opts->port, &l->addr);
    return e ? e : bind_ip(l);
}

static int listen_ip(struct listener *l)
{
    int port = l->opts->port;
    const char *address = l->opts->address;
    if (port < 0 || port > 65535)
        return fail(l, GY_EINVAL, "there is no port %d: they go from 1 to 65535", port);

    int e;
    if (is_all(address))
        e = bind_all(l);
    else if (gy__addr_ip(address, port, &l->addr))
        return fail(l, GY_EINVAL,
                    "%s is no IP address; such are 127.0.0.1, ::1, and * for all of this machine",
                    address);
    else
        e = bind_ip(l);
    if (!e && listen(l->fd, l->opts->backlog ? l->opts->backlog : DEFAULT_BACKLOG))
        e = -errno;
    return e ? fail_ip(l, -e) : l->fd;
}

bool gy__socket_deafen(int fd)
{
    int type = 0;
    socklen_t len = sizeof type;
    if (getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &type, &len))
        return false;
    if (type != IPPROTO_TCP) {
        shutdown(fd, SHUT_RD); /* of a unix socket: connect is refused from here on */
        return false;
    }
    /* Drop what has the SYN flag: byte 13 of the TCP header. */
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 13),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, TH_SYN, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
    };
    struct sock_fprog program = {.len = sizeof code / sizeof *code, .filter = code};
    setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
    return true;
}

/* -- Unix sockets -------------------------------------------------------------------------------- */

static int bind_unix(struct listener *l)
{
    mode_t mode = l->opts->unix_mode ? (mode_t)l->opts->unix_mode : GY__UNIX_MODE;
    l->fd = socket(AF_UNIX, SOCK_STREAM | SOCKET_FLAGS, 0);
    return l->fd < 0 ? -errno : gy__unix_bind(l->fd, &l->addr, mode);
}

static int listen_unix(struct listener *l)
{
    const char *path = l->opts->unix_path;
    struct stat st;
    int e = gy__addr_unix(path, &l->addr);
    if (e == -ENAMETOOLONG)
        return fail(l, e, "the path of a unix socket has at most %zu bytes, this one has %zu: %s",
                    sizeof l->addr.local.sun_path - 1, strlen(path), path);
    if (e)
        return fail(l, e, "\"%s\" is no path for a unix socket", path);
    if (path[0] != '@' && lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode))
        return fail(l, -EEXIST, "cannot create the unix socket %s: a file of that name is there",
                    path);
    e = bind_unix(l);
    if (!e && listen(l->fd, l->opts->backlog ? l->opts->backlog : DEFAULT_BACKLOG))
        e = -errno;
    return e ? fail_unix(l, -e) : l->fd;
}

int gy_listen(const gy_listen_opts *opts, char *why, size_t size)
{
    struct listener l = {.opts = opts, .fd = -1, .why = why, .size = size};
    if (size > 0)
        why[0] = 0;
    return opts->unix_path ? listen_unix(&l) : listen_ip(&l);
}

/* -- Connecting ---------------------------------------------------------------------------------- */

/* The port, when the kernel chooses it, only at connect: then those of other destinations do not count,
 * and one address does not run out of them. One that was named may have been in use a moment ago. */
static int bind_source(int fd, const struct gy__addr *source)
{
    int on = 1;
    if (source->any.sa_family != AF_UNIX && gy__addr_port(source) == 0)
        setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    else
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    return bind(fd, &source->any, source->len) ? -errno : 0;
}

static int bind_from(int fd, const struct gy__source *source, const struct gy__addr *to)
{
    int e = source->interface ? gy__bind_interface(fd, source->interface, to) : 0;
    return !e && source->addr ? bind_source(fd, source->addr) : e;
}

int gy__connect_start(const struct gy__addr *a, const struct gy__source *source)
{
    int fd = socket(a->any.sa_family, SOCK_STREAM | SOCKET_FLAGS, 0);
    if (fd < 0)
        return -errno;
    if (a->any.sa_family != AF_UNIX)
        gy__socket_tune(fd);
    int e = source ? bind_from(fd, source, a) : 0;
    if (!e && connect(fd, &a->any, a->len) && errno != EINPROGRESS && errno != EINTR)
        e = -errno;
    if (e)
        close(fd);
    return e ? e : fd;
}

int gy__connect_result(int fd)
{
    int error = 0;
    socklen_t len = sizeof error;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len))
        return -errno;
    return -error;
}
