/* SPDX-License-Identifier: MIT */
/* connection.h - what a connection of the HTTP server consists of. */
#ifndef GYRE_HTTP_CONNECTION_H
#define GYRE_HTTP_CONNECTION_H

#include <gyre/http_server.h>
#include <gyre/list.h>
#include <string.h>

#include "codec/cidr.h"
#include "http/chunked.h"
#include "http/exchange.h"
#include "http/framing.h"
#include "loop/task.h"
#include "net/acceptor.h"
#include "net/transport.h"

/* While nothing is asked, this is all that a connection holds: no task, no stack, no buffer. */
struct gy__conn {
    gy_list link; /* in server->conns */
    struct gy_http_server *server;
    struct gy__transport *t; /* &socket, or one that was given to us */
    struct gy__transport socket;
    struct gy__work *work;    /* from the first byte of a request until none is left */
    gy_timer timer;           /* the idle time; moved lazily */
    int64_t idle_since;       /* ns; when the last response had gone */
    struct sockaddr_in6 from; /* as it was accepted; the family alone when that is not IP */
    char *peer;               /* its text, once somebody asked */
    bool announced;           /* no PROXY header is awaited */
    bool secured;             /* no TLS handshake is awaited */
    bool served;              /* a request was answered on it */
    bool ended; /* the client sends no more; what it sent before may still be unread */
    bool asked; /* and it was asked whether it is still there */
    bool close; /* after what is under way */
    bool cut;   /* at once: a write failed, or the grace of a drain has run out */
};

enum { GY__FIELDS_INLINE = 24, GY__WORK_SIZE = 20 * 1024, GY__ARENA_FIRST = 1024 };

/* The request's body, as it comes in. */
struct gy__body_in {
    struct gy__body framing;
    uint64_t left;  /* of a body with a length */
    uint64_t taken; /* bytes given out */
    int64_t began;  /* ns, the first read */
    struct gy__chunked chunked;
    int status;        /* what to answer when it failed */
    int error;         /* how it failed; sticky */
    bool continue_due; /* the client waits for 100 Continue */
    bool done;
};

/* What a connection needs while requests are under way. Page-sized and taken from a pool; what a small
 * request touches lies in its first page. */
struct gy__work {
    gy_task task;
    struct gy__work *next; /* in the pool */
    struct gy__conn *conn;
    /* Output, in a block of the server's pool: what was answered and not yet sent. */
    char *out;
    size_t out_len;
    /* Input: [at, len) has been read and not yet consumed. Behind len lie GY__PARSE_PADDING bytes. */
    char *in;
    size_t in_at, in_len, in_cap;
    size_t body_base; /* where the input behind the head of this request begins */
    char *in_grown;   /* a larger buffer than the one at the end of this block */
    gy_field *fields_grown;
    gy_stream *detached;
    struct gy_exchange x;
    struct gy__body_in body;
    uint64_t promised; /* the Content-Length of a response in pieces */
    bool in_handler;   /* the client's leaving cancels the task */
    bool chunked_out, until_close, counted;
    int broken; /* how a piece of the response was lost: it cannot be completed */
    gy_field fields[GY__FIELDS_INLINE];
    char arena_first[GY__ARENA_FIRST] __attribute__((aligned(16)));
    char in_first[];
};

enum { GY__OUT_SIZE = 32 * 1024, GY__PREFIX_MAX = 160 };

struct gy_http_server {
    gy_loop *loop;
    gy_http_opts opts;
    struct gy__limits_head limits;
    gy_exchange_fn *fn;
    void *arg;
    gy_list conns;
    size_t open, active;
    gy_list acceptors;
    struct gy__work *pool; /* idle works, the warmest first */
    void **slabs;
    size_t slab_count, slab_capacity;
    char *out_pool; /* idle output blocks; each begins with a pointer to the next */
    /* The fields that every response has, renewed when the second changes. */
    char prefix[GY__PREFIX_MAX];
    size_t prefix_len;
    int64_t prefix_until;
    struct gy__cidrs trusted;
    gy_http_stats stats;
    int64_t idle_ns, head_ns, body_ns, stall_ns, write_ns;
    /* Draining. */
    bool draining, ended;
    gy_callback *done;
    void *done_arg;
    gy_timer last_call, grace;
    gy_callback *on_free;
    void *on_free_arg;
};

/* -- work.c: the pools --------------------------------------------------------------------------- */

struct gy__work *gy__work_take(gy_http_server *s);
void gy__work_release(gy_http_server *s, struct gy__work *w);
void gy__work_pools_done(gy_http_server *s);

/* Move the input into a buffer in which the largest head and some of a body have room. 0 or
 * GY_ENOMEM. */
int gy__in_grow(struct gy__work *w);

/* So many bytes were read to the end of the input. The parser looks at those behind it, which decide
 * nothing; that they are the same each time makes a run repeatable. */
static inline void gy__in_add(struct gy__work *w, size_t n)
{
    w->in_len += n;
    memset(w->in + w->in_len, 0, GY__PARSE_PADDING);
}

/* Room for [more] bytes of output, at most GY__OUT_SIZE in all. 0 or GY_ENOMEM. May suspend to send
 * what is in the way. */
int gy__out_need(struct gy__work *w, size_t more);

/* Send the output. Suspends for a slow client. */
int gy__out_flush(struct gy__work *w);

/* Send the output, then (or with it) these bytes, which are not copied. */
int gy__out_flush_with(struct gy__work *w, const struct iovec *more, int count);

/* Read more input, without waiting when [deadline] is 0. Positive, 0 at the end, -EAGAIN, or a
 * negative code. */
ssize_t gy__in_read(struct gy__work *w, int64_t deadline);

/* Whether what the other end of the socket says about clients is to be believed. */
bool gy__peer_is_trusted(struct gy__conn *c);

/* Read the PROXY header with which the connection begins. 0, or a negative code: it is to be closed. */
int gy__proxied_read(struct gy__work *w);

/* The TLS handshake of a connection. 0, or a negative code: it is to be closed. */
int gy__conn_secure(struct gy__work *w);

/* For gy_task.on_park. Send what can be sent without waiting: no answer waits for the next handler. And
 * look for the client: no handler waits for one that has left. */
void gy__out_before_park(gy_task *t);

/* -- connection.c -------------------------------------------------------------------------------- */

/* The task of a connection that has something to read. [arg] is its gy__work. */
int gy__connection_serve(void *arg);

/* -- conn.c -------------------------------------------------------------------------------------- */

/* A new connection; a gy__accept_fn whose owner is the server. */
void gy__conn_accept(struct gy__acceptor *a, int fd);
void gy__conn_close(struct gy__conn *c);

/* -- drain.c ------------------------------------------------------------------------------------- */

/* Has the last connection of a draining server gone? */
void gy__drain_check(gy_http_server *s);

/* Close all connections, those with a request under way as soon as its handler has given up. */
void gy__drain_cut_off(gy_http_server *s);

/* Stop listening; with [last] take what was accepted already. */
void gy__acceptors_close(gy_http_server *s, bool last);

/* -- presence.c ---------------------------------------------------------------------------------- */

/* End the handler's wait when its client has broken the connection; ask a client that has finished
 * sending whether it is still there. On the loop's stack, or before a wait. */
void gy__client_look(struct gy__work *w);

/* -- request_body.c ------------------------------------------------------------------------------ */

void gy__body_begin(struct gy__work *w);

/* After the response: read what is left of the body if that is little, so that the connection can be
 * kept. False when it cannot. */
bool gy__body_drain(struct gy__work *w);

/* Would that be worth trying? Decides on Connection: close in the response's head. */
bool gy__body_drainable(const struct gy__work *w);

/* -- refuse.c ------------------------------------------------------------------------------------ */

/* Answer with [status] and close after it: the request was malformed, too large or too slow. One log
 * line. */
void gy__refuse(struct gy__work *w, int status, const char *reason);

/* For the statistics: a request was refused with [status], a body's too. */
void gy__refuse_count(gy_http_server *s, int status);

/* Close so that the client can read the last answer although it is still sending (RFC 9112 9.6). */
void gy__linger(struct gy__work *w);

#endif
