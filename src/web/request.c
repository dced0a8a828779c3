/* SPDX-License-Identifier: MIT */
/* request.c - what a handler can learn about its request, but for arguments and body. */
#include "web/request.h"

#include "base/clock.h"

#include <gyre/error.h>
#include <gyre/tls.h>
#include <stdarg.h>
#include <stdlib.h>

static void init_front(gy_request *r, gy_exchange *x, const gy_app *app)
{
    const struct gy__head *h = &x->head;
    r->verb = h->verb;
    r->minor = h->minor;
    r->method = h->method;
    r->path = h->path;
    r->query = h->query;
    r->target = h->path;
    r->host = h->host.ptr ? h->host : (gy_str)GY_STR("");
    r->body = (gy_str)GY_STR("");
    r->headers = x->headers;
    r->arena = &x->arena;
    r->self = NULL;
    r->arg = NULL;
    r->app = app;
    r->route = NULL;
}

/* With a query, or an authority (absolute form, CONNECT), the target is more than the path. */
static void put_target_together(gy_request *r, const gy_exchange *x)
{
    gy_str whole = gy__head_target(r->arena, &x->head);
    if (whole.ptr)
        r->target = whole;
}

/* Member by member: the array of fields at the end needs no clearing. */
void gy__request_init(struct gy__request *q, gy_exchange *x, struct gy__app *app)
{
    init_front(&q->front, x, app->app);
    q->x = x;
    q->app = app;
    q->target = NULL;
    q->parts = NULL;
    q->args = NULL;
    q->fail_reason = q->phrase = q->id = NULL;
    q->status = 200;
    q->failure = q->refused = q->body_error = q->lost = 0;
    q->ended = q->sent = q->json_open = q->has_hooks = false;
    gy__buf_init(&q->body, GY__RESPONSE_MAX);
    q->fields[0] = gy__html_type;
    q->headers = (gy_headers){
        .items = q->fields, .count = 1, .capacity = GY__FIELDS_FIRST, .arena = &x->arena};
    q->trailers = (gy_headers){.arena = &x->arena};
    if (x->head.query.ptr || x->head.authority.ptr)
        put_target_together(&q->front, x);
}

const char *gy_header(gy_request *r, const char *name, const char *fallback)
{
    const gy_field *first = gy_headers_next(&r->headers, name, NULL);
    if (!first)
        return fallback;
    if (!gy_headers_next(&r->headers, name, first))
        return first->value.ptr;
    gy_str all = gy_headers_all(r->arena, &r->headers, name);
    return all.ptr ? all.ptr : fallback;
}

gy_str gy_path_str(gy_request *r, const char *name)
{
    const struct gy__request *q = gy__request_of(r);
    gy_str wanted = gy_str_of(name);
    for (unsigned i = 0; q->parts && i < q->target->parts; i++)
        if (q->target->names[i].ptr && gy_str_eq(q->target->names[i], wanted))
            return q->parts[i];
    return gy_str_n(NULL, 0);
}

const char *gy_path(gy_request *r, const char *name)
{
    return gy_path_str(r, name).ptr;
}

const char *gy_path_at(gy_request *r, unsigned index)
{
    const struct gy__request *q = gy__request_of(r);
    return q->parts && index - 1 < q->target->parts ? q->parts[index - 1].ptr : NULL;
}

long gy_path_int(gy_request *r, const char *name)
{
    int64_t value = 0;
    return gy_str_int(gy_path_str(r, name), &value) ? 0 : (long)value;
}

double gy_path_double(gy_request *r, const char *name)
{
    double value = 0;
    return gy_str_double(gy_path_str(r, name), &value) ? 0 : value;
}

const char *gy_remote_ip(gy_request *r)
{
    return gy__exchange_remote_ip(gy__request_of(r)->x);
}

const char *gy_protocol(gy_request *r)
{
    return gy__exchange_protocol(gy__request_of(r)->x);
}

bool gy_request_tls(const gy_request *r, struct gy_tls_info *out)
{
    return gy_exchange_tls(gy__request_of(r)->x, out);
}

gy_str gy_request_certificate(gy_request *r, bool pem)
{
    return gy_exchange_certificate(gy__request_of(r)->x, pem);
}

const char *gy_full_url(gy_request *r)
{
    return gy_strf(r->arena, "%s://%.*s%.*s%s%.*s", gy_protocol(r), GY_FMT(r->host),
                   GY_FMT(r->path), r->query.ptr ? "?" : "", (int)r->query.len,
                   r->query.ptr ? r->query.ptr : "")
        .ptr;
}

double gy_request_time(gy_request *r)
{
    return (double)(gy__clock_now() - gy__request_of(r)->x->began) / GY__NS_PER_S;
}

const char *gy_url_for(gy_request *r, const char *name, ...)
{
    const char *texts[GY__PARTS_MAX + 1];
    size_t count = 0;
    va_list ap;
    va_start(ap, name);
    for (const char *text; count <= GY__PARTS_MAX && (text = va_arg(ap, const char *));)
        texts[count++] = text;
    va_end(ap);
    return gy__router_url(gy__request_of(r)->app->router, r->arena, name, texts, count).ptr;
}
