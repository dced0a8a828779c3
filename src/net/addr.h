/* SPDX-License-Identifier: MIT */
/* addr.h - socket addresses and their text. */
#ifndef GYRE_NET_ADDR_H
#define GYRE_NET_ADDR_H

#include <gyre/net.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

/* An IPv4, IPv6 or unix address; [len] bytes of it count. */
struct gy__addr {
    union {
        struct sockaddr any;
        struct sockaddr_in ip4;
        struct sockaddr_in6 ip6;
        struct sockaddr_un local;
    };
    socklen_t len;
};

/* An IP address without a port: what names stand for. */
struct gy__inet {
    uint8_t bytes[16]; /* 4 of them for AF_INET */
    uint32_t scope;    /* of an IPv6 address: the number of its interface, or 0 */
    int family;
};

/* "10.0.0.1", "::1", "fe80::1%eth0"; no brackets, no name. 0 or GY_EINVAL. */
GY_CHECKED int gy__inet_parse(const char *text, struct gy__inet *out);
void gy__addr_of_inet(const struct gy__inet *ip, int port, struct gy__addr *out);

/* False when it is neither IPv4 nor IPv6. */
bool gy__inet_of_sockaddr(const struct sockaddr *a, struct gy__inet *out);

/* "host:port", "[::1]:port", or either without the port (then -1) and "::1": the host without its brackets, and
 * nothing said about whether it is one. 0 or GY_EINVAL. */
enum { GY__HOST_ROOM = 256 };
GY_CHECKED int gy__addr_split(const char *text, char host[GY__HOST_ROOM], int *port);

/* "127.0.0.1:80", "[::1]:80", "localhost:80" (127.0.0.1), "unix:/path" or "unix:@name". 0;
 * GY_EINVAL when it is none of these; -ENAMETOOLONG for a unix path that does not fit. */
GY_CHECKED int gy__addr_parse(const char *text, struct gy__addr *out);

/* An IP address without a port, such as "::1" or "fe80::1%eth0", or "localhost". [port] from 0 to
 * 65535. 0 or GY_EINVAL. */
GY_CHECKED int gy__addr_ip(const char *ip, int port, struct gy__addr *out);

/* A path, or an abstract name after '@'. 0, GY_EINVAL when empty, or -ENAMETOOLONG. */
GY_CHECKED int gy__addr_unix(const char *path, struct gy__addr *out);

/* The text that gy__addr_parse reads. An IPv4 address inside IPv6 is printed as IPv4. */
void gy__addr_print(const struct gy__addr *a, char out[GY_ADDRESS_MAX]);

/* The same without the port; "unix" for a unix socket. */
void gy__addr_host(const struct gy__addr *a, char out[GY_ADDRESS_MAX]);

/* 0 for a unix socket. */
int gy__addr_port(const struct gy__addr *a);
void gy__addr_set_port(struct gy__addr *a, int port);

/* What a socket is bound to, and what it is connected to. 0 or -errno. */
GY_CHECKED int gy__addr_local(int fd, struct gy__addr *out);
GY_CHECKED int gy__addr_peer(int fd, struct gy__addr *out);

#endif
