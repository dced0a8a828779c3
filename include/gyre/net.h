/* SPDX-License-Identifier: MIT */
/* net.h - addresses, listening and connecting. */
#ifndef GYRE_NET_H
#define GYRE_NET_H

#include <gyre/export.h>
#include <gyre/stream.h>
#include <stdbool.h>
#include <stdint.h>

/* "127.0.0.1:8888", "[::1]:8888" or "unix:/run/app.sock". */
enum { GY_ADDRESS_MAX = 128 };

typedef struct gy_listen_opts {
    const char *address;   /* an IP address; NULL, "" or "*" is all addresses, IPv6 and IPv4 */
    int port;              /* 0 lets the kernel choose */
    const char *unix_path; /* a unix socket instead; '@' as its first letter is an abstract name */
    unsigned unix_mode;    /* its mode; 0 is 0600 */
    int backlog;           /* 0 is 4096, which the kernel cuts to net.core.somaxconn */
    bool reuse_port;       /* SO_REUSEPORT */
} gy_listen_opts;

struct gy_tls;

/* A server of streams: gy_tcp_server_open starts accepting on this thread's loop. */
typedef struct gy_tcp_server gy_tcp_server;

/* One connection, in a task of its own. The stream is closed when it returns; what it returns is
 * not looked at. */
typedef int gy_tcp_handler(gy_stream *s, void *arg);

typedef struct gy_connect_opts {
    double timeout;       /* seconds in all, looking the name up included; 0 is no limit */
    double attempt_delay; /* before the next address is tried beside; 0 is 0.25 (RFC 8305) */
    int family;           /* AF_INET or AF_INET6 only; 0 is both */
    /* Bind to this IP address first: only its family is connected to; or leave by this interface ("eth0"). */
    const char *source_address;
    int source_port;              /* the same; alone, with IPv4 unless [family] says otherwise */
    struct gy_resolver *resolver; /* NULL is the one that is always there */
    gy_stream_opts stream;
} gy_connect_opts;

typedef struct gy_tcp_server_opts {
    gy_stream_opts stream;  /* of each connection */
    size_t max_connections; /* at once; more are accepted when one ends; 0 is no limit */
    size_t stack_size;      /* of their tasks; 0 is 256 KiB of address space */
    const char *name;       /* of their tasks; NULL is "connection" */
    bool proxy_protocol;    /* each begins with a PROXY header, as gy_proxy_read reads it: who sends
                               none is closed. gy_stream_peer tells what it said */
    struct gy_tls *tls; /* their handshake comes first: see <gyre/tls.h>. Borrowed; NULL is none */
} gy_tcp_server_opts;

/* What a proxy in front says about a connection: the addresses as text, ports 0 for unix sockets. */
typedef struct gy_proxied {
    bool local; /* the proxy speaks for itself, or does not know: both texts are empty */
    char source[GY_ADDRESS_MAX], destination[GY_ADDRESS_MAX];
} gy_proxied;

GY_BEGIN_DECLS

/* A listening socket, non-blocking and close-on-exec: gives the descriptor, or a negative code. On
 * failure [why], of [size] bytes, holds a sentence for a person: which address, what was wrong,
 * what to do about it. The file of a unix socket replaces one that nobody listens on any more, and stays
 * when the socket is closed: unlink it. */
GY_API GY_CHECKED int gy_listen(const gy_listen_opts *opts, char *why, size_t size);

/* The same for an address that may also be a name, which stands for all its addresses: "localhost" is
 * 127.0.0.1 and ::1. With port 0 it is the same one on each of them; a version of IP that this machine
 * does not have is passed over. Gives the count of sockets in [fds], at most [max], or a negative code.
 * Suspends while the name is looked up; outside a task it blocks. */
GY_API GY_SUSPENDS GY_CHECKED int gy_listen_all(const gy_listen_opts *opts, int fds[], size_t max,
                                                char *why, size_t size);

/* The address a socket is bound to (or its peer's), as text. 0 or a negative code. */
GY_API GY_CHECKED int gy_local_address(int fd, char out[GY_ADDRESS_MAX]);
GY_API GY_CHECKED int gy_peer_address(int fd, char out[GY_ADDRESS_MAX]);

/* The port a socket is bound to, or 0. */
GY_API int gy_local_port(int fd);

/* Serve the connections of a listening, non-blocking socket (gy_listen) on this thread's loop. Takes
 * [fd], also on failure. NULL when out of memory or without a loop. [opts] may be NULL. */
GY_API gy_tcp_server *gy_tcp_server_open(int fd, const gy_tcp_server_opts *opts, gy_tcp_handler *fn,
                                         void *arg);

/* One more listening socket for it. Takes [fd], also on failure. 0 or a negative code. */
GY_API GY_CHECKED int gy_tcp_server_add(gy_tcp_server *s, int fd);

/* Connections now. */
GY_API size_t gy_tcp_server_count(const gy_tcp_server *s);

/* Where a connection comes from: as the PROXY header that was read from it says, or as the socket does. 0
 * or a negative code. */
GY_API GY_CHECKED int gy_stream_peer(const gy_stream *s, char out[GY_ADDRESS_MAX]);

/* Read the header that a proxy puts before everything else (the PROXY protocol, versions 1 and 2, as
 * HAProxy defines it), waiting at most [timeout] seconds (GY_FOREVER). What it says can be believed only
 * where nobody but the proxy can connect. 0, GY_EPROTO for anything else, GY_EOF, GY_ETIMEDOUT, or the
 * cancellation. */
GY_API GY_SUSPENDS GY_CHECKED int gy_proxy_read(gy_stream *s, double timeout, gy_proxied *out);

/* Stop accepting and wait for the connections to end, at most [grace] seconds (GY_FOREVER), then
 * cancel them (GY_ESHUTDOWN) and wait for that: never inside of one of them. Outside of a task this turns the
 * loop. NULL is fine. */
GY_API GY_SUSPENDS void gy_tcp_server_close(gy_tcp_server *s, double grace);

/* Connect to "host:port" or "unix:path"; gives the stream in [out]. The addresses of a name are tried as
 * RFC 8305 says: IPv6 and IPv4 in turn, the next beside the first when that takes long or has failed, and
 * the first that answers is taken. A unix socket whose queue is full is waited for. The failure of the
 * last address (such as -ECONNREFUSED), what gy_resolve fails with (such as GY_ENOTFOUND), GY_ETIMEDOUT,
 * GY_EINVAL, or the cancellation: then nothing is left open. [opts] may be NULL. Inside a task only: else
 * GY_ENOTASK. */
GY_API GY_SUSPENDS GY_CHECKED int gy_connect(const char *address, const gy_connect_opts *opts,
                                             gy_stream **out);

/* Who is at the other end of a unix socket, as the kernel saw it when it connected. 0; GY_ENOTFOUND for
 * other sockets and before they are connected; or a negative code. */
typedef struct gy_peer_ids {
    long pid; /* 0 when its process has no number here: it runs in another container */
    long uid, gid;
} gy_peer_ids;
GY_API GY_CHECKED int gy_peer_ids_get(int fd, gy_peer_ids *out);

GY_END_DECLS

#endif
