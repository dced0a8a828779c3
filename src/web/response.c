/* SPDX-License-Identifier: MIT */
/* response.c - status, fields and body of a response, before they are sent. */
#include "web/request.h"

#include "http/chunked.h"
#include "http/message.h"

#include <gyre/error.h>
#include <stdarg.h>

int gy__response_fail(struct gy__request *q, int e)
{
    if (!q->failure && e != GY_EFINISHED)
        q->failure = e;
    return e;
}

static void take_spare(struct gy__request *q)
{
    struct gy__app *app = q->app;
    if (app->spare_count)
        q->body = app->spare[--app->spare_count];
}

int gy__response_open(struct gy__request *q)
{
    if (q->failure)
        return q->failure;
    if (q->ended)
        return GY_EFINISHED;
    if (q->json_open)
        return gy__response_fail(q, GY_EBUSY);
    if (!q->body.data)
        take_spare(q);
    return 0;
}

void gy__response_done(struct gy__request *q)
{
    struct gy__app *app = q->app;
    if (q->body.data && q->body.cap < GY__SPARE_SIZE && app->spare_count < GY__SPARE_BODIES) {
        q->body.len = 0;
        app->spare[app->spare_count++] = q->body;
    } else {
        gy__buf_done(&q->body);
    }
}

/* -- Status ------------------------------------------------------------------------------------ */

int gy_set_status(gy_request *r, int status)
{
    return gy_set_reason(r, status, NULL);
}

int gy_set_reason(gy_request *r, int status, const char *reason)
{
    struct gy__request *q = gy__request_of(r);
    if (q->failure)
        return q->failure;
    if (q->x->head_sent || q->ended)
        return GY_EINVAL;
    if (status < 200 || status > 999 || (reason && !gy__reason_valid(gy_str_of(reason))))
        return gy__response_fail(q, GY_EINVAL);
    const char *phrase = reason ? gy_strdup(r->arena, reason) : NULL;
    if (reason && !phrase)
        return gy__response_fail(q, GY_ENOMEM);
    q->status = status;
    q->phrase = phrase;
    return 0;
}

int gy_status(const gy_request *r)
{
    return gy__request_of(r)->status;
}

bool gy_is_finished(const gy_request *r)
{
    return gy__request_of(r)->ended;
}

bool gy_head_is_sent(const gy_request *r)
{
    return gy__request_of(r)->x->head_sent;
}

/* -- Fields ------------------------------------------------------------------------------------ */

static int may_change_fields(struct gy__request *q)
{
    return q->failure ? q->failure : q->x->head_sent || q->ended ? GY_EINVAL : 0;
}

int gy_set_header(gy_request *r, const char *name, const char *value)
{
    struct gy__request *q = gy__request_of(r);
    int e = may_change_fields(q);
    if (e)
        return e;
    e = gy_headers_set(&q->headers, name, value);
    return e ? gy__response_fail(q, e) : 0;
}

int gy_add_header(gy_request *r, const char *name, const char *value)
{
    struct gy__request *q = gy__request_of(r);
    int e = may_change_fields(q);
    if (e)
        return e;
    e = gy_headers_add(&q->headers, name, value);
    return e ? gy__response_fail(q, e) : 0;
}

int gy_set_headerf(gy_request *r, const char *name, const char *fmt, ...)
{
    struct gy__request *q = gy__request_of(r);
    va_list ap;
    va_start(ap, fmt);
    gy_str value = gy_vstrf(r->arena, fmt, ap);
    va_end(ap);
    return value.ptr ? gy_set_header(r, name, value.ptr) : gy__response_fail(q, GY_ENOMEM);
}

int gy_clear_header(gy_request *r, const char *name)
{
    struct gy__request *q = gy__request_of(r);
    int e = may_change_fields(q);
    if (!e)
        gy_headers_remove(&q->headers, name);
    return e;
}

int gy_set_trailer(gy_request *r, const char *name, const char *value)
{
    struct gy__request *q = gy__request_of(r);
    if (q->failure)
        return q->failure;
    if (q->ended)
        return GY_EFINISHED;
    int e = gy__trailer_forbidden(gy_str_of(name)) ? GY_EINVAL
                                                   : gy_headers_set(&q->trailers, name, value);
    return e ? gy__response_fail(q, e) : 0;
}

/* -- Body -------------------------------------------------------------------------------------- */

int gy_write(gy_request *r, const char *text)
{
    return gy_write_n(r, text, strlen(text));
}

int gy_write_str(gy_request *r, gy_str s)
{
    return gy_write_n(r, s.ptr, s.len);
}

int gy_write_n(gy_request *r, const void *data, size_t len)
{
    struct gy__request *q = gy__request_of(r);
    int e = gy__response_open(q);
    if (e)
        return e;
    e = gy__buf_add(&q->body, data, len);
    return e ? gy__response_fail(q, e) : 0;
}

int gy_writef(gy_request *r, const char *fmt, ...)
{
    struct gy__request *q = gy__request_of(r);
    int e = gy__response_open(q);
    if (e)
        return e;
    va_list ap;
    va_start(ap, fmt);
    e = gy__buf_vaddf(&q->body, fmt, ap);
    va_end(ap);
    return e ? gy__response_fail(q, e) : 0;
}

void gy__response_clear_body(struct gy__request *q)
{
    q->body.len = 0;
}

/* What describes the body that is dropped, or would let it be stored. */
static bool describes_body(gy_str name)
{
    static const gy_str names[] = {GY_STR("ETag"),          GY_STR("Last-Modified"),
                                   GY_STR("Expires"),       GY_STR("Cache-Control"),
                                   GY_STR("Accept-Ranges"), GY_STR("Location")};
    static const gy_str content = GY_STR("Content-");
    if (name.len > content.len && gy_str_ieq(gy_str_n(name.ptr, content.len), content))
        return true;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (gy_str_ieq(name, names[i]))
            return true;
    return false;
}

void gy__response_reset(struct gy__request *q)
{
    gy_headers *h = &q->headers;
    size_t kept = 0;

    gy__response_clear_body(q);
    q->trailers.count = 0;
    q->failure = q->refused = 0;
    q->phrase = NULL;
    q->ended = q->json_open = false;
    for (size_t i = 0; i < h->count; i++)
        if (!describes_body(h->items[i].name))
            h->items[kept++] = h->items[i];
    h->count = kept;
    if (kept < h->capacity) {
        memmove(h->items + 1, h->items, kept * sizeof *h->items);
        h->items[0] = gy__html_type;
        h->count++;
    } else {
        /* Without memory the page goes out without its type. */
        (void)gy_headers_add_str(h, gy__html_type.name, gy__html_type.value);
    }
}

void gy__response_set_type(struct gy__request *q, gy_str type)
{
    if (gy__response_has_default_type(q))
        q->headers.items[0].value = type;
}
