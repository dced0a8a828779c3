/* SPDX-License-Identifier: MIT */
/* error_page.c - what a client sees when a request failed. */
#include "web/request.h"

#include "codec/escape.h"

#include <gyre/error.h>
#include <stdarg.h>

int gy_fail(gy_request *r, int status, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    gy_str reason = gy_vstrf(r->arena, fmt, ap);
    va_end(ap);
    gy__request_of(r)->fail_reason = reason.ptr;
    return status;
}

const char *gy_fail_reason(const gy_request *r)
{
    return gy__request_of(r)->fail_reason;
}

/* As in Tornado; the reason is for the log, and for those who develop. */
static int write_page(struct gy__request *q, int status)
{
    gy_request *r = &q->front;
    const char *phrase = gy_status_reason(status);
    int e = gy_writef(r, "<html><title>%d: %s</title><body>%d: %s", status, phrase, status, phrase);
    if (!e && q->app->app->debug && q->fail_reason) {
        e = gy_write(r, "<pre>");
        if (!e)
            e = gy__html_escape(&q->body, gy_str_of(q->fail_reason));
        if (!e)
            e = gy_write(r, "</pre>");
    }
    return e ? e : gy_write(r, "</body></html>\n");
}

void gy__error_page(struct gy__request *q, int status)
{
    gy_handler_fn *hook = q->has_hooks ? q->target->handler.write_error : NULL;

    gy__response_reset(q);
    q->status = status;
    if (hook) {
        int e = hook(&q->front);
        if (!e)
            e = q->refused ? q->refused : q->failure;
        if (!e || q->x->head_sent)
            return;
        gy__request_log(q, GY_LOG_ERROR, status, "write_error failed");
        gy__response_reset(q);
        q->status = status;
    }
    /* Without memory for the page the status must do. */
    if (write_page(q, status)) {
        gy__response_reset(q);
        q->status = status;
    }
}
