/* SPDX-License-Identifier: MIT */
/* client.c - gy_fetch: a question, tried again where that is safe, and the redirects that follow. */

#include <gyre/error.h>
#include <gyre/task.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "http/client.h"
#include "loop/state.h"
#include "loop/task.h"
#include "loop/timer.h"

/* -- One question, one answer -------------------------------------------------------------------- */

static bool is_redirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static bool is_followed(const struct gy__fetch *f)
{
    return !f->o.no_redirects && is_redirect(f->head.status) &&
           gy_headers_has(&f->out->headers, "Location");
}

static void begin_answer(struct gy__fetch *f)
{
    f->sent = f->got = f->head_bytes = 0;
    f->body_got = 0;
    f->request_over = f->last = f->drop_body = f->probe = f->ask_again = false;
    f->head.status = 0;
    f->times.sent = f->times.first_byte = 0;
}

static int exchange(struct gy__fetch *f)
{
    begin_answer(f);
    int e = gy__fetch_put_head(f);
    if (!e)
        e = f->transfer ? gy__curl_ask(f) : gy__fetch_send(f);
    if (!e && f->head.status < 200)
        e = gy__fetch_read_head(f, false);
    if (!e)
        e = gy__fetch_see_challenge(f);
    if (e)
        return e;
    f->drop_body = f->ask_again || is_followed(f);
    return f->transfer ? gy__curl_read_body(f) : gy__fetch_read_body(f);
}

/* A kept connection may be closed by the server while we write to it: then it has read nothing. */
static bool may_try_again(const struct gy__fetch *f, int code)
{
    if (code != GY_ECLOSED || !f->peer->reused || f->got || f->client->ended)
        return false;
    return f->sent == 0 || (gy__method_is_idempotent(f->verb) && gy__fetch_is_repeatable(f));
}

static int try_it(struct gy__fetch *f)
{
    int e = gy__fetch_connect(f);
    f->out->reused = f->peer->reused;
    if (!e)
        e = exchange(f);
    if (!may_try_again(f, e))
        return e;
    gy__peer_disconnect(f->peer);
    f->peer->reused = f->out->reused = false;
    f->out->why[0] = 0;
    e = gy__fetch_connect(f);
    return e ? e : exchange(f);
}

static bool is_kept(const struct gy__fetch *f)
{
    return f->request_over && f->head.keep_alive && !f->last;
}

/* What tells places apart, to be compared and not to be read. */
static gy_str place_of(struct gy__fetch *f)
{
    const gy_fetch_opts *o = &f->o;
    const gy_str none = gy_str_n("", 0), end = gy_str_n("", 1);
    bool any = gy__fetch_is_forwarded(f); /* a proxy asks whichever server it is told */
    const gy_str pieces[] = {gy_str_n((const char *)&o->tls, sizeof o->tls),
                             gy_str_n((const char *)&o->family, sizeof o->family),
                             any ? none : f->url.scheme,
                             end,
                             any ? none : f->url.authority,
                             end,
                             o->source_address ? gy_str_of(o->source_address) : none,
                             end,
                             gy_str_of(f->via.text)};
    return gy_str_concat(f->arena, pieces, sizeof pieces / sizeof pieces[0]);
}

static int ask_by_curl(struct gy__fetch *f)
{
    int e = gy__curl_begin(f);
    if (!e)
        e = exchange(f);
    gy__curl_end(f);
    return e;
}

static int ask(struct gy__fetch *f)
{
    f->times = (struct gy__fetch_times){.began = f->times.began};
    int e = gy__proxy_pick(f);
    if (e)
        return e;
    if (f->client->curl)
        return ask_by_curl(f);
    gy_str place = place_of(f);
    if (!place.ptr)
        return GY_ENOMEM;
    e = gy__peer_take(f, place);
    if (e)
        return gy__fetch_fail(f, e, "no connection to %s was free: %s", f->url.authority.ptr,
                              gy_strerror(e));
    e = try_it(f);
    struct gy__peer *p = f->peer;
    f->peer = NULL;
    if (!e && is_kept(f))
        gy__peer_keep(p);
    else
        gy__peer_close(p);
    return e;
}

/* -- Redirects ----------------------------------------------------------------------------------- */

/* As browsers do (RFC 9110 15.4): POST becomes GET but for 307 and 308. */
static void rewrite_method(struct gy__fetch *f)
{
    int status = f->head.status;
    bool to_get = (status == 303 && f->verb != GY_METHOD_HEAD) ||
                  ((status == 301 || status == 302) && f->verb == GY_METHOD_POST);
    if (!to_get)
        return;
    f->verb = GY_METHOD_GET;
    f->method = gy_str_of("GET");
    f->with_body = false;
}

static int check_scheme(struct gy__fetch *f)
{
    if (gy_str_eq(f->url.scheme, gy_str_of("http")) || gy_str_eq(f->url.scheme, gy_str_of("https")))
        return 0;
    return gy__fetch_fail(f, GY_EURL, "%s is neither http nor https", f->url.scheme.ptr);
}

/* It was none for the caller: what comes next may fail without one. */
static void forget_answer(struct gy__fetch *f)
{
    f->out->status = f->out->version = 0;
    f->out->reason = gy_str_n("", 0);
    f->out->headers = (gy_headers){.arena = f->arena};
}

static int follow(struct gy__fetch *f)
{
    struct gy__url to;
    gy_str location = gy_headers_get(&f->out->headers, "Location");
    if (f->out->redirects >= f->o.max_redirects)
        return gy__fetch_fail(f, GY_EREDIRECT, "more than %d redirects, the last from %s",
                              f->o.max_redirects, f->url.authority.ptr);
    rewrite_method(f);
    if (!gy__fetch_is_repeatable(f))
        return gy__fetch_fail(f, GY_EREDIRECT, "%s redirects a body that cannot be sent again",
                              f->url.authority.ptr);
    int e = gy__url_join(f->arena, &f->url, location, &to);
    if (e)
        return gy__fetch_fail(f, e, "%s redirects to something that is no URL",
                              f->url.authority.ptr);
    if (!gy__url_same_origin(&f->url, &to)) {
        f->foreign = true;
    } else if (!to.user.ptr) {
        to.user = f->url.user;
        to.password = f->url.password;
    }
    f->url = to;
    f->answers = 0;
    f->unasked = false;
    f->out->redirects++;
    forget_answer(f);
    return check_scheme(f);
}

static int follow_all(struct gy__fetch *f, const char *url)
{
    int e = gy__url_parse(f->arena, gy_str_of(url), &f->url);
    if (e)
        return gy__fetch_fail(f, e, "this is no URL: %s",
                              strstr(url, "://") ? "its host, port or a character cannot be"
                                                 : "there is no http:// or https:// in front");
    e = check_scheme(f);
    while (!e) {
        e = ask(f);
        if (e || (!f->ask_again && !is_followed(f)))
            return e;
        if (f->ask_again)
            forget_answer(f);
        else
            e = follow(f);
    }
    return e;
}

/* -- gy_fetch ------------------------------------------------------------------------------------ */

static double between(int64_t from, int64_t to)
{
    return from && to ? (double)(to - from) / GY__NS_PER_S : -1;
}

static void report_times(struct gy__fetch *f)
{
    const struct gy__fetch_times *t = &f->times;
    f->out->times = (gy_fetch_times){.queue = between(t->began, t->queued),
                                     .dns = between(t->began, t->resolved),
                                     .connect = between(t->began, t->connected),
                                     .tls = between(t->began, t->secured),
                                     .first_byte = between(t->began, t->first_byte),
                                     .total = between(t->began, gy__clock_now())};
}

static int give_url(struct gy__fetch *f)
{
    gy_str text = gy__url_text(f->arena, &f->url);
    f->out->url = text.ptr;
    if (!f->out->body.ptr)
        f->out->body = gy_str_n("", 0);
    return text.ptr ? 0 : GY_ENOMEM;
}

static int run(struct gy__fetch *f, const char *url)
{
    int e = gy__fetch_check(f);
    if (!e)
        e = follow_all(f, url);
    /* Also where it has failed. */
    int u = f->url.target.ptr ? give_url(f) : 0;
    return e ? e : u;
}

/* A failure has one code: whichever wait it came out of. */
static int judge(struct gy__fetch *f, int e, bool passed)
{
    if (e && f->client->ended) {
        snprintf(f->out->why, sizeof f->out->why, "the client was freed");
        return GY_ESHUTDOWN;
    }
    if (e < 0 && passed)
        snprintf(f->out->why, sizeof f->out->why, "%.200s gave no whole answer within %g second%s",
                 f->url.authority.ptr ? f->url.authority.ptr : "the server", f->o.timeout,
                 f->o.timeout == 1 ? "" : "s");
    else if (e)
        gy__fetch_fail(f, e, "%s", gy_strerror(e));
    return e;
}

static int fetch_in_time(struct gy__fetch *f, const char *url)
{
    f->times.began = gy__clock_now();
    f->until = gy__deadline_in(f->times.began, f->o.timeout);
    gy_deadline_begin(&f->deadline, f->o.timeout);
    int e = run(f, url);
    bool passed = gy_deadline_end(&f->deadline);
    return judge(f, e, passed);
}

static int fetch_in_task(gy_arena *arena, const char *url, const gy_fetch_opts *opts,
                         gy_response *out)
{
    struct gy__fetch f;
    gy_client *c = opts ? opts->client : NULL;
    gy_loop *loop = gy__self()->loop;
    memset(&f, 0, sizeof f);
    f.arena = arena;
    f.out = out;
    if (!c && !(c = gy__client_of(loop)))
        return GY_ENOMEM;
    if (c->loop != loop)
        return gy__fetch_fail(&f, GY_EINVAL, "the client belongs to another loop");
    if (c->ended)
        return gy__fetch_fail(&f, GY_ESHUTDOWN, "the client was freed");
    gy__client_enter(c, &f);
    gy__fetch_merge(&f, opts);
    int e = fetch_in_time(&f, url);
    gy__form_rewind(f.form);
    report_times(&f);
    gy__client_leave(&f);
    return e;
}

/* -- Outside of a task --------------------------------------------------------------------------- */

struct call {
    gy_arena *arena;
    const char *url;
    const gy_fetch_opts *opts;
    gy_response *out;
};

static int call(void *arg)
{
    struct call *c = arg;
    return fetch_in_task(c->arena, c->url, c->opts, c->out);
}

static int block(struct call *c)
{
    gy_loop *loop = gy_loop_current();
    if (!loop)
        return gy_run(call, c);
    gy_task *t = gy_task_new(loop, call, c, &(gy_task_opts){.name = "fetch"});
    return t ? gy_task_join(t) : GY_ENOMEM;
}

int gy_fetch(gy_arena *arena, const char *url, const gy_fetch_opts *opts, gy_response *out)
{
    struct call c = {arena, url, opts, out};
    memset(out, 0, sizeof *out);
    return gy_task_self() ? fetch_in_task(arena, url, opts, out) : block(&c);
}
