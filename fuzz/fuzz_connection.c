/* SPDX-License-Identifier: MIT */
/* fuzz_connection.c - any bytes, in any pieces, at any time, to a whole server on a loop in memory. */
#include "fuzz.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "http/exchange.h"
#include "net/stream.h"
#include "testing/test.h"

#include <assert.h>
#include <gyre/error.h>
#include <gyre/log.h>
#include <gyre/task.h>
#include <stdlib.h>

enum { REQUESTS_MOST = 512, OUT_MOST = 1 << 22, ANSWERS_MOST = 64 };

struct world {
    gy_loop *loop;
    int64_t now;
    /* Of this run. */
    uint32_t dice;
    struct gy__transport *client;
    enum gy_method verbs[REQUESTS_MOST];
    size_t requests, ended;
    bool detached, client_reads;
    char *out;
    size_t out_len;
    bool out_ended;
};

static struct world world;

static int64_t now_ns(void *arg)
{
    return ((struct world *)arg)->now;
}

static const struct gy__clock_source clock_source = {now_ns, now_ns, &world};

static uint32_t dice(struct world *w, uint32_t sides)
{
    w->dice = w->dice * 1664525 + 1013904223;
    return (w->dice >> 8) % sides;
}

/* -- The site ------------------------------------------------------------------------------------ */

static int echo(gy_exchange *x)
{
    gy_str body;
    int e = gy__exchange_body(x, &body);
    if (e > 0)
        return gy__exchange_respond(x, e, NULL, NULL, 0, gy_str_n("", 0));
    return e ? e : gy__exchange_respond(x, 200, NULL, NULL, 0, body);
}

static int pieces(gy_exchange *x)
{
    char buf[13];
    ssize_t n = 1;
    int e = gy_exchange_begin(x, 200, NULL, -1);
    while (!e && (n = gy_exchange_read(x, buf, sizeof buf)) > 0)
        e = gy_exchange_write(x, buf, (size_t)n);
    if (!e && n == 0)
        e = gy_exchange_end(x, &x->trailers);
    return e ? e : (int)n;
}

static int stream(gy_exchange *x)
{
    char piece[900] = {0};
    int e = gy_exchange_begin(x, 200, NULL, -1);
    for (int i = 0; i < 9 && !e; i++) {
        e = gy_exchange_write(x, piece, sizeof piece);
        if (!e && i % 4 == 0)
            e = gy__exchange_flush(x);
    }
    return e ? e : gy_exchange_end(x, NULL);
}

static int detach(gy_exchange *x)
{
    gy_stream *s = gy_exchange_detach(x);
    gy_str data;
    int e = s ? 0 : GY_ENOMEM;
    world.detached |= s != NULL;
    while (!e && (e = gy_stream_read(s, 10, &data)) == 0)
        e = gy_stream_write_str(s, data);
    return e;
}

static int answer(gy_exchange *x, gy_str target)
{
    static char big[20000];
    switch (target.len > 1 ? target.ptr[1] : 0) {
    case 'e':
        return echo(x);
    case 'p':
        return pieces(x);
    case 's':
        return stream(x);
    case 'd':
        return detach(x);
    case 'l':
        return gy_sleep(3) ? GY_ECANCELED : gy__exchange_respond(x, 200, NULL, NULL, 0, target);
    case 'b':
        return gy__exchange_respond(x, 200, NULL, NULL, 0, gy_str_n(big, sizeof big));
    case 'n':
        return 0;
    case 'x':
        return gy__exchange_respond(x, 204, NULL, NULL, 0, target);
    default:
        return gy__exchange_respond(x, 200, NULL, NULL, 0, target);
    }
}

static int handle(gy_exchange *x, void *arg)
{
    struct world *w = arg;
    if (w->requests < REQUESTS_MOST)
        w->verbs[w->requests] = x->head.verb;
    w->requests++;
    int e = answer(x, gy_exchange_target(x));
    w->ended++;
    return e;
}

/* -- The client ---------------------------------------------------------------------------------- */

static void receive(struct world *w)
{
    char buf[4096];
    ssize_t n = -1;
    while (w->client && w->client_reads &&
           (n = w->client->ops->read(w->client, buf, sizeof buf)) > 0)
        if (w->out_len + (size_t)n <= OUT_MOST) {
            memcpy(w->out + w->out_len, buf, (size_t)n);
            w->out_len += (size_t)n;
        }
    if (n == 0)
        w->out_ended = true;
}

static void run(struct world *w)
{
    for (int quiet = 0; quiet < 2;) {
        receive(w);
        assert(gy_loop_turn(w->loop, 0) == 0);
        quiet = gy_loop_timeout(w->loop) == 0 ? 0 : quiet + 1;
    }
}

/* False when the server takes no more. */
static bool give(struct world *w, const uint8_t *data, size_t len)
{
    while (len) {
        struct iovec one = {(void *)(uintptr_t)data, len};
        ssize_t n = w->client->ops->writev(w->client, &one, 1);
        if (n > 0) {
            data += n;
            len -= (size_t)n;
        } else if (n != -EAGAIN || !w->client_reads) {
            return false;
        } else {
            w->now += 1000000000;
        }
        run(w);
    }
    return true;
}

static void leave(struct world *w)
{
    if (w->client)
        w->client->ops->close(w->client);
    w->client = NULL;
}

/* All that came back must be whole answers, but for the last. */
static void check_answers(const struct world *w)
{
    gy_str rest = gy_str_n(w->out, w->out_len);
    for (size_t i = 0, asked = 0; rest.len && !w->detached && i < ANSWERS_MOST; i++) {
        gy_arena a = {0};
        gy_test_response res;
        const char *why;
        enum gy_method verb =
            asked < w->requests && asked < REQUESTS_MOST ? w->verbs[asked] : GY_METHOD_GET;
        long n = gy__test_answer_parse(&a, rest, verb, w->out_ended, &res, &why);
        assert(n >= 0);
        if (n > 0 && res.status != 100)
            asked++;
        gy_arena_done(&a);
        if (n == 0)
            return;
        rest.ptr += n;
        rest.len -= (size_t)n;
    }
}

static void quiet(void *arg, enum gy_log_channel c, enum gy_log_level l, const char *text, size_t n)
{
    (void)arg, (void)c, (void)l, (void)text, (void)n;
}

static void prepare(struct world *w)
{
    if (!w->loop) {
        atomic_store(&gy__alloc_counting, true);
        gy__clock_set(&clock_source);
        gy_log_set_sink(quiet, NULL);
        w->loop = gy_loop_new();
        w->out = malloc(OUT_MOST);
    }
    assert(w->loop && w->out);
    w->now = 1000 * (int64_t)1000000000;
    w->requests = w->ended = w->out_len = 0;
    w->detached = w->out_ended = false;
    w->client_reads = true;
}

/* Bytes 0 to 3: habits of server and client, and the dice. */
static void play(struct world *w, const uint8_t *data, size_t size)
{
    uint8_t habits = data[0];
    gy_http_opts opts = {.max_body = habits & 1 ? 50 : 0,
                         .max_head = habits & 2 ? 200 : 0,
                         .max_fields = habits & 2 ? 5 : 0,
                         .drain = habits & 4 ? 20 : 0,
                         .allow_bare_lf = habits & 8,
                         .body_stall = 5,
                         .write_timeout = 7};
    gy_http_server *s = gy_http_server_new(w->loop, &opts, handle, w);
    struct gy__transport *ends[2];
    w->dice = (uint32_t)data[1] | (uint32_t)data[2] << 8 | (uint32_t)data[3] << 16;
    assert(s && gy__transport_memory_pair(w->loop, habits & 16 ? 300 : 0, ends) == 0);
    gy_stream *stream_end = gy__stream_new(ends[1], gy_str_n(NULL, 0), NULL);
    w->client = ends[0];
    assert(stream_end && gy_http_server_serve(s, stream_end) == 0);
    for (size_t at = 4; at < size;) {
        size_t n = 1 + dice(w, habits & 32 ? 9 : 2000);
        n = n < size - at ? n : size - at;
        w->client_reads = !(habits & 64) || dice(w, 3);
        if (!give(w, data + at, n))
            break;
        at += n;
        if (dice(w, 20) == 0)
            w->now += (int64_t)dice(w, 8000) * 1000000;
        run(w);
    }
    if (habits & 128)
        leave(w);
    else
        w->client->ops->shutdown(w->client);
    w->client_reads = true;
    run(w);
    for (int i = 0; i < 20; i++) {
        w->now += 4000000000;
        run(w);
    }
    assert(w->requests == w->ended);
    gy_http_stats stats;
    gy_http_server_stats(s, &stats);
    assert(stats.open == 0 && stats.active == 0);
    leave(w);
    gy_http_server_free(s);
    check_answers(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 4 || size > 100000)
        return 0;
    static bool warm;
    if (!warm) { /* a loop keeps the stacks of its first task */
        static const uint8_t first[] = "\0\0\0\0GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        prepare(&world);
        play(&world, first, sizeof first - 1);
        warm = true;
    }
    prepare(&world);
    long live = gy__alloc_live();
    play(&world, data, size);
    assert(gy__alloc_live() == live);
    return 0;
}
