/* SPDX-License-Identifier: MIT */
/* fuzz_chunked.c - the chunked coding: however the bytes are cut, the same body, trailers and end
 * come out. The first byte says how they are cut. */
#include "fuzz.h"
#include "http/chunked.h"
#include "http/message.h"

#include <assert.h>
#include <gyre/error.h>
#include <stdlib.h>
#include <string.h>

struct outcome {
    int result;
    size_t used, body_len;
    uint8_t *body;
    const char *reason;
    gy_arena arena;
    gy_headers trailers;
};

/* Feed one piece. Gives false when the message has ended, well or not. */
static bool feed(struct gy__chunked *c, struct outcome *o, const char *piece, size_t len)
{
    size_t at = 0;
    while (at < len) {
        gy_str data = {NULL, 0};
        size_t used = 0;
        o->result = gy__chunked_step(c, piece + at, len - at, &used, &data);
        assert(used > 0 && used <= len - at);
        at += used;
        o->used += used;
        if (o->result == GY__CHUNKED_DATA) {
            assert(data.len > 0 && data.ptr + data.len == piece + at);
            memcpy(o->body + o->body_len, data.ptr, data.len);
            o->body_len += data.len;
        } else if (o->result == GY__CHUNKED_MORE) {
            assert(at == len);
        } else {
            return false;
        }
    }
    return true;
}

static void run(struct outcome *o, const uint8_t *data, size_t size, unsigned cut)
{
    struct gy__chunked c;
    memset(o, 0, sizeof *o);
    o->trailers.arena = &o->arena;
    o->body = malloc(size + 1);
    if (!o->body)
        abort();
    gy__chunked_init(&c, &o->trailers, 0);
    for (size_t at = 0, n; at < size; at += n) {
        n = cut ? 1 + (at * 7 + cut) % cut : size;
        n = n < size - at ? n : size - at;
        /* A copy of its own size: reading behind it is seen. */
        char *piece = malloc(n);
        if (!piece)
            abort();
        memcpy(piece, data + at, n);
        bool on = feed(&c, o, piece, n);
        free(piece);
        if (!on)
            break;
    }
    o->reason = c.reason;
}

static void end(struct outcome *o)
{
    gy_arena_done(&o->arena);
    free(o->body);
}

/* What was decoded is encoded again, and decoded to the same. */
static void there_and_back(const struct outcome *o)
{
    size_t room = o->body_len + GY__CHUNK_HEAD_MAX + 8 + gy__headers_size(&o->trailers);
    char *text = malloc(room), *at = text;
    if (!text)
        abort();
    if (o->body_len) {
        at = gy__put_chunk_head(at, o->body_len);
        at = gy__put(at, (const char *)o->body, o->body_len);
        at = gy__put_lit(at, "\r\n");
    }
    at = gy__put_lit(at, "0\r\n");
    at = gy__put_headers(at, &o->trailers);
    at = gy__put_lit(at, "\r\n");
    assert((size_t)(at - text) <= room);
    struct outcome again;
    run(&again, (const uint8_t *)text, (size_t)(at - text), 0);
    assert(again.result == GY__CHUNKED_END || again.result == -431);
    if (again.result == GY__CHUNKED_END)
        assert(again.body_len == o->body_len && again.trailers.count == o->trailers.count);
    end(&again);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    unsigned cut = 1 + *data++ % 32;
    size--;
    struct outcome whole, cut_up;
    run(&whole, data, size, 0);
    run(&cut_up, data, size, cut);
    /* The last call may have brought data before the bytes ended. */
    bool open = whole.result == GY__CHUNKED_MORE || whole.result == GY__CHUNKED_DATA;
    assert(open == (cut_up.result == GY__CHUNKED_MORE || cut_up.result == GY__CHUNKED_DATA));
    assert(open || whole.result == cut_up.result);
    assert(whole.used == cut_up.used && whole.body_len == cut_up.body_len);
    assert(memcmp(whole.body, cut_up.body, whole.body_len) == 0);
    assert((whole.result < 0) == (whole.reason != NULL) && whole.reason == cut_up.reason);
    assert(whole.trailers.count == cut_up.trailers.count);
    for (size_t i = 0; i < whole.trailers.count; i++) {
        const gy_field *a = &whole.trailers.items[i], *b = &cut_up.trailers.items[i];
        assert(gy_str_eq(a->name, b->name) && gy_str_eq(a->value, b->value));
        assert(gy__token_valid(a->name) && gy__value_valid(a->value));
    }
    if (whole.result == GY__CHUNKED_END)
        there_and_back(&whole);
    end(&whole);
    end(&cut_up);
    return 0;
}
