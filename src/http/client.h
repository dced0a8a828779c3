/* SPDX-License-Identifier: MIT */
/* client.h - what a fetch, a client and its connections consist of. */
#ifndef GYRE_HTTP_CLIENT_H
#define GYRE_HTTP_CLIENT_H

#include <gyre/client.h>
#include <gyre/list.h>
#include <gyre/stream.h>
#include <gyre/task.h>

#include "base/buf.h"
#include "base/map.h"
#include "codec/url.h"
#include "http/framing.h"
#include "loop/waiters.h"

enum { GY__CLIENT_FIELDS = 100, GY__CLIENT_IN = 16 * 1024 };

/* Invariants:
 *   C1. A connection is idle, or belongs to one fetch, which gives it back or closes it.
 *   C2. One that becomes idle has nothing under way: every byte of the last response was read, and no other
 *       came. What comes meanwhile is noticed when it is taken, and then it is not.
 *   C3. Somebody stands in a place's line only while no connection there is idle. */
struct gy_client {
    gy_loop *loop;
    gy_client_opts opts;
    int64_t idle_ns;
    struct gy__map places;
    gy_list idle;        /* struct gy__peer.aged, the one that waits longest first */
    gy_timer idle_timer; /* set while some are idle, for the first of them or one before it */
    gy_list waiting;     /* struct gy__place.waiting: those with a line */
    gy_list fetches;     /* struct gy__fetch.link */
    size_t count;        /* connections: idle, busy and on their way */
    uint64_t tickets;
    struct gy_tls *tls;        /* for those that bring no settings; NULL until then */
    struct gy__proxy_env *env; /* as it was when the client was made; NULL: it names no proxy */
    struct gy__curl *curl;     /* NULL: connections of our own */
    gy_list digests;           /* of client_auth.c: servers' challenges, the one used last first */
    size_t digest_count;
    bool ended; /* gy_client_free was called: the last fetch frees it */
};

/* Where connections that are alike lead to. There while it has connections or a line. */
struct gy__place {
    gy_list idle; /* struct gy__peer.link, the one used last first */
    gy_list waiting;
    size_t count;
    gy_waiters line; /* of struct gy__turn */
    struct gy_tls
        *tls;   /* a part of the key: kept, so that its address stays its own; may be NULL */
    gy_str key; /* follows in memory */
};

/* A connection to a server. */
struct gy__peer {
    gy_client *client;
    struct gy__place *place;
    gy_stream *stream; /* NULL: not connected */
    gy_list link, aged;
    int64_t since;      /* it is idle */
    struct gy__buf out; /* the head of a request */
    char *in;           /* what was read, GY__PARSE_PADDING behind it */
    size_t in_at, in_len, in_cap;
    bool reused;
};

/* What leads to a server. */
enum gy__way { GY__WAY_DIRECT, GY__WAY_UNIX, GY__WAY_HTTP, GY__WAY_SOCKS };

struct gy__proxy {
    enum gy__way way;
    bool secure;        /* the proxy itself speaks TLS */
    bool resolves;      /* SOCKS: names are its business */
    struct gy__url url; /* of HTTP and SOCKS */
    const char *text;   /* as it was given; "": none */
};

/* What the environment says; texts may be NULL. */
struct gy__proxy_env {
    const char *http, *https, *no;
};

/* Its times, in ns of the loop's clock; 0: not. */
struct gy__fetch_times {
    int64_t began, queued, connecting, resolved, connected, secured, sent, first_byte;
};

/* One call of gy_fetch. */
struct gy__fetch {
    gy_arena *arena;
    gy_response *out;
    gy_fetch_opts o; /* with the client's defaults */
    gy_client *client;
    gy_list link;
    gy_task *task;
    gy_deadline deadline; /* of all of it */
    struct gy__proxy via;
    struct gy__peer *peer;
    struct gy__transfer *transfer; /* by libcurl; NULL: none */
    int64_t until, connect_until;
    struct gy__fetch_times times;

    struct gy__url url;
    gy_str method;
    enum gy_method verb;
    bool with_body;
    bool foreign; /* redirected to somebody else: credentials stay here */
    gy_str body;  /* with_body, unless it is read */
    const char *body_type;
    struct gy__form *form; /* what reads it for o.parts, as often as needed; NULL: none */
    bool body_begun;       /* its reader was called */

    int answers;    /* to challenges of this server, one after the other */
    bool probe;     /* without its body: does the server want an answer first? */
    bool unasked;   /* it wants none */
    bool ask_again; /* the same, as the challenge wants it */

    struct gy__head head;
    gy_field fields[GY__CLIENT_FIELDS];
    size_t head_bytes; /* of all heads of this answer */
    size_t sent, got;  /* bytes of this request and this answer */
    bool request_over; /* all of it was sent */
    bool refused;      /* by on_head */
    bool last;         /* nobody may use the connection after this answer */
    bool drop_body;    /* of a redirect: read, but given to nobody */
    uint64_t body_got;
    struct gy__buf *collected;
    struct gy__decoder *decoder; /* while a body is read */
    size_t burst;                /* bytes decoded since the others had their turn */
};

/* -- client_options.c ----------------------------------------------------------------------------- */

/* What [opts] leaves at zero comes from the client, and what that leaves from the contract. */
void gy__fetch_merge(struct gy__fetch *f, const gy_fetch_opts *opts);

/* 0, or GY_EINVAL or GY_ENOMEM with out->why: method and body; nothing that breaks a head. */
int gy__fetch_check(struct gy__fetch *f);

/* -- client_form.c -------------------------------------------------------------------------------- */

/* o.parts as a body: sets o.read_body, o.read_arg, o.body_length, form and body_type. 0 or a negative
 * code with out->why, as that of a file that cannot be read. */
GY_SUSPENDS int gy__form_begin(struct gy__fetch *f);

/* Read it from the start again; NULL is allowed. And no more, which closes its file. */
void gy__form_rewind(struct gy__form *form);

/* -- client_request.c ------------------------------------------------------------------------------ */

/* The head into peer->out. 0 or a negative code. */
int gy__fetch_put_head(struct gy__fetch *f);

/* Append a field to it. */
int gy__fetch_put_field(struct gy__fetch *f, const char *name, gy_str value);

/* Will the caller's own headers bring that field? */
bool gy__fetch_has_header(const struct gy__fetch *f, const char *name);

/* Can the request be sent again, as to another server? Not once its body was read by a reader. */
bool gy__fetch_is_repeatable(const struct gy__fetch *f);

/* Head and body. 0, also when the server answers before it has read all (then request_over is false), or
 * a negative code. */
GY_SUSPENDS int gy__fetch_send(struct gy__fetch *f);

/* -- client_auth.c --------------------------------------------------------------------------------- */

/* 0, or GY_EINVAL with out->why: credentials that this build cannot send. */
int gy__fetch_check_credentials(struct gy__fetch *f);

/* The field [field] with the two. 0 or a negative code. */
int gy__fetch_put_basic(struct gy__fetch *f, const char *field, gy_str user, gy_str password);

/* The field Authorization, if there is something to put there; may set f->probe. 0 or a negative code. */
int gy__fetch_put_credentials(struct gy__fetch *f);

/* Behind a head: sets f->ask_again if it has a challenge that is to be answered. 0 or GY_ENOMEM. */
int gy__fetch_see_challenge(struct gy__fetch *f);

void gy__client_forget_digests(gy_client *c);

/* -- client_response.c ----------------------------------------------------------------------------- */

/* The next head that is no interim one, or with [interim] also a 100. 0 or a negative code. */
GY_SUSPENDS int gy__fetch_read_head(struct gy__fetch *f, bool interim);

/* The next head, interim or not; a whole one that is there already without waiting. */
GY_SUSPENDS int gy__fetch_next_head(struct gy__fetch *f, int64_t until);

/* The body that belongs to it. */
GY_SUSPENDS int gy__fetch_read_body(struct gy__fetch *f);

/* The same in pieces: not at all when it is of no use; else begin, deliver what came, and end, with what
 * has failed until then, whether or not it was begun well. */
bool gy__fetch_wants_body(struct gy__fetch *f, struct gy__body b);
int gy__fetch_begin_body(struct gy__fetch *f, struct gy__body b);
GY_SUSPENDS int gy__fetch_deliver(struct gy__fetch *f, const char *data, size_t len);
int gy__fetch_end_body(struct gy__fetch *f, int e);

/* -- client_env.c ---------------------------------------------------------------------------------- */

/* 0 or GY_ENOMEM; NULL when no proxy is named. To be freed with gy__free. */
int gy__proxy_env_new(struct gy__proxy_env **out);

/* The proxy for [url], or NULL. */
const char *gy__proxy_env_find(const struct gy__proxy_env *env, const struct gy__url *url);

/* Whether [list], as of no_proxy, has the server of [url]: names (and all below them), addresses, networks,
 * "*", each with a port or without; commas or blanks in between. */
bool gy__no_proxy_has(gy_str list, const struct gy__url *url);

/* -- client_proxy.c -------------------------------------------------------------------------------- */

/* Set f->via for f->url. 0, GY_EINVAL or GY_ENOMEM. */
int gy__proxy_pick(struct gy__fetch *f);

/* The field Proxy-Authorization, if the proxy wants HTTP and its URL has a user. 0 or a negative code. */
int gy__proxy_put_credentials(struct gy__fetch *f);

/* Whether a proxy reads the request and asks the server itself. */
static inline bool gy__fetch_is_forwarded(const struct gy__fetch *f)
{
    return f->via.way == GY__WAY_HTTP && f->url.scheme.len == sizeof "http" - 1;
}

/* -- client_connect.c ------------------------------------------------------------------------------ */

/* Connect what is not connected. 0 or a negative code. */
GY_SUSPENDS int gy__fetch_connect(struct gy__fetch *f);

/* -- client_tunnel.c, client_socks.c --------------------------------------------------------------- */

/* Have the proxy, to which a connection stands, connect to the server. 0 or a negative code. */
GY_SUSPENDS int gy__tunnel_open(struct gy__fetch *f);
GY_SUSPENDS int gy__socks_connect(struct gy__fetch *f);

/* -- client_early.c -------------------------------------------------------------------------------- */

/* Whether more than interim answers has come. */
bool gy__peer_has_answer(const struct gy__peer *p);

/* Call o.read_body. When the server answers, or has gone, its waits end: [answered], and 0. */
GY_SUSPENDS ssize_t gy__fetch_call_reader(struct gy__fetch *f, void *buf, size_t size,
                                          bool *answered);

/* -- client_connection.c --------------------------------------------------------------------------- */

/* More bytes behind peer->in_len: the count, 0 at the end, or a negative code; GY_EPROTO where there is no
 * stream. [until] as in gy__park. */
GY_SUSPENDS ssize_t gy__peer_read(struct gy__peer *p, size_t most, int64_t until);

/* Write all of it. 0; 1 when an answer has begun to come; or a negative code. [sent] counts. */
GY_SUSPENDS int gy__peer_write(struct gy__peer *p, const struct iovec *iov, int count,
                               int64_t until, size_t *sent);

/* Read what is there already: 1 when it is an answer, or the end; 0; or a negative code. Never waits. */
int gy__peer_has_spoken(struct gy__peer *p);

/* Note why a fetch fails, and give [code]. The first one stays. */
GY_PRINTF(3, 4) int gy__fetch_fail(struct gy__fetch *f, int code, const char *fmt, ...);

/* -- client_pool.c --------------------------------------------------------------------------------- */

/* Set f->peer: a connection to the place called [key], or the right to make one; then it has no stream.
 * Waits for its turn, and then sets f->times.queued. 0 or a negative code. */
GY_SUSPENDS int gy__peer_take(struct gy__fetch *f, gy_str key);

/* Give it back: to the next in line, or to wait for one. */
void gy__peer_keep(struct gy__peer *p);

/* Close it and let the next one have its room; or close the stream only. */
void gy__peer_close(struct gy__peer *p);
void gy__peer_disconnect(struct gy__peer *p);

/* Close the idle ones, and turn those in line away. */
void gy__peers_end(gy_client *c);

/* No longer look when idle ones have been so for too long. */
void gy__peers_unwatch(gy_client *c);

/* -- client_curl.c --------------------------------------------------------------------------------- */

/* The engine of a client that wants libcurl. 0, GY_ENOMEM, or -ENOTSUP. */
int gy__curl_new(gy_client *c);
void gy__curl_free(gy_client *c); /* also where there is none */

/* One exchange: made ready, with a peer that is no connection, for the head of the request; asked, up to
 * the head of the answer; its body. Whatever became of it, it is ended. */
GY_SUSPENDS int gy__curl_begin(struct gy__fetch *f);
GY_SUSPENDS int gy__curl_ask(struct gy__fetch *f);
GY_SUSPENDS int gy__curl_read_body(struct gy__fetch *f);
void gy__curl_end(struct gy__fetch *f);

/* -- client_loop.c --------------------------------------------------------------------------------- */

/* The client that [loop] has, from the first fetch to the loop's end. NULL when out of memory. */
gy_client *gy__client_of(gy_loop *loop);

/* A fetch under way keeps its client in memory. */
void gy__client_enter(gy_client *c, struct gy__fetch *f);
void gy__client_leave(struct gy__fetch *f);

#endif
