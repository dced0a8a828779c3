/* SPDX-License-Identifier: MIT */
/* http_server.h - HTTP/1.1 on a listening socket, below routes and handlers. */
#ifndef GYRE_HTTP_SERVER_H
#define GYRE_HTTP_SERVER_H

#include <gyre/arena.h>
#include <gyre/export.h>
#include <gyre/http.h>
#include <gyre/loop.h>
#include <gyre/stream.h>
#include <stdbool.h>

struct gy_tls;
struct gy_tls_info;

/* Limits and habits of a server. Zero is the default in each. What is said behind a limit is the
 * default, and the status that answers what goes beyond it.
 *
 * With xheaders the client's address is what X-Real-Ip says, or else X-Forwarded-For, or else
 * Forwarded; its scheme what X-Scheme says, or else X-Forwarded-Proto, or else Forwarded. A proxy
 * has to set the first of each itself, or to remove it: what it passes on was written by the
 * client. */
typedef struct gy_http_opts {
    size_t max_head;        /* bytes of request line and fields together; 64 KiB: 431 (414) */
    size_t max_fields;      /* 100: 431 */
    size_t max_body;        /* bytes, buffered or read; 100 MiB: 413 */
    double head_timeout;    /* seconds from the first byte of a head to its last; 60: 408 */
    double idle_timeout;    /* seconds between requests; a first has head_timeout at most; 3600 */
    double body_timeout;    /* seconds for a whole body; no limit: 408 */
    double body_stall;      /* seconds without a byte of an expected body; 60: 408 */
    size_t min_body_rate;   /* bytes a second, judged after the first 5 seconds; no limit: 408 */
    double write_timeout;   /* seconds without progress of a write; 60: closed */
    size_t max_connections; /* at once; more are accepted when one ends; no limit */
    size_t stack_size;      /* of a connection's task; 256 KiB of address space */
    size_t drain;           /* bytes of an unread body, read after an early answer; 256 KiB */
    bool no_keep_alive;
    bool
        require_length; /* refuse POST, PUT and PATCH without Content-Length, chunked ones too: 411.
                               On HTTP/1.0 they are refused in any case */
    bool allow_bare_lf; /* accept LF alone as a line end in heads */
    bool xheaders;      /* believe what proxies say about the client, see above */
    const char *const *trusted; /* these proxies only: CIDR, NULL-terminated; NULL: any peer */
    bool
        proxy_protocol; /* each connection begins with a PROXY header, version 1 or 2, which tells the
                            client's address: who sends none, and with [trusted] who is not on it,
                            is closed */
    const char *protocol;    /* "https" when something in front does TLS; what a believed proxy says
                                   wins */
    const char *server_name; /* the Server field; NULL is "gyre/VERSION", "" leaves it out */
    struct gy_tls *tls;      /* of the connections it accepts: see <gyre/tls.h>. Borrowed; NULL is
                                   plain HTTP */
    unsigned accept_batch;   /* connections taken off the queue at once; 0 is many; with 1,
                                   processes that listen on one socket take turns */
} gy_http_opts;

typedef struct gy_http_server gy_http_server;

/* One request and its response, without a framework. */
typedef struct gy_exchange gy_exchange;

/* Runs in the connection's task and may wait. When it returns without a response the client gets a
 * 500, or a 503 for GY_ENOMEM, unless it has gone; a response that it has begun is ended, or, when
 * it returns a negative code, cut off with the connection. */
typedef int gy_exchange_fn(gy_exchange *x, void *arg);

/* Counters since the start of the server. */
typedef struct gy_http_stats {
    uint64_t connections, requests;
    uint64_t open, active; /* connections now; of these in a request */
    uint64_t bad_requests; /* answered by the protocol itself with 4xx or 5xx, by reason: */
    uint64_t bad_syntax, timeouts, too_large;
    uint64_t not_proxied; /* closed because they did not begin with a PROXY header */
} gy_http_stats;

GY_BEGIN_DECLS

/* NULL when out of memory or on a bad option (logged). [opts] may be NULL and is copied; what it
 * points to is borrowed. */
GY_API gy_http_server *gy_http_server_new(gy_loop *loop, const gy_http_opts *opts,
                                          gy_exchange_fn *fn, void *arg);

/* Accept the connections of a listening, non-blocking socket (gy_listen), of several if called
 * again. Takes [fd], also on failure. */
GY_API GY_CHECKED int gy_http_server_listen(gy_http_server *s, int fd);

/* Serve one connection that is already there: a stream of any kind. Takes it. 0 or a negative code
 * (the stream is then closed). */
GY_API GY_CHECKED int gy_http_server_serve(gy_http_server *s, gy_stream *stream);

/* Accept nothing more; close idle connections; requests that have begun are finished and their
 * connections closed after the answer. Returns at once; [done] runs when the last has gone, which
 * may be before this returns, and at the latest soon after [grace] seconds, when the rest is cut
 * off: their waits end with GY_ESHUTDOWN. [done] may free the server. */
GY_API void gy_http_server_drain(gy_http_server *s, double grace, gy_callback *done, void *arg);

/* Cuts off what is left, as above, and turns the loop until it has gone: outside of tasks only.
 * NULL is fine. */
GY_API void gy_http_server_free(gy_http_server *s);

GY_API void gy_http_server_stats(const gy_http_server *s, gy_http_stats *out);

/* -- In a gy_exchange_fn ------------------------------------------------------------------------- */

GY_API gy_str gy_exchange_method(const gy_exchange *x);
GY_API gy_str gy_exchange_target(const gy_exchange *x);
GY_API const gy_headers *gy_exchange_headers(const gy_exchange *x);
GY_API gy_arena *gy_exchange_arena(gy_exchange *x);

/* The body: bytes, 0 at the end, or a negative code. */
GY_API GY_SUSPENDS GY_CHECKED ssize_t gy_exchange_read(gy_exchange *x, void *buf, size_t size);

/* A whole response at once: Date, Server, Content-Length and Connection are added. [headers] may be
 * NULL. 0; GY_EFINISHED when one has begun, GY_EINVAL for a header that contradicts the framing;
 * GY_ECLOSED. */
GY_API GY_SUSPENDS int gy_exchange_respond(gy_exchange *x, int status, const gy_headers *headers,
                                           gy_str body);

/* Or in pieces: the head, with [length] bytes to come (negative: unknown, chunked), the pieces, the
 * end. A body that is not as long as was said closes the connection and gives GY_EINVAL. */
GY_API GY_SUSPENDS int gy_exchange_begin(gy_exchange *x, int status, const gy_headers *headers,
                                         int64_t length);
GY_API GY_SUSPENDS int gy_exchange_write(gy_exchange *x, const void *data, size_t len);
GY_API GY_SUSPENDS int gy_exchange_end(gy_exchange *x, const gy_headers *trailers);

/* What the TLS handshake has agreed on, while the request lives; false for a plain connection. */
GY_API bool gy_exchange_tls(const gy_exchange *x, struct gy_tls_info *out);

/* Take the connection over; see gy_detach. */
GY_API gy_stream *gy_exchange_detach(gy_exchange *x);

GY_END_DECLS

#endif
