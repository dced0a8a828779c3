/* SPDX-License-Identifier: MIT */
/* Content codings. */
#include "codec/coding.h"

#include "base/buf.h"
#include "support/sweep.h"

#include <stdlib.h>

static const enum gy__coding all[] = {GY__CODING_GZIP, GY__CODING_DEFLATE, GY__CODING_BR,
                                      GY__CODING_ZSTD};
enum { ALL = 4 };

static bool is_built(enum gy__coding coding)
{
    enum gy__coding found;
    return gy__coding_find(gy_str_of(gy__coding_name(coding)), &found) == 0;
}

/* A text that compresses about as texts do. */
static char *make_text(size_t len)
{
    char *text = malloc(len + 1);
    unsigned seed = 7;
    assert_non_null(text);
    for (size_t i = 0; i < len; i++) {
        seed = seed * 1103515245 + 12345;
        text[i] = i > 100 && seed >> 28 ? text[i - 1 - (seed >> 16) % 3 * 32] : (char)(seed >> 20);
    }
    text[len] = '\0';
    return text;
}

/* Encoded in pieces of [piece] bytes, out through a buffer of [room]. */
static int encode(enum gy__coding coding, gy_str text, size_t piece, size_t room,
                  struct gy__buf *out)
{
    char some[4096];
    struct gy__encoder *e = gy__encoder_new(coding, 0);
    ssize_t n = e ? 0 : GY_ENOMEM;
    while (e && n == 0) {
        gy_str in = gy_str_n(text.ptr, text.len < piece ? text.len : piece);
        text = gy_str_n(text.ptr + in.len, text.len - in.len);
        enum gy__flush flush = text.len ? GY__FLUSH_NONE : GY__FLUSH_END;
        while ((n = gy__encode(e, &in, flush, some, room)) > 0) {
            if (gy__buf_add(out, some, (size_t)n))
                n = GY_ENOMEM;
            if (n < 0)
                break;
        }
        if (flush == GY__FLUSH_END)
            break;
    }
    gy__encoder_free(e);
    return (int)n;
}

static int decode(const char *encoding, gy_str bytes, size_t max, size_t piece, size_t room,
                  struct gy__buf *out)
{
    char some[4096];
    struct gy__decoder *d;
    int e = gy__decoder_new(gy_str_of(encoding), max, &d);
    if (e)
        return e;
    ssize_t n = 0;
    while (bytes.len && n == 0) {
        gy_str in = gy_str_n(bytes.ptr, bytes.len < piece ? bytes.len : piece);
        bytes = gy_str_n(bytes.ptr + in.len, bytes.len - in.len);
        while ((n = gy__decode(d, &in, some, room)) > 0) {
            if (gy__buf_add(out, some, (size_t)n)) {
                n = GY_ENOMEM;
                break;
            }
        }
        if (n == 0)
            assert_int_equal(in.len, 0);
    }
    e = n < 0 ? (int)n : gy__decoder_finish(d);
    gy__decoder_free(d);
    return e;
}

static void there_and_back(void **state)
{
    (void)state;
    static const size_t lengths[] = {0, 1, 1000, 100000};
    static const size_t pieces[] = {1, 7, 4096, 1000000};
    char *text = make_text(100000);
    for (int c = 0; c < ALL; c++) {
        for (size_t i = 0; is_built(all[c]) && i < 16; i++) {
            struct gy__buf packed, seen;
            size_t len = lengths[i / 4], piece = pieces[i % 4], room = i % 3 ? 4096 : 3;
            gy__buf_init(&packed, 10000000);
            gy__buf_init(&seen, 10000000);
            assert_int_equal(encode(all[c], gy_str_n(text, len), piece, room, &packed), 0);
            assert_int_equal(
                decode(gy__coding_name(all[c]), gy__buf_str(&packed), len, piece, room, &seen), 0);
            assert_int_equal(seen.len, len);
            assert_true(gy_str_eq(gy__buf_str(&seen), gy_str_n(text, len)));
            if (len == 100000)
                assert_true(packed.len < 90000);
            gy__buf_done(&packed);
            gy__buf_done(&seen);
        }
    }
    free(text);
}

static void what_was_made_elsewhere(void **state)
{
    (void)state;
    /* "hello\n" by gzip, zlib, zlib without a head, brotli and zstd. */
    static const struct {
        const char *name, *bytes;
        size_t len;
    } made[] = {
        {"gzip",
         "\x1f\x8b\x08\0\0\0\0\0\0\x03\xcb\x48\xcd\xc9\xc9\xe7\x02\0\x20\x30\x3a\x36\x06\0\0\0",
         26},
        {"x-gzip",
         "\x1f\x8b\x08\0\0\0\0\0\0\x03\xcb\x48\xcd\xc9\xc9\xe7\x02\0\x20\x30\x3a\x36\x06\0\0\0",
         26},
        {"deflate", "\x78\x9c\xcb\x48\xcd\xc9\xc9\xe7\x02\0\x08\x4b\x02\x1f", 14},
        {"DEFLATE", "\xcb\x48\xcd\xc9\xc9\xe7\x02\0", 8},
        {"br", "\x8b\x02\x80hello\n\x03", 10},
        {"zstd", "\x28\xb5\x2f\xfd\x20\x06\x31\0\0hello\n", 15},
    };
    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++) {
        enum gy__coding c;
        if (gy__coding_find(gy_str_of(made[i].name), &c))
            continue;
        for (size_t cut = 0; cut <= made[i].len; cut++) {
            struct gy__buf seen;
            gy__buf_init(&seen, 100);
            int e = decode(made[i].name, gy_str_n(made[i].bytes, cut), 100, 1, 1, &seen);
            assert_int_equal(e, cut == 0 || cut == made[i].len ? 0 : GY_ECODING);
            if (cut == made[i].len)
                assert_string_equal(seen.data, "hello\n");
            gy__buf_done(&seen);
        }
    }
}

static void what_stands_behind_the_end(void **state)
{
    (void)state;
    for (int c = 0; c < ALL; c++) {
        struct gy__buf packed, seen;
        bool again = all[c] == GY__CODING_GZIP || all[c] == GY__CODING_ZSTD;
        if (!is_built(all[c]))
            continue;
        gy__buf_init(&packed, 1000);
        gy__buf_init(&seen, 1000);
        const char *name = gy__coding_name(all[c]);
        assert_int_equal(encode(all[c], gy_str_of("one"), 100, 100, &packed), 0);
        size_t len = packed.len;
        assert_int_equal(encode(all[c], gy_str_of("two"), 100, 100, &packed), 0);
        assert_int_equal(decode(name, gy__buf_str(&packed), 100, 1000, 100, &seen),
                         again ? 0 : GY_ECODING);
        if (again)
            assert_string_equal(seen.data, "onetwo");
        gy__buf_cut(&packed, len);
        assert_int_equal(gy__buf_add(&packed, "x", 1), 0);
        assert_int_equal(decode(name, gy__buf_str(&packed), 100, 1000, 100, &seen), GY_ECODING);
        gy__buf_done(&packed);
        gy__buf_done(&seen);
    }
}

static void flushed_is_there(void **state)
{
    (void)state;
    for (int c = 0; c < ALL; c++) {
        char packed[1000], seen[100];
        if (!is_built(all[c]))
            continue;
        struct gy__encoder *e = gy__encoder_new(all[c], 1);
        struct gy__decoder *d;
        assert_int_equal(gy__decoder_new(gy_str_of(gy__coding_name(all[c])), 1000, &d), 0);
        for (int i = 0; i < 3; i++) {
            gy_str in = gy_str_of("hello");
            ssize_t n = gy__encode(e, &in, GY__FLUSH_ALL, packed, sizeof packed);
            assert_true(n > 0);
            assert_int_equal(in.len, 0);
            assert_int_equal(gy__encode(e, &in, GY__FLUSH_ALL, packed, 0), 0);
            gy_str bytes = gy_str_n(packed, (size_t)n);
            assert_int_equal(gy__decode(d, &bytes, seen, sizeof seen), 5);
            assert_memory_equal(seen, "hello", 5);
            assert_int_equal(gy__encode(e, &in, GY__FLUSH_ALL, packed, sizeof packed), 0);
        }
        assert_int_equal(gy__decoder_finish(d), GY_ECODING);
        gy_str none = gy_str_of("");
        ssize_t n = gy__encode(e, &none, GY__FLUSH_END, packed, sizeof packed);
        assert_true(n > 0);
        assert_int_equal(gy__encode(e, &none, GY__FLUSH_END, packed + n, 100), 0);
        gy_str bytes = gy_str_n(packed, (size_t)n);
        assert_int_equal(gy__decode(d, &bytes, seen, sizeof seen), 0);
        assert_int_equal(gy__decoder_finish(d), 0);
        gy__decoder_free(d);
        gy__encoder_free(e);
    }
}

/* A bomb costs no more than the room for its limit. */
static void too_much(void **state)
{
    (void)state;
    enum { LEN = 10000000 };
    char *zeros = calloc(1, LEN);
    assert_non_null(zeros);
    for (int c = 0; c < ALL; c++) {
        struct gy__buf packed, seen;
        if (!is_built(all[c]))
            continue;
        const char *name = gy__coding_name(all[c]);
        gy__buf_init(&packed, LEN);
        gy__buf_init(&seen, LEN);
        assert_int_equal(encode(all[c], gy_str_n(zeros, LEN), LEN, 4096, &packed), 0);
        assert_true(packed.len < LEN / 500);
        assert_int_equal(decode(name, gy__buf_str(&packed), 5000, LEN, 4096, &seen), GY_ETOOBIG);
        assert_true(seen.len <= 5000);
        gy__buf_done(&seen);
        assert_int_equal(decode(name, gy__buf_str(&packed), LEN - 1, LEN, 4096, &seen), GY_ETOOBIG);
        gy__buf_done(&seen);
        assert_int_equal(decode(name, gy__buf_str(&packed), LEN, LEN, 4096, &seen), 0);
        assert_int_equal(seen.len, LEN);
        gy__buf_done(&packed);
        gy__buf_done(&seen);
    }
    free(zeros);
}

/* Codings within codings may expand to much that says nothing: members of gzip without a byte. */
static void much_ado(void **state)
{
    (void)state;
    enum { MEMBERS = 200 * 1000, ROOM = 30 * MEMBERS };
    struct gy__buf member, many, packed, seen;
    if (!is_built(GY__CODING_GZIP))
        skip();
    gy__buf_init(&member, 100);
    gy__buf_init(&many, ROOM);
    gy__buf_init(&packed, ROOM);
    gy__buf_init(&seen, ROOM);
    assert_int_equal(encode(GY__CODING_GZIP, gy_str_of(""), 1, 100, &member), 0);
    for (int i = 0; i < MEMBERS; i++)
        assert_int_equal(gy__buf_add(&many, member.data, member.len), 0);
    assert_int_equal(encode(GY__CODING_GZIP, gy__buf_str(&many), ROOM, 4096, &packed), 0);
    assert_true(packed.len < many.len / 50);
    assert_int_equal(decode("gzip, gzip", gy__buf_str(&packed), ROOM, ROOM, 4096, &seen),
                     GY_ECODING);
    /* Plainly it is as long as it is, and some of it is nothing to complain about. */
    assert_int_equal(decode("gzip", gy__buf_str(&many), ROOM, ROOM, 4096, &seen), 0);
    gy__buf_cut(&packed, 0);
    gy_str some = gy_str_n(many.data, 10000 * member.len);
    assert_int_equal(encode(GY__CODING_GZIP, some, ROOM, 4096, &packed), 0);
    assert_int_equal(decode("gzip, gzip", gy__buf_str(&packed), ROOM, ROOM, 4096, &seen), 0);
    assert_int_equal(seen.len, 0);
    gy__buf_done(&member);
    gy__buf_done(&many);
    gy__buf_done(&packed);
    gy__buf_done(&seen);
}

static void several(void **state)
{
    (void)state;
    struct gy__buf one, two, seen;
    if (!is_built(GY__CODING_GZIP) || !is_built(GY__CODING_BR))
        skip();
    char *text = make_text(50000);
    gy__buf_init(&one, 1000000);
    gy__buf_init(&two, 1000000);
    gy__buf_init(&seen, 1000000);
    assert_int_equal(encode(GY__CODING_GZIP, gy_str_n(text, 50000), 50000, 4096, &one), 0);
    assert_int_equal(encode(GY__CODING_BR, gy__buf_str(&one), 50000, 4096, &two), 0);
    for (size_t piece = 1; piece < 1000000; piece *= 31) {
        gy__buf_cut(&seen, 0);
        assert_int_equal(decode("gzip, identity ,BR,", gy__buf_str(&two), 50000, piece, 100, &seen),
                         0);
        assert_true(gy_str_eq(gy__buf_str(&seen), gy_str_n(text, 50000)));
    }
    gy_str half = gy_str_n(two.data, two.len / 2);
    assert_int_equal(decode("gzip, br", half, 50000, 500, 100, &seen), GY_ECODING);
    assert_int_equal(decode("br, gzip", gy__buf_str(&two), 50000, 500, 100, &seen), GY_ECODING);
    gy__buf_done(&one);
    gy__buf_done(&two);
    gy__buf_done(&seen);
    free(text);
}

static void names(void **state)
{
    (void)state;
    struct gy__decoder *d = (struct gy__decoder *)&state;
    enum gy__coding c;
    assert_int_equal(gy__decoder_new(gy_str_of(""), 9, &d), 0);
    assert_null(d);
    assert_int_equal(gy__decoder_new(gy_str_of("identity"), 9, &d), 0);
    assert_null(d);
    assert_int_equal(gy__decoder_new(gy_str_of("compress"), 9, &d), GY_ECODING);
    assert_int_equal(gy__decoder_new(gy_str_of("gzip br"), 9, &d), GY_ECODING);
    assert_int_equal(gy__decoder_new(gy_str_of("gzip,gzip,gzip,gzip"), 9, &d), GY_ECODING);
    assert_null(d);
    assert_int_equal(gy__coding_find(gy_str_of("identity"), &c), GY_ENOTFOUND);
    assert_int_equal(gy__coding_find(gy_str_of("gz"), &c), GY_ENOTFOUND);
    for (gy_str name, list = gy_str_of(gy__coding_accepted()); gy_str_cut(&list, ',', &name);)
        assert_true(name.len == 0 || gy__coding_find(gy_str_trim(name), &c) == 0);
}

struct round {
    enum gy__coding coding;
    struct gy__buf packed;
};

static int use_decoder(void *arg)
{
    struct round *r = arg;
    struct gy__buf seen;
    gy__buf_init(&seen, 1000000);
    int e = decode(gy__coding_name(r->coding), gy__buf_str(&r->packed), 1000, 100, 100, &seen);
    gy__buf_done(&seen);
    return e;
}

static int use_encoder(void *arg)
{
    struct round *r = arg;
    struct gy__buf packed;
    gy__buf_init(&packed, 1000000);
    int e = encode(r->coding, gy_str_of("hello hello hello"), 100, 100, &packed);
    gy__buf_done(&packed);
    return e;
}

static int use_two(void *arg)
{
    (void)arg;
    struct gy__decoder *d;
    int e = gy__decoder_new(gy_str_of(gy__coding_accepted()), 100, &d);
    if (e == GY_ECODING) /* four of them */
        e = gy__decoder_new(gy_str_of("gzip, deflate"), 100, &d);
    if (!e)
        gy__decoder_free(d);
    return e;
}

/* Libbrotli's encoder ends the process when it gets no memory, so it is left alone. */
static void every_allocation_may_fail(void **state)
{
    (void)state;
    for (int c = 0; c < ALL; c++) {
        struct round r = {.coding = all[c]};
        if (!is_built(all[c]))
            continue;
        gy__buf_init(&r.packed, 1000);
        assert_int_equal(encode(all[c], gy_str_of("hello hello hello"), 100, 100, &r.packed), 0);
        sweep_allocations(use_decoder, &r);
        if (all[c] != GY__CODING_BR)
            sweep_allocations(use_encoder, &r);
        gy__buf_done(&r.packed);
    }
    if (is_built(GY__CODING_GZIP))
        sweep_allocations(use_two, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(what_was_made_elsewhere),
        cmocka_unit_test(what_stands_behind_the_end),
        cmocka_unit_test(flushed_is_there),
        cmocka_unit_test(too_much),
        cmocka_unit_test(several),
        cmocka_unit_test(much_ado),
        cmocka_unit_test(names),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
