/* SPDX-License-Identifier: MIT */
/* parsing.h - the state of one parse, and the ways it rarely goes. */
#ifndef GYRE_HTTP_PARSING_H
#define GYRE_HTTP_PARSING_H

#include "http/digest.h"
#include "http/parse.h"
#include <string.h>

/* Longer methods are answered with 501 (RFC 9112 section 3). */
#define GY__METHOD_MAX 32

struct gy__parsing {
    char *end; /* of what may be looked at: the data or the limit of the head */
    struct gy__head *out;
    const struct gy__limits_head *lim;
    struct gy__digest digest;
    int status;      /* why it stopped: to refuse with, or 0: more bytes are needed */
    bool cut;        /* there are bytes behind [end] */
    bool past_start; /* the start line is complete */
};

static inline void gy__parse_begin(struct gy__parsing *s, char *data, size_t len,
                                   const struct gy__limits_head *lim, gy_field *fields,
                                   struct gy__head *out)
{
    const struct gy__digest nothing = {.reason = NULL};
    s->cut = len > lim->max_head;
    s->past_start = false;
    s->end = data + (s->cut ? lim->max_head : len);
    s->lim = lim;
    s->out = out;
    s->digest = nothing;
    s->status = 0;
    /* Member by member: a memset of this size is a slow instruction, and a view that is copied
     * from the one before waits for its two halves to be stored. */
    out->method.ptr = out->path.ptr = out->query.ptr = out->scheme.ptr = NULL;
    out->authority.ptr = out->host.ptr = out->reason.ptr = NULL;
    out->method.len = out->path.len = out->query.len = out->scheme.len = 0;
    out->authority.len = out->host.len = out->reason.len = 0;
    out->verb = GY_METHOD_OTHER;
    out->escaped = out->expect_continue = out->upgrade = false;
    out->status = out->minor = 0;
    out->keep_alive = out->chunked = out->has_length = false;
    out->length = 0;
    out->fields = fields;
    out->field_count = 0;
}

/* Both give NULL, to be handed on. */
static inline char *gy__parse_more(struct gy__parsing *s)
{
    s->status = 0;
    return NULL;
}

static inline char *gy__parse_refuse(struct gy__parsing *s, int status, const char *reason)
{
    s->status = status;
    s->digest.reason = reason;
    return NULL;
}

/* What the parser answers after a NULL. */
long gy__parse_stopped(const struct gy__parsing *s, const char **reason);

/* The run that began at [p] stopped at [q] and is not as it should be, or not complete. */
char *gy__refuse_method(struct gy__parsing *s, const char *p, const char *q);
char *gy__refuse_target(struct gy__parsing *s, const char *p, const char *q);
char *gy__refuse_name(struct gy__parsing *s, const char *p, const char *q, bool full);
char *gy__refuse_line_end(struct gy__parsing *s, const char *p);

/* Any HTTP version: behind it, or NULL. */
char *gy__parse_version_slowly(struct gy__parsing *s, char *p);

/* " 200": behind it, or NULL. */
char *gy__parse_status(struct gy__parsing *s, char *p);

/* The views are of the caller's writable data. */
static inline char *gy__writable(const char *p)
{
    return (char *)(uintptr_t)p;
}

static inline void gy__end_here(gy_str s)
{
    gy__writable(s.ptr)[s.len] = '\0';
}

static inline void gy__end_fields(const struct gy__head *h)
{
    for (size_t i = 0; i < h->field_count; i++) {
        gy__end_here(h->fields[i].name);
        gy__end_here(h->fields[i].value);
    }
}

/* Of a request in absolute or authority form. */
void gy__parse_end_authority(struct gy__head *h);

/* Write the NULs. */
static inline void gy__parse_terminate_request(struct gy__head *h)
{
    gy__end_fields(h);
    gy__end_here(h->method);
    if (h->query.ptr) {
        gy__end_here(h->query);
    }
    if (h->authority.ptr) {
        gy__parse_end_authority(h);
    } else {
        gy__end_here(h->path);
    }
}

static inline void gy__parse_terminate_response(struct gy__head *h)
{
    gy__end_fields(h);
    gy__end_here(h->reason);
}

#endif
