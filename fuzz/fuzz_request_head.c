/* SPDX-License-Identifier: MIT */
/* fuzz_request_head.c - heads of requests and responses: all variants agree, what a prefix is
 * answered with the whole is too, and views stay inside the data. The first byte sets limits. */
#include "fuzz.h"
#include "http/framing.h"
#include "http/parse_variants.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { FIELDS = 100 };

struct outcome {
    long n;
    const char *reason;
    struct gy__head head;
    gy_field fields[FIELDS];
    char *data;
    size_t len;
};

static void run(gy__parse_fn *parse, const struct gy__limits_head *lim, const uint8_t *data,
                size_t len, struct outcome *o)
{
    memset(o, 0, sizeof *o);
    o->len = len;
    o->data = malloc(len + GY__PARSE_PADDING);
    if (!o->data)
        abort();
    memcpy(o->data, data, len);
    memset(o->data + len, len & 1 ? '\n' : 'a', GY__PARSE_PADDING);
    o->n = parse(o->data, len, lim, o->fields, &o->head, &o->reason);
    assert(o->n <= (long)len && (o->n < 0) == (o->reason != NULL));
    if (o->n <= 0)
        assert(memcmp(o->data, data, len) == 0);
}

/* Where the view lies: its offset in the data, or -1 for a text of the parser's own. */
static long place(const struct outcome *o, gy_str s)
{
    if (!s.ptr)
        return -2;
    assert(s.ptr[s.len] == '\0');
    if (s.ptr < o->data || s.ptr > o->data + o->len)
        return -1;
    assert((long)s.len < o->n && s.ptr + s.len < o->data + o->n);
    return s.ptr - o->data;
}

static void same_view(const struct outcome *a, gy_str x, const struct outcome *b, gy_str y)
{
    assert(x.len == y.len && place(a, x) == place(b, y));
    assert(x.len == 0 || memcmp(x.ptr, y.ptr, x.len) == 0);
}

static void same_head(const struct outcome *a, const struct outcome *b)
{
    const struct gy__head *x = &a->head, *y = &b->head;
    same_view(a, x->method, b, y->method);
    same_view(a, x->path, b, y->path);
    same_view(a, x->query, b, y->query);
    same_view(a, x->scheme, b, y->scheme);
    same_view(a, x->authority, b, y->authority);
    same_view(a, x->host, b, y->host);
    same_view(a, x->reason, b, y->reason);
    assert(x->field_count == y->field_count && x->field_count <= FIELDS);
    for (size_t i = 0; i < x->field_count; i++) {
        same_view(a, a->fields[i].name, b, b->fields[i].name);
        same_view(a, a->fields[i].value, b, b->fields[i].value);
    }
    assert(x->verb == y->verb && x->status == y->status && x->minor == y->minor);
    assert(x->escaped == y->escaped && x->upgrade == y->upgrade && x->length == y->length);
    assert(x->keep_alive == y->keep_alive && x->chunked == y->chunked);
    assert(x->has_length == y->has_length && x->expect_continue == y->expect_continue);
}

static void same(const struct outcome *a, const struct outcome *b)
{
    assert(a->n == b->n);
    if (a->n < 0)
        assert(strcmp(a->reason, b->reason) == 0);
    if (a->n > 0)
        same_head(a, b);
}

/* [parse] begins with the plain one; those that this machine lacks are not called. */
static void variants(gy__parse_fn *const *parse, size_t count, const struct gy__limits_head *lim,
                     const uint8_t *data, size_t size)
{
    struct outcome plain, other;
    size_t best = (size_t)gy__parse_level() - GY__PARSE_PLAIN;
    assert(best < count);
    run(parse[0], lim, data, size, &plain);
    for (size_t i = 1; i < count && i <= best; i++) {
        run(parse[i], lim, data, size, &other);
        same(&plain, &other);
        free(other.data);
    }
    /* A body is one thing or the other. */
    assert(plain.n <= 0 || !(plain.head.chunked && plain.head.has_length));
    size_t step = size / 64 + 1;
    for (size_t n = 0; n < size; n += step) {
        run(parse[best], lim, data, n, &other);
        if (other.n != 0)
            assert(other.n == plain.n);
        if (other.n < 0)
            assert(strcmp(other.reason, plain.reason) == 0);
        free(other.data);
    }
    free(plain.data);
}

#if defined(__x86_64__)
static gy__parse_fn *const request[] = {gy__parse_request_plain, gy__parse_request_sse42,
                                        gy__parse_request_avx2};
static gy__parse_fn *const response[] = {gy__parse_response_plain, gy__parse_response_sse42,
                                         gy__parse_response_avx2};
#else
static gy__parse_fn *const request[] = {gy__parse_request_plain};
static gy__parse_fn *const response[] = {gy__parse_response_plain};
#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    unsigned limits = *data++;
    size--;
    struct gy__limits_head lim = {65536, 8192, FIELDS, limits & 1};
    if (limits & 2)
        lim = (struct gy__limits_head){16 * (limits >> 2), 2 * (limits >> 2), limits >> 4,
                                       limits & 1};
    variants(request, sizeof request / sizeof request[0], &lim, data, size);
    variants(response, sizeof response / sizeof response[0], &lim, data, size);
    return 0;
}
