/* SPDX-License-Identifier: MIT */
/* test_parse.c - all variants of the parser agree, with each other and with their own prefixes. */
#include "http/parse.h"
#include "http/parse_variants.h"
#include "http/target.h"
#include "support/sweep.h"
#include <gyre/error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIELDS = 24, ROUNDS = 60000, LONGEST = 400 };

static const struct gy__limits_head plenty = {65536, 8192, FIELDS, false};

struct outcome {
    long n;
    const char *reason;
    struct gy__head head;
    gy_field fields[FIELDS];
    char data[LONGEST + GY__PARSE_PADDING];
};

static uint64_t seed = 88172645463325252u;

static size_t below(size_t limit)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (size_t)(seed % limit);
}

static void run(gy__parse_fn *parse, const struct gy__limits_head *lim, const char *text,
                size_t len, struct outcome *o)
{
    memset(o, 0, sizeof *o);
    memset(o->data + len, (int)below(256), GY__PARSE_PADDING);
    memcpy(o->data, text, len);
    o->n = parse(o->data, len, lim, o->fields, &o->head, &o->reason);
}

static void same_view(const struct outcome *a, gy_str x, const struct outcome *b, gy_str y)
{
    assert_int_equal(x.len, y.len);
    assert_true(!x.ptr == !y.ptr);
    if (x.ptr) {
        assert_memory_equal(x.ptr, y.ptr, x.len + 1);
    }
    bool inside = x.ptr >= a->data && x.ptr < a->data + sizeof a->data;
    if (inside) {
        assert_int_equal(x.ptr - a->data, y.ptr - b->data);
    }
}

static void same(const struct outcome *a, const struct outcome *b)
{
    assert_int_equal(a->n, b->n);
    assert_string_equal(a->reason ? a->reason : "", b->reason ? b->reason : "");
    assert_true((a->n < 0) == (a->reason != NULL));
    if (a->n <= 0) {
        return;
    }
    const struct gy__head *x = &a->head, *y = &b->head;
    same_view(a, x->method, b, y->method);
    same_view(a, x->path, b, y->path);
    same_view(a, x->query, b, y->query);
    same_view(a, x->scheme, b, y->scheme);
    same_view(a, x->authority, b, y->authority);
    same_view(a, x->host, b, y->host);
    same_view(a, x->reason, b, y->reason);
    assert_int_equal(x->field_count, y->field_count);
    for (size_t i = 0; i < x->field_count; i++) {
        same_view(a, a->fields[i].name, b, b->fields[i].name);
        same_view(a, a->fields[i].value, b, b->fields[i].value);
    }
    assert_int_equal(x->verb, y->verb);
    assert_int_equal(x->status, y->status);
    assert_int_equal(x->minor, y->minor);
    assert_int_equal(x->escaped, y->escaped);
    assert_int_equal(x->keep_alive, y->keep_alive);
    assert_int_equal(x->chunked, y->chunked);
    assert_int_equal(x->has_length, y->has_length);
    assert_int_equal(x->expect_continue, y->expect_continue);
    assert_int_equal(x->upgrade, y->upgrade);
    assert_true(x->length == y->length);
}

static const char *const pieces[] = {
    "GET / HTTP/1.1\r\nHost: a\r\n",
    "POST /a?b HTTP/1.0\r\n",
    "HTTP/1.1 200 OK\r\n",
    "HTTP/1.0 404\r\n",
    "OPTIONS * HTTP/1.1\r\nhost:b:80\r\n",
    "GET http://h:1/%70?q HTTP/1.1\r\nHost: x\r\n",
    "Content-Length: 5\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Connection: close, upgrade\r\n",
    "Upgrade: x\r\n",
    "Expect: 100-continue\r\n",
    "X: \t y \t\r\n",
    "Accept: text/html;q=0.9,application/xhtml+xml,*/*;q=0.8\r\n",
    "\r\n",
    "\r\n\r\n",
    "\n",
    "\r",
    " ",
    "\t",
    ":",
    "A",
    "a-very-long-field-name-of-more-than-thirty-two-bytes",
    "%41",
    "?",
    "#",
    "\x7f",
    "\x80",
    "\xff",
    "\x1f",
    "\x01",
};

static size_t random_text(char *text)
{
    size_t len = 0;
    bool start = below(8) > 0;
    for (size_t n = 1 + below(10); n > 0; n--) {
        const char *piece = pieces[start ? below(6) : below(sizeof pieces / sizeof pieces[0])];
        start = false;
        size_t size = strlen(piece);
        if (len + size < LONGEST) {
            memcpy(text + len, piece, size);
            len += size;
        }
    }
    if (below(2)) {
        memcpy(text + len - (len > 2 ? 2 : 0), "\r\n", 2);
        len += len > 2 ? 0 : 2;
        memcpy(text + len, "\r\n", 2);
        len += 2;
    }
    for (size_t flips = below(4) ? 0 : 1 + below(3); flips > 0; flips--) {
        text[below(len)] = (char)below(256);
    }
    return len;
}

static void compare_all(const struct gy__limits_head *lim, const char *text, size_t len)
{
    static struct outcome plain, other;
    run(gy__parse_request_plain, lim, text, len, &plain);
    run(gy__parse_request, lim, text, len, &other);
    same(&plain, &other);
#if defined(__x86_64__)
    if (gy__parse_level() >= GY__PARSE_SSE42) {
        run(gy__parse_request_sse42, lim, text, len, &other);
        same(&plain, &other);
        run(gy__parse_response_plain, lim, text, len, &plain);
        run(gy__parse_response_sse42, lim, text, len, &other);
        same(&plain, &other);
    }
    if (gy__parse_level() >= GY__PARSE_AVX2) {
        run(gy__parse_response_avx2, lim, text, len, &other);
        same(&plain, &other);
        run(gy__parse_request_plain, lim, text, len, &plain);
        run(gy__parse_request_avx2, lim, text, len, &other);
        same(&plain, &other);
    }
#endif
}

static void test_variants_agree(void **state)
{
    (void)state;
    static char text[LONGEST + 8];
    size_t accepted = 0;
    for (int i = 0; i < ROUNDS; i++) {
        struct gy__limits_head lim = plenty;
        if (below(4) == 0) {
            lim = (struct gy__limits_head){below(200), below(40), below(6), below(2)};
        }
        size_t len = random_text(text);
        compare_all(&lim, text, len);
        static struct outcome o;
        run(gy__parse_request, &lim, text, len, &o);
        accepted += o.n > 0;
    }
    /* The texts are not all nonsense. */
    assert_in_range(accepted, ROUNDS / 20, ROUNDS);
}

/* 72 bytes, in which [c] is the odd one, as a host with a port. */
static void hosts_are_authorities(const char *name, unsigned c)
{
    static struct outcome o;
    char text[LONGEST];
    int start = snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: ");
    memcpy(text + start, name, 72);
    int end = start + 72 + snprintf(text + start + 72, 64, ":80");
    gy_str host = gy_str_n(text + start, (size_t)(end - start));
    memcpy(text + end, "\r\n\r\n", 4);
    compare_all(&plenty, text, (size_t)end + 4);
    run(gy__parse_request, &plenty, text, (size_t)end + 4, &o);
    if (c > ' ') {
        assert_int_equal(o.n > 0, gy__authority_valid(host, false));
    }
}

/* Each byte value at each distance from the start of a run, around the widths of the vectors. */
static void test_every_byte_everywhere(void **state)
{
    (void)state;
    for (size_t at = 0; at < 70; at++) {
        for (unsigned c = 0; c < 256; c++) {
            char run_[80], text[LONGEST];
            memset(run_, 'a', sizeof run_);
            run_[at] = (char)c;
            int len = snprintf(text, sizeof text, "GET /");
            memcpy(text + len, run_, 72);
            len += 72;
            len += snprintf(text + len, 64, " HTTP/1.1\r\nHost: a\r\n\r\n");
            compare_all(&plenty, text, (size_t)len);
            len = snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: a\r\n");
            memcpy(text + len, run_, 72);
            memcpy(text + len + 72, ": ", 2);
            memcpy(text + len + 74, run_, 72);
            memcpy(text + len + 146, "\r\n\r\n", 4);
            compare_all(&plenty, text, (size_t)len + 150);
            text[len] = 'A';
            text[len + 1] = ':';
            compare_all(&plenty, text, (size_t)len + 150);
            hosts_are_authorities(run_, c);
        }
    }
}

/* P1, and that a refusal or an incomplete head leaves the bytes alone (P2). */
static void test_prefixes(void **state)
{
    (void)state;
    static char text[LONGEST + 8];
    static struct outcome whole, part;
    for (int i = 0; i < ROUNDS / 20; i++) {
        struct gy__limits_head lim = plenty;
        if (below(3) == 0) {
            lim = (struct gy__limits_head){below(200), below(40), below(6), below(2)};
        }
        size_t len = random_text(text);
        run(gy__parse_request, &lim, text, len, &whole);
        bool decided = false;
        for (size_t n = 0; n <= len; n++) {
            run(gy__parse_request, &lim, text, n, &part);
            if (part.n <= 0) {
                assert_memory_equal(part.data, text, n);
            }
            if (part.n != 0 || decided) {
                assert_int_equal(part.n, whole.n);
                assert_ptr_equal(part.reason, whole.reason);
                decided = true;
            }
        }
    }
}

static void test_target_is_put_together(void **state)
{
    (void)state;
    static const char *const targets[][2] = {
        {"/", "/"},
        {"/a?b", "/a?b"},
        {"/?", "/?"},
        {"http://b/x?y", "http://b/x?y"},
        {"HTTPS://b", "https://b/"},
    };
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        static struct outcome o;
        char text[LONGEST];
        int n = snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", targets[i][0]);
        run(gy__parse_request, &plenty, text, (size_t)n, &o);
        assert_int_equal(o.n, n);
        gy_arena a = {0};
        gy_str target = gy__head_target(&a, &o.head);
        assert_string_equal(target.ptr, targets[i][1]);
        assert_int_equal(target.len, strlen(targets[i][1]));
        gy_arena_done(&a);
    }
}

static int put_target_together(void *arg)
{
    (void)arg;
    static struct outcome o;
    const char *text = "GET /a?b HTTP/1.1\r\nHost: a\r\n\r\n";
    run(gy__parse_request, &plenty, text, strlen(text), &o);
    gy_arena a = {0};
    int e = gy__head_target(&a, &o.head).ptr ? 0 : GY_ENOMEM;
    gy_arena_done(&a);
    return e;
}

static void test_target_without_memory(void **state)
{
    (void)state;
    sweep_allocations(put_target_together, NULL);
}

/* A head of n bytes that comes byte by byte is parsed a few times, not n times. */
static void test_reader_is_not_quadratic(void **state)
{
    (void)state;
    static char text[40000];
    memset(text, 'a', sizeof text);
    struct gy__head_reader r = {0, 0};
    size_t parses = 0, parsed = 0;
    for (size_t n = 1; n <= sizeof text; n++) {
        if (gy__head_ready(&r, text, n)) {
            parses++;
            parsed += n;
        }
    }
    assert_in_range(parses, 10, 17);
    assert_in_range(parsed, 1, 2 * sizeof text);
}

static void test_end_of_head_is_found_in_pieces(void **state)
{
    (void)state;
    static const char text[] = "A\r\nB\r\n\r\nC\n\nD";
    size_t first[16], second[16];
    for (size_t n = 0; n < sizeof text; n++) {
        first[n] = gy__head_scan(text, 0, n);
        second[n] = gy__head_scan(text, n, sizeof text - 1);
    }
    assert_int_equal(first[7], 0);
    assert_int_equal(first[8], 8);
    assert_int_equal(first[12], 8);
    assert_int_equal(second[7], 8);
    assert_int_equal(second[9], 11);
    assert_int_equal(second[10], 11);
    assert_int_equal(second[12], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_variants_agree),
        cmocka_unit_test(test_every_byte_everywhere),
        cmocka_unit_test(test_prefixes),
        cmocka_unit_test(test_target_is_put_together),
        cmocka_unit_test(test_target_without_memory),
        cmocka_unit_test(test_reader_is_not_quadratic),
        cmocka_unit_test(test_end_of_head_is_found_in_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
