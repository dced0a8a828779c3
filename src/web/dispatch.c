/* SPDX-License-Identifier: MIT */
/* dispatch.c - one request from its head to its log line, in the order of Tornado's _execute. */
#include "web/request.h"

#include "http/framing.h"

#include <gyre/error.h>
#include <gyre/task.h>

#include "loop/state.h"
#include "loop/task.h"

#define ALL_VERBS "GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS"

static int answer_options(gy_request *r)
{
    gy_set_header(r, "Allow", gy__request_of(r)->target->allow.ptr);
    return gy_set_status(r, 204);
}

/* From now on the hooks of [t] are those of the request, and its task goes by the name of the route. 0
 * or 503. */
static int choose(struct gy__request *q, const struct gy__target *t)
{
    gy_request *r = &q->front;
    q->target = t;
    if (t->name)
        gy__self()->name = t->name;
    r->route = t->route;
    r->arg = t->route ? t->route->arg : NULL;
    if (t->handler.self_size) {
        r->self = gy_zalloc(r->arena, t->handler.self_size);
        if (!r->self)
            return 503;
    }
    q->has_hooks = true;
    return 0;
}

static int refuse_verb(struct gy__request *q, const struct gy__target *t)
{
    int status = choose(q, t);
    if (status)
        return status;
    gy_set_header(&q->front, "Allow", t->allow.ptr);
    return q->front.verb == GY_METHOD_OTHER ? 501 : 405;
}

/* No row matches: app->not_found, or an error page. */
static int find_fallback(struct gy__request *q, int status, gy_handler_fn **verb)
{
    int e = choose(q, gy__router_default(q->app->router));
    if (e || status != 404)
        return e ? e : status;
    *verb = q->target->verbs[q->front.verb];
    q->status = status;
    return *verb ? 0 : status;
}

/* The function that answers, or the status of an error page. */
static int find_verb(struct gy__request *q, gy_handler_fn **verb)
{
    gy_request *r = &q->front;
    struct gy__match m;
    int status = gy__router_match(q->app->router, r->path, r->host, r->arena, &m);
    if (status)
        return find_fallback(q, status, verb);

    const struct gy__target *t =
        m.target->verbs[r->verb] ? m.target : gy__target_for(m.target->also, r->verb);
    q->parts = m.parts;
    if (!t && r->verb != GY_METHOD_OPTIONS)
        return refuse_verb(q, m.target);
    *verb = t ? t->verbs[r->verb] : answer_options;
    return choose(q, t ? t : m.target);
}

/* OPTIONS * and CONNECT are about the server, not about a path. */
static bool is_for_server(struct gy__request *q, gy_handler_fn **verb, int *status)
{
    gy_request *r = &q->front;
    if (r->path.len && r->path.ptr[0] == '/')
        return false;
    if (r->verb != GY_METHOD_CONNECT && !gy_str_eq(r->path, (gy_str)GY_STR("*")))
        return false;
    *status = choose(q, gy__router_default(q->app->router));
    gy_set_header(r, "Allow", ALL_VERBS);
    *verb = NULL;
    if (!*status && r->verb == GY_METHOD_OPTIONS)
        gy_set_status(r, 204);
    else if (!*status)
        *status = 405;
    return true;
}

static int read_body(struct gy__request *q)
{
    const struct gy__head *h = &q->x->head;
    int e = h->chunked || h->length ? gy__exchange_body(q->x, &q->front.body) : 0;
    if (e < 0)
        q->lost = e;
    return e;
}

static void apply_limits(struct gy__request *q)
{
    const gy_handler *h = &q->target->handler;
    if (h->max_body)
        q->x->max_body = h->max_body;
    if (h->body_timeout > 0)
        q->x->body_timeout = h->body_timeout;
    if (h->min_body_rate)
        q->x->min_body_rate = h->min_body_rate;
    q->x->detach_wait = h->detach;
}

/* What a step left behind counts as its result. */
static int result_of(struct gy__request *q, int result)
{
    if (result)
        return result;
    if (q->json_open)
        return gy_fail(&q->front, 500, "gy_json_begin without gy_json_end");
    return q->refused ? q->refused : q->failure;
}

/* A client that asks first (Expect: 100-continue) is told to send its body only when prepare
 * agrees; any other is sending it already. */
static int execute(struct gy__request *q, gy_handler_fn *verb)
{
    gy_request *r = &q->front;
    const gy_handler *h = &q->target->handler;
    bool body_first = !q->x->head.expect_continue;
    int e = 0;

    apply_limits(q);
    if (h->require_length && !q->x->head.has_length && gy__method_has_body(r->verb))
        return 411;
    if (!h->stream_body && body_first)
        e = read_body(q);
    if (!e && h->prepare)
        e = result_of(q, h->prepare(r));
    if (e || q->ended)
        return e;
    if (!h->stream_body && !body_first)
        e = read_body(q);
    return e ? e : result_of(q, verb(r));
}

static int run(struct gy__request *q)
{
    gy_handler_fn *verb = NULL;
    int status;
    if (!is_for_server(q, &verb, &status))
        status = find_verb(q, &verb);
    return status || !verb ? status : execute(q, verb);
}

/* -- How it ends ------------------------------------------------------------------------------- */

static bool client_has_gone(const struct gy__request *q)
{
    return q->lost || gy_task_cancelled();
}

/* The status for a negative result, with a line in the log. */
static int status_of_failure(struct gy__request *q, int code)
{
    if (code == q->body_error)
        return gy__exchange_body_status(code);
    int status = code == GY_ENOMEM ? 503 : 500;
    /* A reason is logged with the error page, unless it is too late for one. */
    if (!q->fail_reason)
        gy__request_log(q, GY_LOG_ERROR, status, gy_strerror(code));
    else if (q->x->head_sent)
        gy__request_log(q, GY_LOG_ERROR, status, q->fail_reason);
    return status;
}

static void answer_with_error(struct gy__request *q, int status)
{
    if (status > 999 || status < 200) {
        gy__request_log(q, GY_LOG_ERROR, status, "the handler's result is no status");
        status = 500;
    } else if (q->fail_reason && status >= 400) {
        gy__request_log(q, status < 500 ? GY_LOG_WARNING : GY_LOG_ERROR, status, q->fail_reason);
    }
    gy__error_page(q, status);
    if (gy__response_send(q) == 0)
        return;
    /* A field of the application's contradicts the page. */
    if (!q->x->head_sent) {
        q->headers.count = 0;
        q->sent = false;
        gy__response_clear_body(q);
        q->status = status;
        q->phrase = NULL;
        if (gy__response_send(q) && !q->lost)
            q->lost = GY_ECLOSED;
    }
}

/* Too late for another answer: the client must not take the one it gets for whole. */
static void cut_off(struct gy__request *q, int status)
{
    gy__request_log(q, GY_LOG_ERROR, status, "failed after the head was sent; closing");
    gy__exchange_close_after(q->x);
    q->lost = GY_ECLOSED;
}

static void answer(struct gy__request *q, int result)
{
    int status = result < 0 ? status_of_failure(q, result) : result;
    if (status == 0 || (status >= 200 && status < 400)) {
        if (status && !q->x->head_sent && !q->ended)
            gy_set_status(&q->front, status);
        int e = gy__response_send(q);
        if (e == 0 || q->lost)
            return;
        status = status_of_failure(q, e);
    }
    if (q->sent)
        gy__request_log(q, GY_LOG_ERROR, status, "failed after the response was finished");
    else if (q->x->head_sent)
        cut_off(q, status);
    else
        answer_with_error(q, status);
}

static void finish(struct gy__request *q)
{
    gy_request *r = &q->front;
    q->ended = true;
    if (q->has_hooks && q->target->handler.on_finish)
        q->target->handler.on_finish(r);
    if (r->app->log_request)
        r->app->log_request(r);
    else
        gy__access_log(q);
    gy__response_done(q);
    if (q->app->request_ids)
        gy__request_id_end(q);
}

int gy__web_request(gy_exchange *x, void *app)
{
    struct gy__request q;
    gy__request_init(&q, x, app);
    if (q.app->request_ids)
        gy__request_id_begin(&q);
    int result = run(&q);
    if (client_has_gone(&q)) {
        if (!q.lost)
            q.lost = gy_task_cancelled();
    } else if (!x->detached) {
        answer(&q, result);
    }
    finish(&q);
    return q.lost ? GY_ECLOSED : 0;
}
