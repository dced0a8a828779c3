/* SPDX-License-Identifier: MIT */
/* client.h - asking other HTTP servers. */
#ifndef GYRE_CLIENT_H
#define GYRE_CLIENT_H

#include <gyre/arena.h>
#include <gyre/export.h>
#include <gyre/http.h>
#include <gyre/resolver.h>
#include <gyre/str.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct gy_client gy_client;
typedef struct gy_cookie_jar gy_cookie_jar;
struct gy_tls;

/* The body of a request, or of a response, in pieces: called in the fetching task, may wait, and holds up
 * the other side while it does. A reader (for a request) gives the number of bytes it put into [buf], at
 * most [size], 0 at the end; a writer (of a response) gives 0; both a negative code to give up, which is
 * then that of the fetch. [data] is good for the call only. When the server answers before it has been told
 * all, the reader's waits end with GY_ETIMEDOUT, and whatever it then gives, the fetch gives that answer. */
typedef ssize_t gy_body_reader(void *arg, void *buf, size_t size);
typedef int gy_body_writer(void *arg, const void *data, size_t len);

/* A field of a multipart form (RFC 7578): its value in memory, or of a file that is read while it is sent,
 * without ever being in memory as a whole. */
typedef struct gy_form_part {
    const char *name;
    gy_str value;
    const char *filename, *content_type; /* of a file; NULL: a plain field */
    const char *path; /* of a file here, instead of [value]; with [filename] NULL, its last part */
} gy_form_part;

/* Basic (RFC 7617) and Bearer (RFC 6750) are sent at once. Digest (RFC 7616; MD5, SHA-256, SHA-512-256,
 * each -sess too; qop auth) asks first, and answers the server's challenge by asking again; the client
 * remembers the challenge, so that later fetches from there bring the answer at once. A second 401 is the
 * caller's. A body of read_body can be sent only once: where no challenge is known, the first request goes
 * without it (Content-Length: 0), as with curl, unless expect_continue holds it back; a 401 after it was
 * read is the caller's. GY_EINVAL without OpenSSL. */
enum gy_auth { GY_AUTH_BASIC, GY_AUTH_DIGEST, GY_AUTH_BEARER };

/* Who does the work: gyre itself, or libcurl (7.87 or later, loaded when the first client asks for it), which
 * also speaks HTTP/2 over TLS. Redirects, credentials, cookies, forms, names, proxies of the environment,
 * limits and decompression are gyre's with both. With libcurl
 *    it is who reads HTTP: more lenient than gyre, and a single line of a head may take 100 KiB before
 *    max_head counts it; a trailer that is cut off may pass;
 *    a body that is announced longer than max_body is only noticed with Content-Length, or once it came;
 *    HTTP/2 is offered unless the TLS settings name protocols without "h2"; then max_per_host and
 *    max_connections count connections, of which each carries many fetches, and up to 32 MiB of a stream that
 *    is read slowly wait in memory;
 *    HEAD sends no body (GY_EINVAL); a 417 comes without its body;
 *    an answer of 3xx to 5xx ends the waits of read_body at once, others only once they have come whole;
 *    connections over unix sockets may not be kept; others are closed after idle_time when the next fetch
 *    looks for one;
 *    ciphers, protocols and certificates of gy_tls are handed on, session tickets and ktls are its own;
 *    lists of revoked certificates are refused (GY_EINVAL). */
enum gy_engine { GY_ENGINE_GYRE, GY_ENGINE_CURL };

/* How to ask. {0} is a GET with the defaults. What it points to is borrowed for the fetch. */
typedef struct gy_fetch_opts {
    /* NULL is GET, or POST with a body. GET, HEAD, DELETE and TRACE take none (GY_EINVAL) without
     * any_method; POST, PUT and PATCH may do without, and then say Content-Length: 0. */
    const char *method;
    const gy_field *headers; /* ends with an empty name; wins over what would be sent by itself */
    /* At most one of the four. */
    gy_str body;               /* ptr NULL: none */
    const gy_field *form;      /* a urlencoded body; ends with an empty name */
    const gy_form_part *parts; /* a multipart one; ends with a NULL name */
    gy_body_reader *read_body; /* a streamed one, chunked unless [body_length] is set */
    void *read_arg;
    int64_t body_length;  /* of read_body; 0 is unknown */
    bool expect_continue; /* send the body when the server says 100, or nothing for a second */

    gy_body_writer *write_body; /* takes the response's body instead of gy_response.body */
    void *write_arg;
    /* Called for the head of each response, those of redirects and 1xx too; may refuse with a negative
     * code, which is then that of the fetch. [headers] are good for the call only. May wait. */
    int (*on_head)(void *arg, int status, const gy_headers *headers);
    void *head_arg;

    /* Seconds; what runs out is GY_ETIMEDOUT. */
    double
        timeout; /* in all, waiting for a connection and redirects included; 0 is 20, negative: none */
    double
        connect_timeout; /* of a new connection: name, connecting, proxy and TLS; 0 is 20, negative: none */
    double first_byte_timeout; /* from the end of the request; 0, negative: only timeout */
    size_t max_body; /* bytes of the response, decompressed, streamed or not; 0 is 100 MiB */
    size_t max_head; /* bytes of all heads of an answer, each of 100 fields at most; 0 is 64 KiB */

    bool no_redirects;
    int max_redirects;  /* 0 is 5, negative: none; one more is GY_EREDIRECT */
    bool no_decompress; /* do not ask for gzip, deflate, br and zstd; give the body as it came */
    bool any_method;    /* methods that are none of HTTP's, and bodies where HTTP has none */
    int64_t if_modified_since; /* seconds since 1970; 0: not */
    const char *user_agent;    /* NULL is "gyre/VERSION", "" is none */

    enum gy_auth auth;
    const char *user, *password; /* those in the URL win; of the bearer: the token is [password] */
    gy_cookie_jar *cookies;      /* sends and keeps; NULL: none */

    /* "http://user:password@host:port" (a tunnel by CONNECT for https URLs), "https://..." (the proxy itself
     * over TLS), "socks5://..." (names are looked up here), "socks5h://..." (by the proxy), "unix:/path"
     * (the server itself listens there). NULL is what http_proxy, https_proxy, all_proxy and no_proxy said in
     * the environment when the client was made, "" is none. Of http_proxy only the one in small letters
     * counts, and none where REQUEST_METHOD is set: there a header could have set it. no_proxy is a list of
     * names (and all below them), IP addresses, networks ("10.0.0.0/8"), each also with a port, or "*". */
    const char *proxy;
    const char *source_address; /* an IP address of this machine, or an interface ("eth0") */
    int family;                 /* AF_INET or AF_INET6 only */
    struct gy_tls *tls;         /* NULL: the system's certificates */
    gy_client *client;          /* NULL is the one of this thread's loop */

    /* With libcurl only (else GY_EINVAL): called with the CURL handle before each request, to set what has no
     * option here; a negative code ends the fetch. What it sets may call back on the loop's stack, where
     * nothing may wait; the functions for data, heads, sockets and CURLOPT_PRIVATE are taken. */
    int (*prepare_curl)(void *arg, void *easy);
    void *prepare_arg;
} gy_fetch_opts;

/* When what was done, in seconds since gy_fetch was called; of the last request after redirects and
 * challenges, also where it then failed. Negative: not needed, or not reached. On a connection that was
 * there all before first_byte are. */
typedef struct gy_fetch_times {
    double queue;   /* it was its turn; negative when it did not wait in line */
    double dns;     /* the addresses of the name were known; of the proxy's, where there is one */
    double connect; /* the server, or its proxy, had taken the connection */
    double tls;     /* the last handshake was done: the server's, or the proxy's own */
    double first_byte; /* the first byte of the answer was there */
    double total;      /* all of it was, or gy_fetch gave up */
} gy_fetch_times;

typedef struct gy_response {
    int status;  /* 0: none came; there, with the headers, also when the body then failed */
    int version; /* 10, 11, or with libcurl 20 */
    gy_str reason;
    gy_headers headers;
    gy_str body;     /* decompressed; empty with write_body */
    const char *url; /* after redirects, also where it then failed; NULL: it never was one */
    int redirects;
    bool reused; /* the connection was there already */
    gy_fetch_times times;
    char why[300]; /* of a failure, a sentence: what, with whom; "": none */
} gy_response;

typedef struct gy_client_opts {
    /* Connections at once, idle ones included; 0 is 1000 and 100. More wait, first come first served. */
    size_t max_connections, max_per_host;
    double idle_time;      /* seconds that an unused connection is kept; 0 is 60 */
    gy_resolver *resolver; /* borrowed, of the same loop; NULL is the one that is always there */
    enum gy_engine engine;
    /* For what a fetch leaves at zero; copied, what it points to is borrowed until the client is freed. */
    gy_fetch_opts defaults;
} gy_client_opts;

GY_BEGIN_DECLS

/* Ask for [url] and give the response in [out], with its texts in [arena]. [opts] may be NULL. 0 for a whole
 * response, whatever its status. Else a negative code, and out->why:
 *    GY_EURL       [url], or that of a redirect, is malformed, or neither http nor https
 *    GY_EINVAL     options that contradict each other, or would break the request
 *    GY_ENOTFOUND  no such name; -ECONNREFUSED and kin: nobody took the connection
 *    GY_ETLS       no secure connection: whose certificate is not good, and why
 *    GY_EPROXY     the proxy refuses to connect to the server; its other failures have the codes of servers
 *    GY_ETIMEDOUT  it took too long; GY_ECLOSED: it was closed without a whole response
 *    GY_EPROTO     no HTTP; GY_ETOOBIG: a head or a body past its limit; GY_ECODING: cannot be decompressed
 *    GY_EREDIRECT  too many, or one for which a body would have to be sent again that cannot be
 *    -ENOENT ...   a file of a form; GY_ENOMEM; GY_ESHUTDOWN: the client was freed; or the cancellation
 *
 * Waits as a task; outside of one it blocks, turning this thread's loop, or one of its own where there is
 * none. Content-Length, Transfer-Encoding, Connection, Keep-Alive, Proxy-Connection, Expect, Upgrade, TE and
 * Trailer are not for opts->headers, nor is Content-Type with opts->parts: GY_EINVAL. Proxy-Authorization
 * there is told to proxies only. Where a redirect leads to another scheme, host or port, Authorization, Cookie
 * and Host stay behind, as do user and password.
 *
 * Connections are kept for the next fetch from the same place. When one that was kept turns out to be closed
 * before a byte of the response came, a new one is tried, once: if nothing of the request was sent, or its
 * method is idempotent (RFC 9110 9.2.2) and the body can be sent again. */
GY_API GY_SUSPENDS GY_CHECKED int gy_fetch(gy_arena *arena, const char *url,
                                           const gy_fetch_opts *opts, gy_response *out);

/* A client of one's own, for this thread's loop: its connections are shared with nobody else. The environment's
 * proxies are read now. NULL with errno ENOMEM, EINVAL (no loop), or ENOTSUP: this build or this machine has no
 * libcurl. [opts] may be NULL. */
GY_API gy_client *gy_client_new(const gy_client_opts *opts);

/* Fetches under way end with GY_ESHUTDOWN, and what it borrowed is needed until they have. NULL is fine. */
GY_API void gy_client_free(gy_client *c);

/* Cookies (RFC 6265 and its successor), with the public suffix list; of one thread at a time. 3000 at most,
 * and 180 of a domain: then those that expired go, those that are not Secure, those unused for longest. */
GY_API gy_cookie_jar *gy_cookie_jar_new(void);
GY_API void gy_cookie_jar_free(gy_cookie_jar *jar); /* NULL is fine */

/* Keep what a Set-Cookie field of a response of [url] says. 0; GY_EURL; GY_EINVAL when it is malformed, or
 * [url] has no right to set it; GY_ENOMEM. */
GY_API GY_CHECKED int gy_cookie_jar_set(gy_cookie_jar *jar, const char *url,
                                        const char *set_cookie);

/* What the Cookie field of a request to [url] would be, in [arena]. Empty: none; ptr NULL: out of memory. */
GY_API gy_str gy_cookie_jar_get(gy_arena *arena, gy_cookie_jar *jar, const char *url);

GY_END_DECLS

#endif
