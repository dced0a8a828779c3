/* SPDX-License-Identifier: MIT */
/* addr.c - socket addresses and their text. */
#include <arpa/inet.h>
#include <gyre/error.h>
#include <gyre/str.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "net/addr.h"

enum { PORT_MAX = 65535 };

static int parse_port(const char *text, int *out)
{
    uint64_t port;
    if (gy_str_uint(gy_str_of(text), &port) || port > PORT_MAX)
        return GY_EINVAL;
    *out = (int)port;
    return 0;
}

/* "fe80::1%eth0": the address is only meaningful on that interface. */
static int parse_ip6(const char *text, struct sockaddr_in6 *out)
{
    char ip[INET6_ADDRSTRLEN];
    const char *zone = strchr(text, '%');
    size_t len = zone ? (size_t)(zone - text) : strlen(text);
    if (len >= sizeof ip)
        return GY_EINVAL;
    memcpy(ip, text, len);
    ip[len] = 0;
    if (inet_pton(AF_INET6, ip, &out->sin6_addr) != 1)
        return GY_EINVAL;
    if (zone && !(out->sin6_scope_id = if_nametoindex(zone + 1)))
        return GY_EINVAL;
    out->sin6_family = AF_INET6;
    return 0;
}

int gy__addr_ip(const char *ip, int port, struct gy__addr *out)
{
    memset(out, 0, sizeof *out);
    if (port < 0 || port > PORT_MAX)
        return GY_EINVAL;
    if (strcmp(ip, "localhost") == 0)
        ip = "127.0.0.1";
    if (inet_pton(AF_INET, ip, &out->ip4.sin_addr) == 1) {
        out->ip4.sin_family = AF_INET;
        out->len = sizeof out->ip4;
    } else if (parse_ip6(ip, &out->ip6) == 0) {
        out->len = sizeof out->ip6;
    } else {
        return GY_EINVAL;
    }
    gy__addr_set_port(out, port);
    return 0;
}

bool gy__inet_of_sockaddr(const struct sockaddr *a, struct gy__inet *out)
{
    *out = (struct gy__inet){.family = a->sa_family};
    if (a->sa_family == AF_INET) {
        struct sockaddr_in ip4;
        memcpy(&ip4, a, sizeof ip4);
        memcpy(out->bytes, &ip4.sin_addr, sizeof ip4.sin_addr);
    } else if (a->sa_family == AF_INET6) {
        struct sockaddr_in6 ip6;
        memcpy(&ip6, a, sizeof ip6);
        memcpy(out->bytes, &ip6.sin6_addr, sizeof ip6.sin6_addr);
        out->scope = ip6.sin6_scope_id;
    }
    return a->sa_family == AF_INET || a->sa_family == AF_INET6;
}

int gy__inet_parse(const char *text, struct gy__inet *out)
{
    struct sockaddr_in6 ip6 = {.sin6_family = 0};
    *out = (struct gy__inet){.family = AF_INET};
    if (inet_pton(AF_INET, text, out->bytes) == 1)
        return 0;
    if (parse_ip6(text, &ip6))
        return GY_EINVAL;
    out->family = AF_INET6;
    out->scope = ip6.sin6_scope_id;
    memcpy(out->bytes, &ip6.sin6_addr, sizeof out->bytes);
    return 0;
}

void gy__addr_of_inet(const struct gy__inet *ip, int port, struct gy__addr *out)
{
    memset(out, 0, sizeof *out);
    if (ip->family == AF_INET) {
        out->ip4.sin_family = AF_INET;
        memcpy(&out->ip4.sin_addr, ip->bytes, sizeof out->ip4.sin_addr);
        out->len = sizeof out->ip4;
    } else {
        out->ip6.sin6_family = AF_INET6;
        out->ip6.sin6_scope_id = ip->scope;
        memcpy(&out->ip6.sin6_addr, ip->bytes, sizeof out->ip6.sin6_addr);
        out->len = sizeof out->ip6;
    }
    gy__addr_set_port(out, port);
}

int gy__addr_unix(const char *path, struct gy__addr *out)
{
    memset(out, 0, sizeof *out);
    size_t len = strlen(path);
    bool abstract = path[0] == '@';
    if (len == 0 || (abstract && len == 1))
        return GY_EINVAL;
    if (len >= sizeof out->local.sun_path)
        return -ENAMETOOLONG;
    out->local.sun_family = AF_UNIX;
    memcpy(out->local.sun_path, path, len);
    if (abstract)
        out->local.sun_path[0] = 0;
    /* An abstract name is as long as its length says; a path ends at its NUL. */
    size_t used = offsetof(struct sockaddr_un, sun_path) + len + (abstract ? 0 : 1);
    out->len = (socklen_t)used;
    return 0;
}

int gy__addr_split(const char *text, char host[GY__HOST_ROOM], int *port)
{
    const char *first = strchr(text, ':'), *last = strrchr(text, ':');
    const char *end = text + strlen(text);
    *port = -1;
    if (*text == '[') {
        const char *close = strchr(text, ']');
        /* Brackets are for addresses with a ':', where they show where the port begins. */
        if (!close || !first || first > close || (close[1] && close[1] != ':'))
            return GY_EINVAL;
        if (close[1] && parse_port(close + 2, port))
            return GY_EINVAL;
        text++;
        end = close;
    } else if (first && first == last) {
        if (parse_port(first + 1, port))
            return GY_EINVAL;
        end = first;
    }
    size_t len = (size_t)(end - text);
    if (len == 0 || len >= GY__HOST_ROOM)
        return GY_EINVAL;
    memcpy(host, text, len);
    host[len] = 0;
    return 0;
}

int gy__addr_parse(const char *text, struct gy__addr *out)
{
    char host[GY__HOST_ROOM];
    int port;
    if (strncmp(text, "unix:", 5) == 0)
        return gy__addr_unix(text + 5, out);
    int e = gy__addr_split(text, host, &port);
    return e || port < 0 ? GY_EINVAL : gy__addr_ip(host, port, out);
}

static void print_unix(const struct gy__addr *a, char out[GY_ADDRESS_MAX])
{
    const char *path = a->local.sun_path;
    size_t start = offsetof(struct sockaddr_un, sun_path);
    size_t len = a->len > start ? a->len - start : 0;
    if (len > sizeof a->local.sun_path)
        len = sizeof a->local.sun_path;
    if (len == 0 || path[0]) {
        snprintf(out, GY_ADDRESS_MAX, "unix:%.*s", (int)strnlen(path, len), path);
        return;
    }
    char *at = out + snprintf(out, GY_ADDRESS_MAX, "unix:@");
    for (size_t i = 1; i < len; i++)
        *at++ = path[i] ? path[i] : '?';
    *at = 0;
}

static void print_ip6(const struct sockaddr_in6 *a, char out[GY_ADDRESS_MAX])
{
    inet_ntop(AF_INET6, &a->sin6_addr, out, GY_ADDRESS_MAX);
    char name[IF_NAMESIZE];
    if (a->sin6_scope_id && if_indextoname(a->sin6_scope_id, name)) {
        size_t len = strlen(out);
        snprintf(out + len, GY_ADDRESS_MAX - len, "%%%s", name);
    }
}

void gy__addr_host(const struct gy__addr *a, char out[GY_ADDRESS_MAX])
{
    switch (a->any.sa_family) {
    case AF_INET:
        inet_ntop(AF_INET, &a->ip4.sin_addr, out, GY_ADDRESS_MAX);
        break;
    case AF_INET6:
        /* What a client of IPv4 looks like to a socket for both. */
        if (IN6_IS_ADDR_V4MAPPED(&a->ip6.sin6_addr))
            inet_ntop(AF_INET, &a->ip6.sin6_addr.s6_addr[12], out, GY_ADDRESS_MAX);
        else
            print_ip6(&a->ip6, out);
        break;
    default:
        snprintf(out, GY_ADDRESS_MAX, "unix");
    }
}

void gy__addr_print(const struct gy__addr *a, char out[GY_ADDRESS_MAX])
{
    if (a->any.sa_family != AF_INET && a->any.sa_family != AF_INET6) {
        print_unix(a, out);
        return;
    }
    char host[GY_ADDRESS_MAX];
    gy__addr_host(a, host);
    bool brackets = strchr(host, ':') != NULL;
    snprintf(out, GY_ADDRESS_MAX, "%s%.90s%s:%d", brackets ? "[" : "", host, brackets ? "]" : "",
             gy__addr_port(a));
}

int gy__addr_port(const struct gy__addr *a)
{
    switch (a->any.sa_family) {
    case AF_INET:
        return ntohs(a->ip4.sin_port);
    case AF_INET6:
        return ntohs(a->ip6.sin6_port);
    default:
        return 0;
    }
}

void gy__addr_set_port(struct gy__addr *a, int port)
{
    if (a->any.sa_family == AF_INET)
        a->ip4.sin_port = htons((uint16_t)port);
    else if (a->any.sa_family == AF_INET6)
        a->ip6.sin6_port = htons((uint16_t)port);
}

int gy__addr_local(int fd, struct gy__addr *out)
{
    memset(out, 0, sizeof *out);
    out->len = offsetof(struct gy__addr, len);
    return getsockname(fd, &out->any, &out->len) ? -errno : 0;
}

int gy__addr_peer(int fd, struct gy__addr *out)
{
    memset(out, 0, sizeof *out);
    out->len = offsetof(struct gy__addr, len);
    return getpeername(fd, &out->any, &out->len) ? -errno : 0;
}

int gy_local_address(int fd, char out[GY_ADDRESS_MAX])
{
    struct gy__addr a;
    int e = gy__addr_local(fd, &a);
    if (e)
        return e;
    gy__addr_print(&a, out);
    return 0;
}

int gy_peer_address(int fd, char out[GY_ADDRESS_MAX])
{
    struct gy__addr a;
    int e = gy__addr_peer(fd, &a);
    if (e)
        return e;
    gy__addr_print(&a, out);
    return 0;
}

int gy_local_port(int fd)
{
    struct gy__addr a;
    return gy__addr_local(fd, &a) ? 0 : gy__addr_port(&a);
}
