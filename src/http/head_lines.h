/* SPDX-License-Identifier: MIT */
/* head_lines.h - the lines of a head, compiled once for each way to scan: a file that includes it
 * has included one scan_*.h first. A call through a pointer for each run of characters would cost
 * more than the runs. */
#ifndef GYRE_HTTP_HEAD_LINES_H
#define GYRE_HTTP_HEAD_LINES_H

#include "http/digest.h"
#include "http/parsing.h"
#include "http/target.h"

/* Behind the end of the line at [p]. */
static inline char *line_end(struct gy__parsing *s, char *p)
{
    if (s->end - p >= 2 && memcmp(p, "\r\n", 2) == 0) {
        return p + 2;
    }
    if (p >= s->end || (*p == '\r' && p + 1 == s->end)) {
        return gy__parse_more(s);
    }
    if (*p == '\n' && s->lim->allow_bare_lf) {
        return p + 1;
    }
    return gy__refuse_line_end(s, p);
}

/* One empty line before the start line is tolerated (RFC 9112 section 2.2). */
static inline char *skip_empty_line(struct gy__parsing *s, char *p)
{
    if (p < s->end && (*p == '\r' || *p == '\n')) {
        return line_end(s, p);
    }
    return p;
}

static inline char *parse_method(struct gy__parsing *s, char *p)
{
    struct gy__head *h = s->out;
    if (s->end - p >= 4 && memcmp(p, "GET ", 4) == 0) {
        h->verb = GY_METHOD_GET;
        h->method = gy_str_n(p, 3);
        return p + 4;
    }
    char *q = scan_token(p, s->end);
    h->method = gy_str_n(p, (size_t)(q - p));
    if (q >= s->end || *q != ' ' || q == p || q - p > GY__METHOD_MAX) {
        return gy__refuse_method(s, p, q);
    }
    h->verb = gy_method_of(h->method);
    return q + 1;
}

/* Up to the space behind the target. */
static inline char *parse_target(struct gy__parsing *s, char *p)
{
    struct gy__head *h = s->out;
    char *q = scan_path(p, s->end, &h->escaped);
    h->path = gy_str_n(p, (size_t)(q - p));
    if (q < s->end && *q == '?') {
        char *query = q + 1;
        q = scan_target(query, s->end);
        h->query = gy_str_n(query, (size_t)(q - query));
    }
    char *seen = q < s->end ? q : s->end;
    if ((size_t)(seen - p) > s->lim->max_line || q >= s->end || *q != ' ' || q == p) {
        return gy__refuse_target(s, p, seen);
    }
    return q;
}

static inline char *parse_version(struct gy__parsing *s, char *p)
{
    if (s->end - p >= 8 && memcmp(p, "HTTP/1.1", 8) == 0) {
        s->out->minor = 1;
        return p + 8;
    }
    return gy__parse_version_slowly(s, p);
}

static inline char *parse_request_line(struct gy__parsing *s, char *p)
{
    struct gy__head *h = s->out;
    char *target = p = parse_method(s, p);
    if (!p || !(p = parse_target(s, p)) || !(p = parse_version(s, p + 1)) ||
        !(p = line_end(s, p))) {
        return NULL;
    }
    if (*target != '/' || h->verb == GY_METHOD_CONNECT) {
        const char *reason = gy__target_resolve(h);
        return reason ? gy__parse_refuse(s, 400, reason) : p;
    }
    return p;
}

/* HTTP-version SP 3DIGIT [ SP reason ]; that the last space may be missing is common. */
static inline char *parse_status_line(struct gy__parsing *s, char *p)
{
    struct gy__head *h = s->out;
    if (!(p = parse_version(s, p)) || !(p = gy__parse_status(s, p))) {
        return NULL;
    }
    char *reason = p < s->end && *p == ' ' ? p + 1 : p;
    p = scan_value(reason, s->end);
    if (p > reason && p < s->end && reason[-1] != ' ') {
        return gy__parse_refuse(s, 400, "malformed status");
    }
    h->reason = gy_str_n(reason, (size_t)(p - reason));
    return line_end(s, p);
}

/* Most hosts are a plain name and perhaps a port. */
static inline int digest_host(struct gy__parsing *s, gy_str value, char *from)
{
    char *const end = from + value.len, *stop = scan_host(from, end);
    size_t plain = stop < end ? (size_t)(stop - from) : value.len;
    if (s->digest.host || plain == 0 || !gy__port_follows(value, plain)) {
        return gy__digest_host(&s->digest, s->out, value);
    }
    s->digest.host = true;
    s->out->host = value;
    return 0;
}

/* What a field means to us. 0, or the status to refuse the message with. */
static inline int digest(struct gy__parsing *s, const gy_field *f, char *value, bool request)
{
    if (request && f->name.len == 4 && gy__name_is(f->name.ptr, "host", 4)) {
        return digest_host(s, f->value, value);
    }
    return gy__digest_field(&s->digest, s->out, f->name, f->value, request);
}

/* All fields and the empty line. One caller for requests and one for responses: as a function of its
 * own it would know less and begin anew. */
__attribute__((always_inline)) static inline char *parse_fields(struct gy__parsing *s, char *p,
                                                                bool request)
{
    char *const end = s->end;
    gy_field *f = s->out->fields, *const full = f + s->lim->max_fields;
    for (;; f++) {
        char *name = p;
        p = scan_token(p, end);
        if (p >= end || *p != ':' || p == name || f == full) {
            s->out->field_count = (size_t)(f - s->out->fields);
            bool last = name < end && (*name == '\r' || *name == '\n');
            return last ? line_end(s, name) : gy__refuse_name(s, name, p, f == full);
        }
        f->name = gy_str_n(name, (size_t)(p - name));
        do {
            p++;
        } while (p < end && (*p == ' ' || *p == '\t'));
        char *value = p;
        p = scan_value(p, end);
        char *tail = p;
        if (!(p = line_end(s, p))) {
            return NULL;
        }
        while (tail > value && (tail[-1] == ' ' || tail[-1] == '\t')) {
            tail--;
        }
        f->value = gy_str_n(value, (size_t)(tail - value));
        int status = digest(s, f, value, request);
        if (status) {
            return gy__parse_refuse(s, status, s->digest.reason);
        }
    }
}

static inline long parse_request_here(char *data, size_t len, const struct gy__limits_head *lim,
                                      gy_field *fields, struct gy__head *out, const char **reason)
{
    struct gy__parsing s;
    gy__parse_begin(&s, data, len, lim, fields, out);
    char *p = skip_empty_line(&s, data);
    if (!p || !(p = parse_request_line(&s, p))) {
        return gy__parse_stopped(&s, reason);
    }
    s.past_start = true;
    if (!(p = parse_fields(&s, p, true))) {
        return gy__parse_stopped(&s, reason);
    }
    if (!s.digest.host && out->minor > 0) {
        *reason = "no Host";
        return -400;
    }
    gy__digest_finish(&s.digest, out);
    gy__parse_terminate_request(out);
    return p - data;
}

static inline long parse_response_here(char *data, size_t len, const struct gy__limits_head *lim,
                                       gy_field *fields, struct gy__head *out, const char **reason)
{
    struct gy__parsing s;
    gy__parse_begin(&s, data, len, lim, fields, out);
    s.past_start = true;
    char *p = parse_status_line(&s, data);
    if (!p || !(p = parse_fields(&s, p, false))) {
        return gy__parse_stopped(&s, reason);
    }
    gy__digest_finish(&s.digest, out);
    gy__parse_terminate_response(out);
    return p - data;
}

#endif
