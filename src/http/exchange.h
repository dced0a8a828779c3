/* SPDX-License-Identifier: MIT */
/* exchange.h - one request and its response on a connection, as the floors above see it. */
#ifndef GYRE_HTTP_EXCHANGE_H
#define GYRE_HTTP_EXCHANGE_H

#include <gyre/arena.h>
#include <gyre/http.h>
#include <gyre/http_server.h>
#include <gyre/stream.h>

#include "http/parse.h"

struct gy__conn;

/* Lives in the connection's task from the head of the request to the end of the response. */
struct gy_exchange {
    struct gy__head head;
    gy_headers headers; /* the fields of head */
    gy_arena arena;     /* reset when the exchange has ended */
    struct gy__conn *conn;
    int64_t began; /* ns on the loop's clock, when the head was read */
    uint64_t max_body;
    double body_timeout;
    size_t min_body_rate;
    uint64_t sent;  /* body bytes handed to the connection, for the access log */
    int status;     /* of the response that has begun, else 0 */
    bool head_sent; /* the response has begun */
    bool finished;  /* and is complete */
    bool detached;
    bool detach_wait;      /* the client's leaving does not cancel the handler's waits */
    const char *remote_ip; /* once somebody asked */
    const char *protocol;
    gy_headers trailers; /* of the request, once its body was read to the end */
};

/* Read the whole body into the arena; a view of it, NUL-terminated. 0; or positive, the status to
 * answer with (400, 408, 413, 503); or negative when the connection is lost. Suspends. */
int gy__exchange_body(gy_exchange *x, gy_str *out);

/* A read of the body by gy_exchange_read gives one of these codes when the client is at fault; this
 * turns it into the status to answer with (413, 408, 400), or 500. */
int gy__exchange_body_status(int code);

/* A whole response. [reason] NULL is the standard phrase. Date, Server, Connection and, where the
 * status allows a body, Content-Length are added (a Content-Length among [fields] that differs from
 * the body is our handler's fault: GY_EINVAL and nothing is sent). For HEAD, 204 and 304 the body is
 * left out. Copies. The bytes leave when the connection has no further request in its buffer. 0 or a
 * negative code. May suspend for a slow client when the output is large. */
int gy__exchange_respond(gy_exchange *x, int status, const char *reason, const gy_field *fields,
                         size_t count, gy_str body);

/* The head of a response whose body follows by gy_exchange_write and gy_exchange_end. [length]
 * negative: chunked (or until close for HTTP/1.0). */
int gy__exchange_begin(gy_exchange *x, int status, const char *reason, const gy_field *fields,
                       size_t count, int64_t length);

/* Send what is in the output buffer. Suspends. */
int gy__exchange_flush(gy_exchange *x);

/* "127.0.0.1", "::1" or "unix", and "http" or "https", as xheaders allow. Never NULL. */
const char *gy__exchange_remote_ip(gy_exchange *x);
const char *gy__exchange_protocol(gy_exchange *x);

/* Does it come from a proxy whose word is believed about the request? */
bool gy__exchange_is_trusted(gy_exchange *x);

/* Close the connection after this response. */
void gy__exchange_close_after(gy_exchange *x);

/* Call fn(arg) when the server is freed, after its last request. */
void gy__http_server_on_free(gy_http_server *s, gy_callback *fn, void *arg);

#endif
