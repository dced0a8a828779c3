/* SPDX-License-Identifier: MIT */
/* Queries: what comes out is UTF-8, NUL-terminated, within the limit, and survives a second trip. */
#include "codec/percent.h"
#include "codec/query.h"
#include "codec/utf8.h"
#include "fuzz.h"

#include <stdlib.h>

enum { LIMIT = 64 };

static void must(bool held)
{
    if (!held)
        abort();
}

static void check_view(gy_str s)
{
    must(s.ptr && s.ptr[s.len] == '\0' && gy__utf8_valid(s.ptr, s.len));
}

static void encode(struct gy__buf *b, gy_str s, const char *behind)
{
    must(gy__percent_encode(b, s, GY__PERCENT_FORM) == 0);
    must(gy__buf_add(b, behind, 1) == 0);
}

/* Pairs written again and parsed again are the same pairs. */
static void check_again(gy_arena *a, const struct gy__query *q)
{
    struct gy__buf b;
    struct gy__query again;

    gy__buf_init(&b, SIZE_MAX / 2);
    for (size_t i = 0; i < q->len; i++) {
        encode(&b, q->pairs[i].name, "=");
        encode(&b, q->pairs[i].value, "&");
    }
    must(gy__query_parse(a, gy__buf_str(&b), LIMIT, &again) == 0 && again.len == q->len);
    for (size_t i = 0; i < q->len; i++) {
        must(gy_str_eq(q->pairs[i].name, again.pairs[i].name));
        must(gy_str_eq(q->pairs[i].value, again.pairs[i].value));
    }
    gy__buf_done(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gy_arena a = {0};
    struct gy__query q;
    int e = gy__query_parse(&a, gy_str_n((const char *)data, size), LIMIT, &q);

    must(e == 0 || e == GY_ETOOBIG || e == GY_EPROTO);
    if (e == 0) {
        must(q.len <= LIMIT);
        for (size_t i = 0; i < q.len; i++) {
            check_view(q.pairs[i].name);
            check_view(q.pairs[i].value);
        }
        check_again(&a, &q);
    }
    gy_arena_done(&a);
    return 0;
}
