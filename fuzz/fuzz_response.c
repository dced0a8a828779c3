/* SPDX-License-Identifier: MIT */
/* fuzz_response.c - any bytes as an answer to the client: however they are cut, it makes the same of them,
 * and gives nothing out that is longer or other than its contract says. */
#include "fuzz.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "http/client.h"
#include "http/message.h"
#include "net/stream.h"

#include <assert.h>
#include <gyre/error.h>
#include <gyre/log.h>
#include <gyre/task.h>
#include <stdlib.h>

enum { BODY_MOST = 5000, HEAD_MOST = 1500 };

static gy_loop *loop;

static int64_t now_ns(void *arg)
{
    (void)arg;
    return 1000 * (int64_t)1000000000;
}

static const struct gy__clock_source clock_source = {now_ns, now_ns, NULL};

/* One reading of the bytes. */
struct reading {
    uint8_t habits;
    enum gy_method verb;
    gy_arena arena;
    gy_response out;
    gy_client client;
    struct gy__peer peer;
    struct gy__fetch f;
    int result;
    bool ended;
};

/* -- The client ---------------------------------------------------------------------------------- */

static int read_answer(void *arg)
{
    struct reading *r = arg;
    struct gy__fetch *f = &r->f;
    f->task = gy_task_self();
    int e = gy__fetch_read_head(f, false);
    if (!e) {
        f->drop_body = r->habits & 2;
        e = gy__fetch_read_body(f);
    }
    r->result = e;
    r->ended = true;
    return 0;
}

static void prepare_fetch(struct reading *r)
{
    struct gy__fetch *f = &r->f;
    r->client.loop = loop;
    r->peer.client = &r->client;
    gy__buf_init(&r->peer.out, SIZE_MAX / 2);
    f->arena = &r->arena;
    f->out = &r->out;
    f->client = &r->client;
    f->peer = &r->peer;
    f->until = INT64_MAX;
    f->verb = r->verb;
    f->o.max_body = r->habits & 4 ? 50 : BODY_MOST;
    f->o.max_head = r->habits & 8 ? 100 : HEAD_MOST;
    f->o.no_decompress = r->habits & 16;
    f->o.cookies = r->habits & 32 ? gy_cookie_jar_new() : NULL;
    int e = gy__url_parse(&r->arena, gy_str_of("http://fuzz.test/a"), &f->url);
    assert(!e);
}

static void turn(void)
{
    do {
        int e = gy_loop_turn(loop, 0);
        assert(!e);
    } while (gy_loop_timeout(loop) == 0);
}

/* False when the client takes no more. */
static bool give(const struct reading *r, struct gy__transport *t, const uint8_t *data, size_t len)
{
    while (len && !r->ended) {
        struct iovec one = {(void *)(uintptr_t)data, len};
        ssize_t n = t->ops->writev(t, &one, 1);
        assert(n > 0 || n == -EAGAIN);
        if (n > 0) {
            data += n;
            len -= (size_t)n;
        }
        turn();
    }
    return !r->ended;
}

static void run(struct reading *r, const uint8_t *data, size_t size, unsigned cut)
{
    struct gy__transport *ends[2];
    prepare_fetch(r);
    int e = gy__transport_memory_pair(loop, 0, ends);
    assert(!e);
    r->peer.stream = gy__stream_new(ends[1], gy_str_n(NULL, 0), NULL);
    assert(r->peer.stream);
    gy_task *task = gy_task_new(loop, read_answer, r, NULL);
    assert(task);
    turn();
    for (size_t at = 0, n; at < size; at += n) {
        n = cut ? 1 + (at * 7 + cut) % cut : size;
        n = n < size - at ? n : size - at;
        if (!give(r, ends[0], data + at, n))
            break;
    }
    ends[0]->ops->close(ends[0]);
    turn();
    e = gy_task_join(task);
    assert(!e && r->ended);
}

static void end(struct reading *r)
{
    gy_stream_close(r->peer.stream);
    gy__buf_done(&r->peer.out);
    gy__free(r->peer.in);
    gy_cookie_jar_free(r->f.o.cookies);
    gy_arena_done(&r->arena);
    free(r);
}

/* -- What must hold ------------------------------------------------------------------------------ */

static void check(const struct reading *r)
{
    const gy_response *out = &r->out;
    assert((r->result < 0) == (out->why[0] != '\0') && r->result <= 0);
    assert(out->body.len <= r->f.o.max_body);
    assert(out->status == 0 || (out->status >= 200 && out->status <= 999));
    assert(r->result < 0 || out->status);
    assert(!(r->habits & 2) || out->body.len == 0);
    if (!out->status)
        return;
    assert(gy__value_valid(out->reason));
    for (size_t i = 0; i < out->headers.count; i++) {
        assert(gy__token_valid(out->headers.items[i].name));
        assert(gy__value_valid(out->headers.items[i].value));
    }
    if (r->verb == GY_METHOD_HEAD || out->status == 204 || out->status == 304)
        assert(out->body.len == 0);
}

static void compare(const struct reading *a, const struct reading *b)
{
    /* Of two faults, that which is found first counts. */
    assert((a->result < 0) == (b->result < 0));
    assert(a->out.status == b->out.status && a->out.headers.count == b->out.headers.count);
    if (a->result == 0)
        assert(gy_str_eq(a->out.body, b->out.body) && a->f.last == b->f.last);
    for (size_t i = 0; i < a->out.headers.count; i++)
        assert(gy_str_eq(a->out.headers.items[i].value, b->out.headers.items[i].value));
}

static struct reading *read_as(const uint8_t *data, size_t size, unsigned cut)
{
    static const enum gy_method verbs[] = {GY_METHOD_GET, GY_METHOD_HEAD};
    struct reading *r = calloc(1, sizeof *r);
    if (!r)
        abort();
    r->habits = data[0];
    r->verb = verbs[data[0] & 1];
    run(r, data + 2, size - 2, cut);
    check(r);
    return r;
}

static void quiet(void *arg, enum gy_log_channel c, enum gy_log_level l, const char *text, size_t n)
{
    (void)arg, (void)c, (void)l, (void)text, (void)n;
}

/* Byte 0: habits of the client; byte 1: how the bytes are cut. */
static void play(const uint8_t *data, size_t size)
{
    struct reading *whole = read_as(data, size, 0);
    struct reading *cut = read_as(data, size, 1 + data[1] % 32);
    compare(whole, cut);
    end(whole);
    end(cut);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > 100000)
        return 0;
    if (!loop) {
        static const uint8_t first[] = "\0\0HTTP/1.1 204 No\r\n\r\n";
        atomic_store(&gy__alloc_counting, true);
        gy__clock_set(&clock_source);
        gy_log_set_sink(quiet, NULL);
        loop = gy_loop_new();
        assert(loop);
        play(first, sizeof first - 1); /* a loop keeps the stacks of its first task */
    }
    long live = gy__alloc_live();
    play(data, size);
    assert(gy__alloc_live() == live);
    return 0;
}
