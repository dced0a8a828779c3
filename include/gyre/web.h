/* SPDX-License-Identifier: MIT */
/* web.h - applications: routes, handlers, requests and responses. */
#ifndef GYRE_WEB_H
#define GYRE_WEB_H

#include <gyre/arena.h>
#include <gyre/export.h>
#include <gyre/http.h>
#include <gyre/json.h>
#include <gyre/str.h>
#include <gyre/stream.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gy_tls_info;

typedef struct gy_request gy_request;
typedef struct gy_app gy_app;
typedef struct gy_handler gy_handler;
typedef struct gy_route gy_route;

/* A handler runs in a task of its own and may wait. It returns
 *    0         done;
 *    positive  an HTTP status to answer with (404, 304, ...);
 *    negative  a failure: logged and answered with 500, or with silence when the client has gone.
 */
typedef int gy_handler_fn(gy_request *r);

/* What Tornado's RequestHandler class is, as a table. Members that are not set come from [base],
 * one level after another, and at last from gy_app.base; of self_size the largest counts, of the
 * two bools either. A verb that nobody sets is answered with 405 and Allow, before prepare; HEAD
 * runs get without sending the body, OPTIONS lists the verbs with 204. A method that is none of
 * HTTP's is answered with 501, unless there is [any].
 *
 * The order: body, prepare, verb, end of the response, on_finish. For a handler that streams the
 * body, and for a client that asks first (Expect: 100-continue), prepare comes before the body. */
struct gy_handler {
    gy_handler_fn *get, *head, *post, *put, *del, *patch, *options;
    gy_handler_fn *any;         /* every other method; the default when a verb is not set */
    gy_handler_fn *prepare;     /* before the verb; another result than 0, or a finished response,
                                   ends the request */
    gy_handler_fn *on_finish;   /* after the response was sent, always; cannot change it */
    gy_handler_fn *write_error; /* writes the page of gy_status(r); when it fails ours is sent */
    const gy_handler *base;
    size_t self_size;     /* r->self is so many zeroed bytes for each request */
    size_t max_body;      /* bytes; 0 is the server's ceiling */
    double body_timeout;  /* seconds for the whole body; 0 is the server's */
    size_t min_body_rate; /* bytes a second; 0 is the server's */
    bool require_length;  /* refuse POST, PUT and PATCH without Content-Length: 411 */
    bool stream_body;     /* do not buffer the body: the handler reads it with gy_body_read */
    bool detach;          /* when the client leaves, go on waiting; else waits give GY_ECLOSED */
};

/* A row of a route table; the first whose pattern and host match wins. Rows with the very same
 * pattern and host answer as one: of those the first that has the verb. Patterns are matched
 * against the whole path, percent-decoded; an encoded slash (%2F) does not end a part. A path with
 * malformed escapes, or that is no UTF-8 or holds control characters, is answered with 400.
 *    "/story/{id:int}"      types: int (a decimal that fits a long), uint (an unsigned long),
 *                           float, str (the default: one or more bytes but '/'), slug
 *                           ([A-Za-z0-9_-]+), hex, uuid; a part takes as much as it can;
 *    "/files/{path:rest}"   rest: everything left, also '/' and nothing at all;
 *    "/v{n:re([12])}"       a regular expression (PCRE2, UTF-8) for one part;
 *    "/\\{x\\}"             braces and backslash themselves.
 * Names are of letters, digits and _, and 32 parts are the most. Hosts are compared without port
 * and case; "*." stands for one label or more. A wrong table is refused when the application
 * starts.
 *
 * The macros below that name a function make a gy_handler where they stand: tables live at file
 * scope, static const, as the application needs them for as long as it serves. */
struct gy_route {
    const char *pattern;
    const gy_handler *handler;
    const char *name;       /* for gy_url_for */
    const gy_route *routes; /* a nested table instead of a handler: pattern is its prefix */
    const char *host;       /* "example.com", "*.example.com", "{sub}.example.com"; NULL: any */
    const void *arg;        /* for the handler: r->arg */
    bool regex;             /* pattern is a regular expression of the whole path */
};

/* The rows. What follows the function may be designated members of gy_handler (.base = &site), what
 * follows a handler members of gy_route (.name = "story"). */
/* clang-format off */
#define GY_ROUTE(pattern_, ...) {.pattern = (pattern_), .handler = __VA_ARGS__}
#define GY_REGEX(pattern_, ...) {.pattern = (pattern_), .regex = true, .handler = __VA_ARGS__}
#define GY_MOUNT(prefix_, ...) {.pattern = (prefix_), .routes = __VA_ARGS__}
#define GY_HOST(host_, ...) {.host = (host_), .routes = __VA_ARGS__}
#define GY_VERB_(pattern_, ...)                                                                    \
    {.pattern = (pattern_), .handler = &(const gy_handler) { __VA_ARGS__ }}
#define GY_GET(pattern_, ...) GY_VERB_(pattern_, .get = __VA_ARGS__)
#define GY_POST(pattern_, ...) GY_VERB_(pattern_, .post = __VA_ARGS__)
#define GY_PUT(pattern_, ...) GY_VERB_(pattern_, .put = __VA_ARGS__)
#define GY_DELETE(pattern_, ...) GY_VERB_(pattern_, .del = __VA_ARGS__)
#define GY_PATCH(pattern_, ...) GY_VERB_(pattern_, .patch = __VA_ARGS__)
#define GY_ANY(pattern_, ...) GY_VERB_(pattern_, .any = __VA_ARGS__)
#define GY_END {.pattern = NULL}
/* clang-format on */

/* An application is a description; nothing of it is changed. It must outlive the server. */
struct gy_app {
    const gy_route *routes;
    const char *name;            /* for logs and --help; NULL is the program's */
    const gy_handler *base;      /* the base of handlers that name none; its write_error writes
                                      the page of what no route matches */
    const gy_handler *not_found; /* answers that instead; the status is 404 unless it sets one */
    void *context;               /* yours: r->app->context */
    int (*on_start)(const gy_app *app); /* in each worker before it serves; non-zero ends it */
    void (*on_stop)(const gy_app *app);
    void (*log_request)(gy_request *r); /* instead of the access log's line */
    bool debug;                         /* error pages show the reason */
    bool
        request_ids; /* each request has a gy_request_id from its beginning: in what is logged while
                         it runs, by the tasks it starts too, and in its X-Request-Id */
};

/* One request and its response. What is shown here may be read at any time and is not to be
 * changed; the views live until the request has ended. */
struct gy_request {
    enum gy_method verb;
    int minor; /* HTTP/1.minor */
    gy_str method;
    gy_str path;   /* as sent, not percent-decoded */
    gy_str query;  /* without '?'; ptr NULL when there was none */
    gy_str target; /* the request target as sent */
    gy_str host;   /* of Host or of the absolute target; may be empty on HTTP/1.0 */
    gy_str body;   /* whole, unless the handler streams it */
    gy_headers headers;
    gy_arena *arena; /* lives as long as the request */
    void *self;      /* see gy_handler.self_size */
    const void *arg; /* see gy_route.arg */
    const gy_app *app;
    const gy_route *route; /* NULL when none matched */
};

GY_BEGIN_DECLS

/* -- What came --------------------------------------------------------------------------------- */

/* A request header, or [fallback]; of a repeated one the values joined with ", ". [fallback] also
 * when memory is exhausted. */
GY_API const char *gy_header(gy_request *r, const char *name, const char *fallback);

/* A part of the path by its name in the pattern, percent-decoded; NULL when there is none. The
 * route has already checked its type. gy_path_at counts the groups of a regular expression from 1
 * (and named parts in their order); NULL when the group took no part in the match. */
GY_API const char *gy_path(gy_request *r, const char *name);
GY_API gy_str gy_path_str(gy_request *r, const char *name);
GY_API const char *gy_path_at(gy_request *r, unsigned index);
GY_API long gy_path_int(gy_request *r, const char *name); /* 0 when it is no number */
GY_API double gy_path_double(gy_request *r, const char *name);

/* An argument of the query or of a urlencoded body, decoded: UTF-8 without control characters but
 * tab and line ends, outer spaces removed; of several the last, those of the body come last. At
 * most 10,000 in all.
 *
 * Those that give an int give 0, or 400 when the argument is malformed (gy_need_arg: or absent) or
 * not of that kind, and then leave [out] alone: return what they give. A bool is true, 1, on, yes
 * or false, 0, off, no. Those that give a text give [fallback] for a malformed argument, and the
 * request is answered with 400 whatever the handler does then. */
GY_API const char *gy_arg(gy_request *r, const char *name, const char *fallback);
GY_API GY_CHECKED int gy_need_arg(gy_request *r, const char *name, const char **out);
GY_API GY_CHECKED int gy_arg_int(gy_request *r, const char *name, long fallback, long *out);
GY_API GY_CHECKED int gy_arg_double(gy_request *r, const char *name, double fallback, double *out);
GY_API GY_CHECKED int gy_arg_bool(gy_request *r, const char *name, bool fallback, bool *out);
GY_API const char *gy_query_arg(gy_request *r, const char *name, const char *fallback);
GY_API const char *gy_body_arg(gy_request *r, const char *name, const char *fallback);

/* All values of a name in their order; [count] of them, NULL when none. In the request's arena. */
GY_API const gy_str *gy_args(gy_request *r, const char *name, size_t *count);

/* Every argument of the query, or of a urlencoded body, in its order; NULL when there is none. */
GY_API const gy_field *gy_query_args(gy_request *r, size_t *count);
GY_API const gy_field *gy_body_args(gy_request *r, size_t *count);

/* The client's address ("127.0.0.1", "unix" for a unix socket) and "http" or "https"; behind a
 * trusted proxy what it says (see gy_http_opts.xheaders). */
GY_API const char *gy_remote_ip(gy_request *r);
GY_API const char *gy_protocol(gy_request *r);

/* What the TLS handshake has agreed on, the client's certificate among it, while the request lives: see
 * <gyre/tls.h>. False for a connection that is not TLS here. */
GY_API bool gy_request_tls(const gy_request *r, struct gy_tls_info *out);

/* What this request is called in logs: its X-Request-Id, of up to 128 visible ASCII letters, when it
 * comes by a trusted proxy (see gy_http_opts.xheaders), else 32 random hexadecimal digits, made when
 * first asked for. "-" when memory is exhausted. */
GY_API const char *gy_request_id(gy_request *r);

/* scheme://host/path?query as the client sees it. In the arena; NULL when memory is exhausted. */
GY_API const char *gy_full_url(gy_request *r);

/* Read up to [size] bytes of the body in a handler with .stream_body: the count, 0 at its end, or a
 * negative code (GY_ETOOBIG: answer 413). With Expect: 100-continue the client is told to go on by
 * the first call. */
GY_API GY_SUSPENDS GY_CHECKED ssize_t gy_body_read(gy_request *r, void *buf, size_t size);

/* Change this request's ceiling for the body; in prepare of a streaming handler, before reading. */
GY_API void gy_set_max_body(gy_request *r, size_t bytes);

/* A trailer field of a chunked body that was read to its end, or [fallback]. */
GY_API const char *gy_trailer(gy_request *r, const char *name, const char *fallback);

/* Seconds since the head of the request was read. */
GY_API double gy_request_time(gy_request *r);

/* -- What goes back ---------------------------------------------------------------------------- */

/* Output is sticky: the first failure is remembered, later calls do nothing and give it again, and
 * it comes back from gy_flush or ends the request: with 500, 503 when memory was exhausted. After
 * the end of the response (gy_finish, gy_redirect) calls give GY_EFINISHED, which is not
 * remembered. */

/* 200 to 999: another is GY_EINVAL, which is remembered. gy_set_reason gives the phrase too (no
 * control characters: GY_EINVAL, remembered as well). GY_EINVAL after the head was sent. */
GY_API int gy_set_status(gy_request *r, int status);
GY_API int gy_set_reason(gy_request *r, int status, const char *reason);
GY_API int gy_status(const gy_request *r);

/* A response header: set replaces, add appends. A name or value that is malformed (CR, LF and other
 * controls): GY_EINVAL, and the header is not set. After the head was sent: GY_EINVAL, which is not
 * remembered. Copies both. Content-Type is text/html; charset=UTF-8 unless set or cleared, and left
 * out where there is no body. Of all together the server sends up to about 31 KiB; with more the
 * request fails. An error page keeps the headers that were set, but for those that
 * describe a body. */
GY_API int gy_set_header(gy_request *r, const char *name, const char *value);
GY_API int gy_set_headerf(gy_request *r, const char *name, const char *fmt, ...) GY_PRINTF(3, 4);
GY_API int gy_add_header(gy_request *r, const char *name, const char *value);
GY_API int gy_clear_header(gy_request *r, const char *name);

/* Append to the body. Copies. Never waits: what is written is sent by gy_flush or at the end.
 * GY_ETOOBIG for more than 100 MiB at once. */
GY_API int gy_write(gy_request *r, const char *text);
GY_API int gy_write_n(gy_request *r, const void *data, size_t len);
GY_API int gy_write_str(gy_request *r, gy_str s);
GY_API int gy_writef(gy_request *r, const char *fmt, ...) GY_PRINTF(2, 3);

/* Send what was written so far, the head first, and wait for a slow client. The body is then
 * chunked unless Content-Length was set. GY_ECLOSED when the client has gone. A handler that fails
 * after this cannot take it back: the connection is cut. */
GY_API GY_SUSPENDS int gy_flush(gy_request *r);

/* A trailer field, at any time before the end; the response is then chunked. GY_EINVAL for a field
 * that may not be one, such as Content-Length. */
GY_API int gy_set_trailer(gy_request *r, const char *name, const char *value);

/* End the response now; it ends by itself when the handler returns. */
GY_API GY_SUSPENDS int gy_finish(gy_request *r);
GY_API bool gy_is_finished(const gy_request *r);
GY_API bool gy_head_is_sent(const gy_request *r);

/* Answer with JSON in a shape: a printf format in which keys need no quotes and %s is quoted and
 * escaped (NULL becomes null). The compiler checks the arguments.
 *     return gy_json(r, "{id: %ld, title: %s}", id, title);
 * A value is an object, an array, true, false, null, a number, a text in quotes, or a conversion:
 * %d, %i or %u with hh, h, l, ll, z, j, t, after a ! as false or true; %f, %e, %g; %s; %c. */
GY_API int gy_json(gy_request *r, const char *shape, ...) GY_PRINTF(2, 3);

/* Answer with JSON piece by piece:
 *     gy_json_out out = gy_json_begin(r);
 *     gy_json_array(&out, "stories");
 *     gy_json_item(&out, "{id: %ld}", id);
 *     return gy_json_end(&out); */
GY_API gy_json_out gy_json_begin(gy_request *r);

/* End the response with 302, or a [status] of 300 to 399. The target is percent-encoded where it
 * must be; one with a control character gives GY_EINVAL (500). Return what it gives. */
GY_API int gy_redirect(gy_request *r, const char *url);
GY_API int gy_redirect_with(gy_request *r, const char *url, int status);

/* Remember why, for the log and the debug page, and give [status] to return:
 *     return gy_fail(r, 404, "no story %ld", id); */
GY_API int gy_fail(gy_request *r, int status, const char *fmt, ...) GY_PRINTF(3, 4);

/* The reason given to gy_fail, or NULL. For write_error. */
GY_API const char *gy_fail_reason(const gy_request *r);

/* The path of the route with that name, its parts filled in their order with the texts, which are
 * percent-encoded; the list ends with NULL. Of a regular expression only text and simple groups can
 * be filled. NULL and a log line when there is no such route, the number of texts differs or one is
 * not of its part's type. In the arena. */
GY_API const char *gy_url_for(gy_request *r, const char *name, ...) __attribute__((sentinel));

/* Take the connection over: the response is what you write to it, and it is closed when the handler
 * returns. Bytes that were read ahead come first. NULL when a response has begun, or memory is
 * exhausted. */
GY_API gy_stream *gy_detach(gy_request *r);

GY_END_DECLS

#endif
