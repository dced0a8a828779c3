/* SPDX-License-Identifier: MIT */
/* parse.h - the head of a request or response: bytes in, views and framing out (RFC 9112).
 *
 * Invariants:
 *   P1. What a prefix of the bytes is answered with, accepted or refused, the whole is too.
 *   P2. Nothing is written before the head is known to be complete and valid.
 *   P3. All variants give the same result for the same bytes. */
#ifndef GYRE_HTTP_PARSE_H
#define GYRE_HTTP_PARSE_H

#include <gyre/http.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A scan may read (never write) this many bytes behind the data it was given: keep buffers that
 * much larger. What the bytes hold does not matter. */
#define GY__PARSE_PADDING 64

struct gy__limits_head {
    size_t max_head;    /* bytes up to and including the empty line: 431 */
    size_t max_line;    /* bytes of the request target: 414 */
    size_t max_fields;  /* 431; also the length of the caller's array */
    bool allow_bare_lf; /* take LF for CR LF at the end of lines */
};

/* Views point into the data, are NUL-terminated, and hold as long as the data does. */
struct gy__head {
    /* Requests. */
    gy_str method;
    gy_str path;          /* "/x" of "/x?y", of absolute form too; "*"; "" for CONNECT */
    gy_str query;         /* "y" without the '?'; ptr NULL when there was no '?' */
    gy_str scheme;        /* absolute form: "http" or "https", lower case; else ptr NULL */
    gy_str authority;     /* absolute form and CONNECT; else ptr NULL */
    gy_str host;          /* the authority, else the Host field; ptr NULL when none (1.0) */
    enum gy_method verb;  /* GY_METHOD_OTHER: answer 501 */
    bool escaped;         /* the path holds a '%' */
    bool expect_continue; /* Expect: 100-continue, and a body is announced */
    bool upgrade;         /* both Upgrade and Connection: upgrade, on 1.1 */
    /* Responses. */
    int status;
    gy_str reason;
    /* Both. */
    int minor; /* of HTTP/1.x: 0 or 1 */
    bool keep_alive;
    bool chunked; /* Transfer-Encoding: chunked, and no Content-Length */
    bool has_length;
    uint64_t length;  /* below 2^63; 0 unless has_length */
    gy_field *fields; /* the caller's array */
    size_t field_count;
};

/* Parse a request head at the start of [data]; [fields] has room for lim->max_fields.
 *
 * Positive: the bytes of the complete head, one preceding empty line included. Then NULs have been
 * written behind the views. 0: more bytes are needed. Negative: minus the status to refuse the
 * request with (400, 414, 417, 431, 501, 505), and [reason] is a short static text.
 *
 * [data] has GY__PARSE_PADDING more readable bytes behind [len]. */
long gy__parse_request(char *data, size_t len, const struct gy__limits_head *lim, gy_field *fields,
                       struct gy__head *out, const char **reason);

/* The same for a response. Refusals are -400 (malformed) and -431. How long the body is depends
 * on the request too: see gy__body_of_response. */
long gy__parse_response(char *data, size_t len, const struct gy__limits_head *lim, gy_field *fields,
                        struct gy__head *out, const char **reason);

/* The request target as it was sent, but for an absolute form's empty path, which reads "/". The
 * path itself when there is no query; else built in the arena. ptr NULL when memory is exhausted. */
gy_str gy__head_target(gy_arena *a, const struct gy__head *h);

/* The position behind the first empty line that ends at or after [from], or 0. */
size_t gy__head_scan(const char *data, size_t from, size_t len);

/* Decides when an incomplete head is worth parsing again, so that a peer that sends it byte by
 * byte costs no more than twice the work: when its end has come, or when it has doubled.
 * {0} for each new head. */
struct gy__head_reader {
    size_t scanned; /* bytes searched for the end */
    size_t parsed;  /* bytes at the last parse */
};

/* The slow half. */
bool gy__head_ready_again(struct gy__head_reader *r, const char *data, size_t len);

static inline bool gy__head_ready(struct gy__head_reader *r, const char *data, size_t len)
{
    /* Most heads come whole: the first look is the parser's. */
    if (r->parsed) {
        return gy__head_ready_again(r, data, len);
    }
    r->parsed = len;
    return true;
}

#endif
