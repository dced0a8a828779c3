/* SPDX-License-Identifier: MIT */
/* udp.h - datagrams. */
#ifndef GYRE_UDP_H
#define GYRE_UDP_H

#include <gyre/export.h>
#include <gyre/net.h>
#include <gyre/str.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* A datagram socket on this thread's loop. At most one task receives and one sends at a time (GY_EBUSY
 * for the second). */
typedef struct gy_udp gy_udp;

typedef struct gy_udp_opts {
    /* "127.0.0.1:9000", "[::]:0", "*:9000" (IPv6 and IPv4), "unix:/path" or "unix:@name". NULL is any,
     * chosen by the kernel. The file of a unix socket is made and removed as by gy_listen. */
    const char *bind;
    const char *peer; /* "host:port" or "unix:...": send to and receive from this one only */
    bool reuse_port, broadcast;
    const char *join; /* the IP address of a multicast group to be a member of */
    const char
        *interface; /* on which to be a member and to send to groups; NULL: the system's choice */
    int ttl;        /* of what is sent to a group; 0 is 1 */
    int receive_buffer; /* bytes of the kernel's buffer; 0 is the system's */
    unsigned unix_mode; /* of the file; 0 is 0600 */
} gy_udp_opts;

/* One datagram, in a task of its own; [data] is valid until it returns. What it returns is not looked
 * at. Answer with gy_udp_send_to(u, from, ...). */
typedef int gy_udp_handler(gy_udp *u, gy_str data, const char *from, void *arg);

GY_BEGIN_DECLS

/* 0 and [out], or a negative code and a sentence in [why], of [size] bytes. May wait for the name of a
 * peer. GY_ENOTASK when this thread has no loop. [opts] may be NULL. */
GY_API GY_SUSPENDS GY_CHECKED int gy_udp_open(const gy_udp_opts *opts, gy_udp **out, char *why,
                                              size_t size);

/* Wakes those who wait (GY_ECLOSED). NULL is fine. */
GY_API void gy_udp_close(gy_udp *u);

/* The next datagram, waiting at most [timeout] seconds (GY_FOREVER): its length, which may be 0; what
 * does not fit in [size] bytes is GY_ETOOBIG, and gone. [from], unless it is NULL, gets who sent it: text
 * for gy_udp_send_to, or "unix:" of a unix socket without a name. On a socket with a peer also
 * -ECONNREFUSED, of a datagram sent before. */
GY_API GY_SUSPENDS GY_CHECKED ssize_t gy_udp_recv(gy_udp *u, void *buf, size_t size, double timeout,
                                                  char from[GY_ADDRESS_MAX]);

/* Send one datagram, whole or not at all: 0 or a negative code, such as -EMSGSIZE, or -ECONNREFUSED of a
 * datagram sent before (this one is then not sent). _to is for sockets without a peer (GY_EINVAL with
 * one), and takes an address as gy_udp_recv gives it: no names. Waits only while the kernel has no
 * room. */
GY_API GY_SUSPENDS GY_CHECKED int gy_udp_send(gy_udp *u, const void *data, size_t len);
GY_API GY_SUSPENDS GY_CHECKED int gy_udp_send_to(gy_udp *u, const char *to, const void *data,
                                                 size_t len);
GY_API int gy_udp_fd(const gy_udp *u);

/* Receive until it is closed or the task cancelled, and give each datagram to [fn] in a task, at most
 * [limit] (0: 100) at the same time: the rest waits in the kernel's buffer, which drops what is too
 * much. Those tasks are cancelled with this one, not by the close, and have ended when this returns.
 * Gives what ended it. Inside a task only. */
GY_API GY_SUSPENDS int gy_udp_serve(gy_udp *u, size_t limit, gy_udp_handler *fn, void *arg);

GY_END_DECLS

#endif
