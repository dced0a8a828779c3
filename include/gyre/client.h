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

/* The body of a request, or of a response, in pieces: called in the fetching task, may wait. A reader
 * (for a request) gives the bytes it put into [buf], 0 at the end; a writer (of a response) gives 0; both
 * a negative code to give up. When the server answers before it has been told all, the reader's waits end
 * with GY_ETIMEDOUT, and whatever it then gives, the fetch gives that answer. */
typedef ssize_t gy_body_reader(void *arg, void *buf, size_t size);
typedef int gy_body_writer(void *arg, const void *data, size_t len);

/* A field of a multipart form: its value in memory, or of a file that is read while it is sent, without
 * ever being in memory as a whole. */
typedef struct gy_form_part {
    const char *name;
    gy_str value;
    const char *filename, *content_type; /* of a file; NULL: a plain field */
    const char *path; /* of a file here, instead of [value]; with [filename] NULL, its last part */
} gy_form_part;

/* Digest (RFC 7616; MD5, SHA-256, SHA-512-256, each -sess too; qop auth) asks first, and answers the
 * server's challenge by asking again; the client remembers the challenge, so that later fetches from there
 * bring the answer at once. A second 401 is the caller's. A body of read_body can be sent only once:
 * where no challenge is known, the first request goes without it (Content-Length: 0), as with curl, unless
 * expect_continue holds it back; a 401 after it was read is the caller's. GY_EINVAL without OpenSSL. */
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

/* How to ask. {0} is a GET with the defaults. */
typedef struct gy_fetch_opts {
    /* NULL is GET, or POST with a body. GET, HEAD, DELETE and TRACE take none (GY_EINVAL) without
     * any_method; POST, PUT and PATCH may do without, and then say Content-Length: 0. */
    const char *method;
    const gy_field *headers; /* ends with an empty name */
    gy_str body;
    const gy_field *form;      /* a urlencoded body; ends with an empty name */
    const gy_form_part *parts; /* a multipart one; ends with a NULL name */
    gy_body_reader *read_body; /* a streamed one, chunked unless [body_length] is set */
    void *read_arg;
    int64_t body_length;  /* of read_body; 0 is unknown */
    bool expect_continue; /* send the body only when the server wants it */

    gy_body_writer *write_body; /* takes the response's body instead of gy_response.body */
    void *write_arg;
    /* Called for the head of each response, redirects and all; may refuse with a negative code. */
    int (*on_head)(void *arg, int status, const gy_headers *headers);
    void *head_arg;

    double timeout; /* seconds in all, waiting for a connection included; 0 is 20, negative: none */
    double connect_timeout;    /* names, connecting and TLS; 0 is 20 */
    double first_byte_timeout; /* from the end of the request; 0: only timeout */
    size_t max_body;           /* of the response, decompressed; 0 is 100 MiB */
    size_t max_head;           /* 0 is 64 KiB */

    bool no_redirects;
    int max_redirects;         /* 0 is 5 */
    bool no_decompress;        /* do not ask for gzip, br and zstd, and give the body as it came */
    bool any_method;           /* methods that are none of HTTP's, and bodies where HTTP has none */
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

/* How long what took, in seconds from the start of the fetch to its end; of the last request after
 * redirects; negative for what was not needed. */
typedef struct gy_fetch_times {
    double queue, dns, connect, tls, first_byte, total;
} gy_fetch_times;

typedef struct gy_response {
    int status;  /* 0: none came; there, with the headers, also when the body then failed */
    int version; /* 10, 11, or with libcurl 20 */
    gy_str reason;
    gy_headers headers;
    gy_str body;
    const char *url; /* after redirects, also where it then failed; NULL: it never was one */
    int redirects;
    bool reused; /* the connection was there already */
    gy_fetch_times times;
    char why[300]; /* of a failure, a sentence: what, with whom */
} gy_response;

typedef struct gy_client_opts {
    size_t max_connections,
        max_per_host; /* 0 is 1000 and 100; more wait, first come first served */
    double idle_time; /* seconds that an unused connection is kept; 0 is 60 */
    gy_resolver *resolver;
    enum gy_engine engine;
    gy_fetch_opts
        defaults; /* for what a fetch leaves at zero; copied, what it points to is borrowed */
} gy_client_opts;

GY_BEGIN_DECLS

/* Ask for [url] and give the response, in [arena]. 0 whatever its status. Else a negative code, and
 * out->why: GY_EURL for a malformed [url] or one that is not http or https, GY_ENOTFOUND for the name,
 * -ECONNREFUSED ..., GY_ETLS, GY_ETIMEDOUT, GY_ECLOSED (no whole response), GY_EPROTO (no HTTP),
 * GY_ETOOBIG (head or body), GY_EREDIRECT (too many), GY_ECODING (a body that cannot be decompressed),
 * GY_EPROXY (the proxy refuses to connect to the server; a proxy's other failures have the codes of servers),
 * GY_EINVAL (options), -ENOENT ... (a file of a form), GY_ENOMEM, GY_ESHUTDOWN (the client was freed), or
 * the cancellation.
 *
 * Waits as a task; outside of one it blocks, turning this thread's loop, or one of its own where there is
 * none. Content-Length, Transfer-Encoding, Connection, Keep-Alive, Proxy-Connection, Expect, Upgrade, TE and
 * Trailer are not for opts->headers, nor is Content-Type with opts->parts: GY_EINVAL. Proxy-Authorization
 * there is told to proxies only. Where a redirect leads to another scheme, host or port, Authorization, Cookie
 * and Host stay behind, as do user and password.
 *
 * Connections are kept for the next fetch from the same place. A kept one that was closed before a byte of the
 * response came is tried again on a new connection, once, if the method is idempotent and the body can be
 * sent again, or if nothing of the request was sent. */
GY_API GY_SUSPENDS GY_CHECKED int gy_fetch(gy_arena *arena, const char *url,
                                           const gy_fetch_opts *opts, gy_response *out);

/* A client of one's own, for this thread's loop: its connections are shared with nobody else. NULL with errno
 * ENOMEM, EINVAL (no loop), or ENOTSUP: this build or this machine has no libcurl. [opts] may be NULL. */
GY_API gy_client *gy_client_new(const gy_client_opts *opts);
GY_API void gy_client_free(gy_client *c); /* fetches under way end with GY_ESHUTDOWN */

/* Cookies (RFC 6265 and its successor), with the public suffix list; of one thread at a time. 3000 at most,
 * and 180 of a domain: then those that expired go, those that are not Secure, those unused for longest. */
GY_API gy_cookie_jar *gy_cookie_jar_new(void);
GY_API void gy_cookie_jar_free(gy_cookie_jar *jar);
/* As a Set-Cookie field of [url] would; and what a request to [url] sends, in [arena]. */
GY_API GY_CHECKED int gy_cookie_jar_set(gy_cookie_jar *jar, const char *url,
                                        const char *set_cookie);
/* Empty: none; ptr NULL: out of memory. */
GY_API gy_str gy_cookie_jar_get(gy_arena *arena, gy_cookie_jar *jar, const char *url);

GY_END_DECLS

#endif
