/* SPDX-License-Identifier: MIT */
/* http_site.c - a server of exchanges with a handler for each thing that can happen. */
#include "support/http_site.h"

#include "http/exchange.h"

#include <gyre/error.h>
#include <gyre/task.h>
#include <stdlib.h>

static const gy_field text_type = {GY_STR("Content-Type"), GY_STR("text/plain")};

static int say(gy_exchange *x, int status, const char *text)
{
    return gy__exchange_respond(x, status, NULL, &text_type, 1, gy_str_of(text));
}

static int note(struct site *s, ssize_t code)
{
    if (code < 0)
        s->code = (int)code;
    return code < 0 ? (int)code : 0;
}

static int echo(gy_exchange *x, struct site *s)
{
    gy_str body;
    int e = gy__exchange_body(x, &body);
    note(s, e);
    if (e)
        return e < 0 ? e : say(x, e, "no body\n");
    return gy__exchange_respond(x, 200, NULL, &text_type, 1, body);
}

static int echo_pieces(gy_exchange *x, struct site *s)
{
    char all[4096];
    size_t len = 0;
    ssize_t n;
    while (len + 7 <= sizeof all && (n = gy_exchange_read(x, all + len, 7)) > 0)
        len += (size_t)n;
    if (note(s, n))
        return say(x, gy__exchange_body_status((int)n), "no body\n");
    return gy__exchange_respond(x, 200, NULL, &text_type, 1, gy_str_n(all, len));
}

static int stream(gy_exchange *x, struct site *s, long count, bool chunked)
{
    char piece[SITE_PIECE];
    memset(piece, 'p', sizeof piece);
    s->pieces = 0;
    int e = gy__exchange_begin(x, 200, NULL, &text_type, 1, chunked ? -1 : count * SITE_PIECE);
    while (!e && s->pieces < count) {
        e = gy_exchange_write(x, piece, sizeof piece);
        if (!e && s->pieces % 4 == 3)
            e = gy__exchange_flush(x);
        s->pieces += !e;
    }
    if (!e)
        e = gy_exchange_end(x, NULL);
    note(s, e);
    return e;
}

static int big(gy_exchange *x, struct site *s, long size)
{
    char *bytes = gy_alloc(&x->arena, (size_t)size);
    if (!bytes)
        return GY_ENOMEM;
    memset(bytes, 'b', (size_t)size);
    int e = gy__exchange_respond(x, 200, NULL, &text_type, 1, gy_str_n(bytes, (size_t)size));
    note(s, e);
    return e;
}

static int wrong(gy_exchange *x, struct site *s, bool longer)
{
    int e = gy_exchange_begin(x, 200, NULL, 10);
    if (!e)
        e = gy_exchange_write(x, "12345678901", longer ? 11 : 9);
    note(s, e);
    e = e ? e : gy_exchange_end(x, NULL);
    note(s, e);
    return e;
}

static int half(gy_exchange *x)
{
    (void)gy_exchange_begin(x, 200, NULL, -1);
    (void)gy_exchange_write(x, "half", 4);
    return -EIO;
}

static int trailers(gy_exchange *x)
{
    gy_str body;
    int e = gy__exchange_body(x, &body);
    if (e)
        return e < 0 ? e : say(x, e, "no body\n");
    e = gy_exchange_begin(x, 200, NULL, -1);
    if (!e)
        e = gy_exchange_write(x, body.ptr, body.len);
    return e ? e : gy_exchange_end(x, &x->trailers);
}

static int detach(gy_exchange *x, struct site *s, bool stay)
{
    gy_stream *stream = gy_exchange_detach(x);
    gy_str data;
    int e = stream ? 0 : GY_ENOMEM;
    while (!e && stay && (e = gy_stream_read(stream, 100, &data)) == 0)
        e = gy_stream_write_str(stream, data);
    if (stream && !stay)
        e = gy_stream_write(stream, "bye", 3);
    note(s, e);
    return e;
}

static int forever(struct site *s)
{
    int e = gy_sleep(1e9);
    note(s, e);
    return e;
}

static int sleep_then_say(gy_exchange *x, struct site *s, double seconds, const char *text)
{
    int e = gy_sleep(seconds);
    note(s, e);
    return e ? e : say(x, 200, text);
}

/* The number behind a prefix, or -1. */
static long number(gy_str target, const char *prefix)
{
    size_t n = strlen(prefix);
    if (target.len <= n || memcmp(target.ptr, prefix, n) != 0)
        return -1;
    return strtol(target.ptr + n, NULL, 10);
}

static int with_number(gy_exchange *x, struct site *s, gy_str target)
{
    long n;
    if ((n = number(target, "/sleep/")) >= 0)
        return sleep_then_say(x, s, (double)n, "slept\n");
    if ((n = number(target, "/stream/")) >= 0)
        return stream(x, s, n, true);
    if ((n = number(target, "/length/")) >= 0)
        return stream(x, s, n, false);
    if ((n = number(target, "/big/")) >= 0)
        return big(x, s, n);
    if ((n = number(target, "/status/")) >= 0)
        return say(x, (int)n, "body\n");
    return say(x, 404, "not found\n");
}

static int closing(gy_exchange *x)
{
    static const gy_field field = {GY_STR("Connection"), GY_STR("foo, Close")};
    return gy__exchange_respond(x, 200, NULL, &field, 1, gy_str_of("closing\n"));
}

static int dispatch(gy_exchange *x, struct site *s)
{
    gy_str target = gy_exchange_target(x);
    const char *path = target.ptr ? target.ptr : "";
    if (strcmp(path, "/") == 0)
        return say(x, 200, "hello\n");
    if (strcmp(path, "/echo") == 0)
        return echo(x, s);
    if (strcmp(path, "/pieces") == 0)
        return echo_pieces(x, s);
    if (strcmp(path, "/ignore") == 0)
        return say(x, 200, "ignored\n");
    if (strcmp(path, "/late") == 0)
        return sleep_then_say(x, s, 1, "late\n");
    if (strcmp(path, "/forever") == 0)
        return forever(s);
    if (strcmp(path, "/long") == 0 || strcmp(path, "/short") == 0)
        return wrong(x, s, path[1] == 'l');
    if (strcmp(path, "/half") == 0)
        return half(x);
    if (strcmp(path, "/nothing") == 0 || strcmp(path, "/broken") == 0)
        return path[1] == 'n' ? 0 : -EIO;
    if (strcmp(path, "/memory") == 0)
        return GY_ENOMEM;
    if (strcmp(path, "/trailers") == 0)
        return trailers(x);
    if (strcmp(path, "/detach") == 0 || strcmp(path, "/detached") == 0)
        return detach(x, s, path[7] == '\0');
    if (strcmp(path, "/close") == 0)
        return closing(x);
    return with_number(x, s, target);
}

static int handle(gy_exchange *x, void *arg)
{
    struct site *s = arg;
    s->began++;
    int e = dispatch(x, s);
    s->ended++;
    return e;
}

void site_begin(struct site *s, gy_test *t, const gy_http_opts *opts)
{
    *s = (struct site){.test = t};
    s->server = gy_http_server_new(gy_test_loop(t), opts, handle, s);
    GY_CHECK(s->server != NULL || gy_test_disturbed(t));
}

void site_close(struct site *s)
{
    gy_http_server_free(s->server);
    s->server = NULL;
}
