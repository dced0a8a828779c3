/* SPDX-License-Identifier: MIT */
/* access_log.c - a line for each request, as Tornado writes it. */
#include "web/request.h"

static enum gy_log_level level_of(int status)
{
    return status < 400 ? GY_LOG_INFO : status < 500 ? GY_LOG_WARNING : GY_LOG_ERROR;
}

void gy__access_log(struct gy__request *q)
{
    gy_request *r = &q->front;
    /* Most lines are of this kind, and mostly nobody wants those. */
    if (q->x->status > 0 && q->x->status < 400 && !gy_log_enabled(GY_LOG_ACCESS, GY_LOG_INFO))
        return;
    /* 499 is what nginx calls a client that left before the answer; that is no fault of anyone. */
    int status = q->x->status ? q->x->status : q->x->detached ? q->status : 499;
    enum gy_log_level level = status == 499 ? GY_LOG_INFO : level_of(status);
    if (!gy_log_enabled(GY_LOG_ACCESS, level))
        return;
    gy_log(GY_LOG_ACCESS, level, "%d %.*s %.*s (%s) %.2fms", status, GY_FMT(r->method),
           GY_FMT(r->target), gy_remote_ip(r), gy_request_time(r) * 1e3);
}

void gy__request_log(struct gy__request *q, enum gy_log_level level, int status, const char *what)
{
    gy_request *r = &q->front;
    enum gy_log_channel channel = level < GY_LOG_ERROR ? GY_LOG_GENERAL : GY_LOG_APP;
    if (!gy_log_enabled(channel, level))
        return;
    gy_log(channel, level, "%d %.*s %.*s (%s): %s", status, GY_FMT(r->method), GY_FMT(r->target),
           gy_remote_ip(r), what);
}
