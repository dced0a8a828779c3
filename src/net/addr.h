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
