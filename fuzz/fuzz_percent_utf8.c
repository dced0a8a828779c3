/* SPDX-License-Identifier: MIT */
/* Percent-encoding, UTF-8, JSON and HTML texts: encoded and decoded is the same, and what is made
 * for a place holds only what may stand there. */
#include "base/utf8_step.h"
#include "codec/base64.h"
#include "codec/escape.h"
#include "codec/hex.h"
#include "codec/json_scalar.h"
#include "codec/percent.h"
#include "codec/utf8.h"
#include "fuzz.h"

#include <stdlib.h>

static void must(bool held)
{
    if (!held)
        abort();
}

static void check_percent(gy_arena *a, gy_str s)
{
    for (int kind = 0; kind < 3; kind++) {
        enum gy__percent k = (enum gy__percent)kind;
        bool malformed = false;
        gy_str encoded = gy__percent_encoded(a, s, k);
        gy_str decoded = gy__percent_decoded(a, encoded, k, &malformed);
        must(gy_str_eq(decoded, s) && !malformed);
        decoded = gy__percent_decoded(a, s, k, &malformed);
        must(decoded.len <= s.len && decoded.ptr[decoded.len] == '\0');
    }
}

/* A byte at a time, as the fast way must agree with. */
static void check_utf8(gy_str s)
{
    size_t at = 0, step = 1;
    while (at < s.len && (step = gy__utf8_step(s.ptr + at, s.len - at)) > 0)
        at += step;
    must(gy__utf8_valid(s.ptr, s.len) == (at == s.len));
}

static void check_json(gy_str s)
{
    struct gy__buf b;
    gy__buf_init(&b, SIZE_MAX / 2);
    must(gy__json_string(&b, s) == 0);
    must(b.len >= 2 && b.data[0] == '"' && b.data[b.len - 1] == '"');
    must(gy__utf8_valid(b.data, b.len));
    for (size_t i = 1; i < b.len - 1; i++) {
        must((unsigned char)b.data[i] >= 0x20 && b.data[i] != '"');
        must(b.data[i] != '/' || b.data[i - 1] != '<');
        i += b.data[i] == '\\';
    }
    gy__buf_done(&b);
}

static void check_html(gy_str s)
{
    struct gy__buf b;
    gy__buf_init(&b, SIZE_MAX / 2);
    must(gy__html_escape(&b, s) == 0 && b.len >= s.len);
    for (size_t i = 0; i < b.len; i++)
        must(!strchr("<>\"'", b.data[i]) || b.data[i] == '\0');
    gy__buf_done(&b);
}

static void check_base64(gy_arena *a, gy_str s)
{
    for (int kind = 0; kind < 2; kind++) {
        enum gy__base64 k = (enum gy__base64)kind;
        char *text = gy_alloc(a, gy__base64_room(s.len) + 1);
        char *back = gy_alloc(a, gy__base64_room(s.len) + 2);
        char *raw = gy_alloc(a, s.len / 4 * 3 + 2);
        size_t len, n = gy__base64_encode(text, s.ptr, s.len, k);
        must(gy__base64_decode(back, &len, gy_str_n(text, n), k) == 0);
        must(gy_str_eq(gy_str_n(back, len), s));
        /* Strict: what is taken is what would be written, but for the padding. */
        if (gy__base64_decode(raw, &len, s, k) == 0) {
            n = gy__base64_encode(text, raw, len, k);
            must(n <= s.len && memcmp(text, s.ptr, n) == 0 && s.len - n <= 2);
        }
    }
}

static void check_hex(gy_arena *a, gy_str s)
{
    char *text = gy_alloc(a, 2 * s.len + 1), *back = gy_alloc(a, s.len + 1);
    gy__hex_encode(text, s.ptr, s.len);
    must(gy__hex_decode(back, gy_str_n(text, 2 * s.len)) == 0);
    must(gy_str_eq(gy_str_n(back, s.len), s));
    must(gy__hex_decode(back, s) == 0 || gy__hex_decode(back, s) == GY_EINVAL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gy_arena a = {0};
    gy_str s = gy_str_n((const char *)data, size);

    check_percent(&a, s);
    check_utf8(s);
    check_json(s);
    check_html(s);
    check_base64(&a, s);
    check_hex(&a, s);
    gy_arena_done(&a);
    return 0;
}
