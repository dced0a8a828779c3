/* SPDX-License-Identifier: MIT */
/* parse.c - the choice of the parser's variant, and what heads need besides. */
#include "http/parse.h"
#include "http/message.h"
#include "http/parse_variants.h"

#if defined(__x86_64__)
static enum gy__parse_level best(void)
{
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
        __builtin_cpu_supports("bmi2")) {
        return GY__PARSE_AVX2;
    }
    return __builtin_cpu_supports("sse4.2") ? GY__PARSE_SSE42 : GY__PARSE_PLAIN;
}
#else
static enum gy__parse_level best(void)
{
    return GY__PARSE_PLAIN;
}
#define gy__parse_request_avx2 gy__parse_request_plain
#define gy__parse_request_sse42 gy__parse_request_plain
#define gy__parse_response_avx2 gy__parse_response_plain
#define gy__parse_response_sse42 gy__parse_response_plain
#endif

/* Every thread finds the same, so it does not matter who writes it. */
static int known;

static enum gy__parse_level find_level(void)
{
    int level = (int)best();
    __atomic_store_n(&known, level, __ATOMIC_RELAXED);
    return (enum gy__parse_level)level;
}

static inline enum gy__parse_level level_now(void)
{
    int level = __atomic_load_n(&known, __ATOMIC_RELAXED);
    return __builtin_expect(level != 0, 1) ? (enum gy__parse_level)level : find_level();
}

enum gy__parse_level gy__parse_level(void)
{
    return level_now();
}

/* Branches, not a pointer: they are predicted, and cost nothing where indirect calls are slow. */
long gy__parse_request(char *data, size_t len, const struct gy__limits_head *lim, gy_field *fields,
                       struct gy__head *out, const char **reason)
{
    switch (level_now()) {
    case GY__PARSE_AVX2:
        return gy__parse_request_avx2(data, len, lim, fields, out, reason);
    case GY__PARSE_SSE42:
        return gy__parse_request_sse42(data, len, lim, fields, out, reason);
    default:
        return gy__parse_request_plain(data, len, lim, fields, out, reason);
    }
}

long gy__parse_response(char *data, size_t len, const struct gy__limits_head *lim, gy_field *fields,
                        struct gy__head *out, const char **reason)
{
    switch (level_now()) {
    case GY__PARSE_AVX2:
        return gy__parse_response_avx2(data, len, lim, fields, out, reason);
    case GY__PARSE_SSE42:
        return gy__parse_response_sse42(data, len, lim, fields, out, reason);
    default:
        return gy__parse_response_plain(data, len, lim, fields, out, reason);
    }
}

gy_str gy__head_target(gy_arena *a, const struct gy__head *h)
{
    if (!h->query.ptr && !h->authority.ptr) {
        return h->path;
    }
    size_t len = h->scheme.len + 3 + h->authority.len + h->path.len + 1 + h->query.len;
    char *text = gy_alloc(a, len + 1), *at = text;
    if (!text) {
        return gy_str_n(NULL, 0);
    }
    if (h->scheme.ptr) {
        at = gy__put_str(at, h->scheme);
        at = gy__put_lit(at, "://");
    }
    at = gy__put_str(at, h->authority);
    at = gy__put_str(at, h->path);
    if (h->query.ptr) {
        *at++ = '?';
        at = gy__put_str(at, h->query);
    }
    *at = '\0';
    return gy_str_n(text, (size_t)(at - text));
}

size_t gy__head_scan(const char *data, size_t from, size_t len)
{
    /* The LF before the empty line may lie before [from]. */
    size_t at = from < 2 ? 0 : from - 2;
    while (at < len) {
        const char *lf = memchr(data + at, '\n', len - at);
        if (!lf) {
            return 0;
        }
        size_t next = (size_t)(lf - data) + 1;
        size_t end = next + (next < len && data[next] == '\r');
        if (end < len && data[end] == '\n' && end >= from) {
            return end + 1;
        }
        at = next;
    }
    return 0;
}

bool gy__head_ready_again(struct gy__head_reader *r, const char *data, size_t len)
{
    size_t end = gy__head_scan(data, r->scanned, len);
    bool ready = end || len >= 2 * r->parsed;
    r->scanned = end ? end : len;
    if (ready) {
        r->parsed = len;
    }
    return ready;
}
