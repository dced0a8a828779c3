/* SPDX-License-Identifier: MIT */
/* client_curl.c - libcurl on the loop: its descriptors, its timer, and the transfers that are done. */

#include "http/client_curl.h"

#include <errno.h>
#include <gyre/error.h>
#include <limits.h>

#include "base/alloc.h"
#include "loop/task.h"
#include "loop/wait.h"

/* -- Transfers ----------------------------------------------------------------------------------- */

void gy__transfer_wake(struct gy__transfer *x)
{
    if (x->waiting)
        gy__wake(x->waiting, 0);
}

void gy__transfer_interrupt(struct gy__transfer *x)
{
    if (x->limit)
        gy__deadline_pass(x->limit);
    gy__transfer_wake(x);
}

/* Without a watch some of them will never be done, and which ones only libcurl knows. */
static void fail_all(struct gy__curl *c, int code)
{
    gy_list_each (it, &c->transfers) {
        struct gy__transfer *x = gy_of(it, struct gy__transfer, link);
        if (!x->code)
            x->code = code;
        gy__transfer_interrupt(x);
    }
}

static void tell_done(struct gy__curl *c)
{
    CURLMsg *m;
    int left;
    while ((m = gy__libcurl.multi_info_read(c->multi, &left))) {
        struct gy__transfer *x = NULL;
        if (m->msg != CURLMSG_DONE ||
            gy__libcurl.easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&x))
            continue;
        x->done = true;
        x->result = m->data.result;
        gy__transfer_interrupt(x);
    }
}

int gy__transfer_add(struct gy__transfer *x)
{
    CURLMcode failure = gy__libcurl.multi_add_handle(x->engine->multi, x->easy);
    if (failure)
        return failure == CURLM_OUT_OF_MEMORY ? GY_ENOMEM : GY_EINVAL;
    x->added = true;
    gy_list_add(&x->engine->transfers, &x->link);
    return 0;
}

void gy__transfer_remove(struct gy__transfer *x)
{
    if (!x->added)
        return;
    gy__libcurl.multi_remove_handle(x->engine->multi, x->easy);
    gy_list_del(&x->link);
    x->added = false;
}

/* -- The loop ------------------------------------------------------------------------------------ */

static void act(struct gy__curl *c, curl_socket_t fd, int events)
{
    int running;
    CURLMcode failure = gy__libcurl.multi_socket_action(c->multi, fd, events, &running);
    if (failure)
        fail_all(c, GY_ENOMEM);
    tell_done(c);
}

static void on_ready(void *arg, int fd, int events)
{
    act(arg, fd,
        (events & GY_READABLE ? CURL_CSELECT_IN : 0) |
            (events & GY_WRITABLE ? CURL_CSELECT_OUT : 0));
}

static void on_time(void *arg)
{
    act(arg, CURL_SOCKET_TIMEOUT, 0);
}

/* Once it has read all there is, libcurl does not say so as long as it has something to send, or waits for
 * it. (What a caller has set may make it pause too.) */
static void note_deafness(CURL *easy, int what)
{
    struct gy__transfer *x = NULL;
    if (what & CURL_POLL_IN || gy__libcurl.easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&x) || !x)
        return;
    if (!x->reached || x->held || x->fetch->o.prepare_curl)
        return;
    x->deaf = true;
    gy__transfer_interrupt(x);
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *place)
{
    struct gy__curl *c = arg;
    gy_watch *w = place;
    int events = (what & CURL_POLL_IN ? GY_READABLE : 0) | (what & CURL_POLL_OUT ? GY_WRITABLE : 0);
    int e = 0;
    note_deafness(easy, what);
    if (what == CURL_POLL_REMOVE)
        gy_watch_free(w);
    else if (w)
        e = gy_watch_set(w, events);
    else if ((w = gy_watch_new(c->loop, fd, events, on_ready, c)))
        gy__libcurl.multi_assign(c->multi, fd, w);
    else
        e = -errno;
    if (e)
        fail_all(c, e);
    return 0;
}

static int on_timer(CURLM *multi, long milliseconds, void *arg)
{
    struct gy__curl *c = arg;
    (void)multi;
    if (milliseconds < 0)
        gy_timer_cancel(c->loop, &c->timer);
    else
        gy_timer_set(c->loop, &c->timer, (double)milliseconds / 1000, on_time, c);
    return 0;
}

/* -- The engine ---------------------------------------------------------------------------------- */

static long at_most(size_t n)
{
    return n < INT_MAX ? (long)n : INT_MAX;
}

static bool configure(struct gy__curl *c, const gy_client_opts *o)
{
    __typeof__(curl_multi_setopt) *set = gy__libcurl.multi_setopt;
    CURLM *m = c->multi;
    return !set(m, CURLMOPT_SOCKETFUNCTION, on_socket) && !set(m, CURLMOPT_SOCKETDATA, c) &&
           !set(m, CURLMOPT_TIMERFUNCTION, on_timer) && !set(m, CURLMOPT_TIMERDATA, c) &&
           !set(m, CURLMOPT_MAX_TOTAL_CONNECTIONS, at_most(o->max_connections)) &&
           !set(m, CURLMOPT_MAX_HOST_CONNECTIONS, at_most(o->max_per_host)) &&
           !set(m, CURLMOPT_MAXCONNECTS, at_most(o->max_connections));
}

int gy__curl_new(gy_client *client)
{
    if (!gy__libcurl_load())
        return -ENOTSUP;
    struct gy__curl *c = client->curl = gy__zalloc(sizeof *c);
    if (!c)
        return GY_ENOMEM;
    c->loop = client->loop;
    gy_list_init(&c->transfers);
    c->multi = gy__libcurl.multi_init();
    return c->multi && configure(c, &client->opts) ? 0 : GY_ENOMEM;
}

void gy__curl_free(gy_client *client)
{
    struct gy__curl *c = client->curl;
    if (!c)
        return;
    if (c->multi)
        gy__libcurl.multi_cleanup(c->multi);
    gy_timer_cancel(c->loop, &c->timer);
    gy__free(c);
    client->curl = NULL;
}
