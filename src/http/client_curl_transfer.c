/* SPDX-License-Identifier: MIT */
/* client_curl_transfer.c - an exchange by libcurl, as the task that fetches sees it. */

#include <gyre/error.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "http/client_curl.h"
#include "loop/task.h"
#include "loop/timer.h"
#include "loop/wait.h"

enum { PIECE = 64 * 1024, DROP_MOST = 64 * 1024 };

/* -- Waiting ------------------------------------------------------------------------------------- */

static int64_t end_of_wait(const struct gy__transfer *x)
{
    const struct gy__fetch *f = x->fetch;
    if (!x->sent || x->answered || !(f->o.first_byte_timeout > 0))
        return f->until;
    int64_t at = gy__deadline_in(x->sent, f->o.first_byte_timeout);
    return at < f->until ? at : f->until;
}

/* Until libcurl has called. */
static int wait(struct gy__transfer *x)
{
    struct gy__fetch *f = x->fetch;
    x->waiting = f->task;
    int e = gy__park(x->answered ? "an answer" : "an answer to begin", end_of_wait(x));
    x->waiting = NULL;
    return e ? gy__fetch_fail(f, e, "%s did not answer: %s", f->url.authority.ptr, gy_strerror(e))
             : 0;
}

/* Let it go on where it need not wait any more; it may call back at once. */
static int resume(struct gy__transfer *x)
{
    int paused = (x->wants ? CURLPAUSE_SEND : 0) | (x->held ? CURLPAUSE_RECV : 0);
    CURLcode code = x->done ? CURLE_OK : gy__libcurl.easy_pause(x->easy, paused);
    return x->code ? gy__transfer_judge(x) : gy__transfer_code(code);
}

/* -- The body of the request --------------------------------------------------------------------- */

/* Its waits end when the exchange does not need it any more. */
static ssize_t call_reader(struct gy__transfer *x, size_t most)
{
    struct gy__fetch *f = x->fetch;
    gy_deadline limit;
    gy_deadline_begin(&limit, GY_FOREVER);
    x->limit = &limit;
    f->body_begun = true;
    ssize_t n = f->o.read_body(f->o.read_arg, x->room, most);
    x->limit = NULL;
    gy_deadline_end(&limit);
    return n;
}

static int read_piece(struct gy__transfer *x)
{
    struct gy__fetch *f = x->fetch;
    bool known = x->left != UINT64_MAX;
    size_t most = known && x->left < PIECE ? (size_t)x->left : PIECE;
    if (!x->room && !(x->room = gy__alloc(PIECE)))
        return GY_ENOMEM;
    ssize_t n = call_reader(x, most);
    if (x->settled || x->deaf || x->done || x->code)
        return 0;
    if (n < 0)
        return gy__fetch_fail(f, (int)n, "the body to send was given up");
    if ((size_t)n > most)
        return gy__fetch_fail(f, GY_EINVAL, "the body to send is longer than was said");
    if (n == 0 && known)
        return gy__fetch_fail(f, GY_EINVAL, "the body to send is shorter than was said");
    x->next = gy_str_n(x->room, (size_t)n);
    x->read_over = n == 0;
    x->wants = false;
    return resume(x);
}

/* There is nothing to take yet. */
static int go_on(struct gy__transfer *x)
{
    if (x->wants && !x->settled && !x->deaf)
        return read_piece(x);
    if (!x->wants || !x->deaf)
        return wait(x);
    x->wants = false;
    return resume(x);
}

/* -- Heads --------------------------------------------------------------------------------------- */

/* They are copied: while the caller looks at them, more may come. */
static int take_whole(struct gy__transfer *x)
{
    struct gy__peer *p = &x->peer;
    char *in = gy__realloc(p->in, x->whole + GY__PARSE_PADDING);
    if (!in)
        return GY_ENOMEM;
    p->in = memcpy(in, x->heads.data, x->whole);
    memset(in + x->whole, 0, GY__PARSE_PADDING); /* the parser looks at it */
    p->in_at = 0;
    p->in_len = p->in_cap = x->whole;
    gy__buf_drop(&x->heads, x->whole);
    x->whole = 0;
    return 0;
}

static int take_heads(struct gy__transfer *x)
{
    struct gy__fetch *f = x->fetch;
    int e = take_whole(x);
    f->head.status = 0;
    while (!e && x->peer.in_at < x->peer.in_len)
        e = gy__fetch_next_head(f, f->until);
    if (x->version)
        f->out->version = x->version;
    /* Libcurl may send no more to a server that refuses: to be told so, it must not wait for us. */
    if (e || !x->settled || !x->wants)
        return e;
    x->wants = false;
    return resume(x);
}

static int end_without_head(struct gy__transfer *x)
{
    int e = gy__transfer_judge(x);
    return e ? e
             : gy__fetch_fail(x->fetch, GY_ECLOSED, "%s closed the connection without an answer",
                              x->fetch->url.authority.ptr);
}

static int read_heads(struct gy__transfer *x)
{
    int e = 0;
    while (!e && x->fetch->head.status < 200) {
        if (x->whole)
            e = take_heads(x);
        else if (x->code || x->done)
            e = end_without_head(x);
        else
            e = go_on(x);
    }
    return e;
}

/* -- The body of the answer ---------------------------------------------------------------------- */

static int deliver(struct gy__transfer *x)
{
    struct gy__buf taken = x->body;
    x->body = x->taken;
    x->taken = taken;
    bool held = x->held;
    x->held = false;
    int e = held ? resume(x) : 0;
    if (!e)
        e = gy__fetch_deliver(x->fetch, x->taken.data, x->taken.len);
    gy__buf_cut(&x->taken, 0);
    return e;
}

/* Up to its end, or to the head of another answer. */
static int read_pieces(struct gy__transfer *x)
{
    for (;;) {
        int e;
        if (x->whole)
            return 0;
        if (x->body.len)
            e = deliver(x);
        else if (x->code || x->done)
            return gy__transfer_judge(x);
        else
            e = go_on(x);
        if (e || (x->fetch->drop_body && x->fetch->body_got > DROP_MOST))
            return e;
    }
}

static int read_body(struct gy__transfer *x)
{
    struct gy__fetch *f = x->fetch;
    struct gy__body b = gy__body_of_response(&f->head, f->verb);
    if (!gy__fetch_wants_body(f, b) || (f->drop_body && !x->sent))
        return 0;
    int e = gy__fetch_begin_body(f, b);
    if (!e)
        e = read_pieces(x);
    if (!e && x->whole)
        e = GY_EBUSY;
    return gy__fetch_end_body(f, e);
}

int gy__curl_read_body(struct gy__fetch *f)
{
    struct gy__transfer *x = f->transfer;
    int e;
    while ((e = read_body(x)) == GY_EBUSY && x->whole)
        if ((e = take_heads(x)))
            return e;
    return e;
}

/* -- The exchange -------------------------------------------------------------------------------- */

int gy__curl_begin(struct gy__fetch *f)
{
    struct gy__transfer *x = f->transfer = gy__zalloc(sizeof *x);
    if (!x)
        return GY_ENOMEM;
    x->engine = f->client->curl;
    x->fetch = f;
    gy__buf_init(&x->peer.out, SIZE_MAX / 2);
    gy__buf_init(&x->heads, SIZE_MAX / 2);
    gy__buf_init(&x->body, SIZE_MAX / 2);
    gy__buf_init(&x->taken, SIZE_MAX / 2);
    x->peer.client = f->client;
    f->peer = &x->peer;
    x->easy = gy__libcurl.easy_init();
    return x->easy ? 0 : GY_ENOMEM;
}

static int prepare(struct gy__fetch *f)
{
    int e = f->o.prepare_curl ? f->o.prepare_curl(f->o.prepare_arg, f->transfer->easy) : 0;
    return e < 0 ? gy__fetch_fail(f, e, "the handle was refused") : 0;
}

int gy__curl_ask(struct gy__fetch *f)
{
    struct gy__transfer *x = f->transfer;
    int64_t until = gy__deadline_in(gy__clock_now(), f->o.connect_timeout);
    gy__form_rewind(f->form);
    int e = gy__transfer_resolve(x, until < f->until ? until : f->until);
    if (!e)
        e = gy__transfer_set_up(x);
    if (!e)
        e = gy__transfer_listen(x);
    if (!e)
        e = prepare(f);
    if (!e)
        e = gy__transfer_add(x);
    return e ? e : read_heads(x);
}

static int64_t nanoseconds(struct gy__transfer *x, CURLINFO what)
{
    curl_off_t microseconds = 0;
    return gy__libcurl.easy_getinfo(x->easy, what, &microseconds) ? 0
                                                                  : (int64_t)microseconds * 1000;
}

static void note_times(struct gy__transfer *x)
{
    struct gy__fetch_times *t = &x->fetch->times;
    int64_t secure = nanoseconds(x, CURLINFO_APPCONNECT_TIME_T);
    t->queued = x->opened ? x->opened : x->reached;
    t->connecting = x->opened;
    t->secured = x->opened && secure ? x->reached : 0;
    t->connected = x->opened ? x->reached : 0;
    if (t->secured)
        t->connected -= secure - nanoseconds(x, CURLINFO_CONNECT_TIME_T);
    t->sent = x->sent;
    t->first_byte = x->answered;
    x->fetch->out->reused = x->reached && !x->opened;
}

void gy__curl_end(struct gy__fetch *f)
{
    struct gy__transfer *x = f->transfer;
    if (!x)
        return;
    if (x->easy)
        note_times(x);
    gy__transfer_remove(x);
    gy__libcurl.easy_cleanup(x->easy);
    gy__libcurl.slist_free_all(x->headers);
    gy__libcurl.slist_free_all(x->proxy_headers);
    gy__libcurl.slist_free_all(x->addresses);
    gy__libcurl.slist_free_all(x->detours);
    gy__buf_done(&x->peer.out);
    gy__buf_done(&x->heads);
    gy__buf_done(&x->body);
    gy__buf_done(&x->taken);
    gy__free(x->peer.in);
    gy__free(x->room);
    gy__free(x);
    f->transfer = NULL;
    f->peer = NULL;
}
