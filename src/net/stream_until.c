/* SPDX-License-Identifier: MIT */
/* stream_until.c - reading up to a mark or to what an expression matches. */

#include <gyre/error.h>
#include <gyre/log.h>
#include <string.h>

#include "base/alloc.h"
#include "codec/pcre.h"
#include "net/stream.h"

int gy_stream_read_until(gy_stream *s, const char *mark, size_t max, gy_str *out)
{
    size_t m = strlen(mark);
    size_t seen = 0; /* the mark does not begin before this */
    int e = gy__stream_begin_read(s);
    while (!e && m > 0) {
        const char *hit =
            s->in.len > seen ? memmem(s->in.data + seen, s->in.len - seen, mark, m) : NULL;
        size_t end = hit ? (size_t)(hit - s->in.data) + m : 0;
        if (end > max || (!hit && s->in.len >= max))
            return s->read_error = GY_ETOOBIG;
        if (hit)
            return gy__stream_give(s, end, out);
        seen = s->in.len >= m ? s->in.len - m + 1 : 0;
        e = gy__stream_fill(s, 0);
    }
    return e ? e : GY_EINVAL;
}

/* The expression that was looked for last. */
struct gy__stream_search {
    pcre2_code *code;
    pcre2_match_data *data;
    pcre2_match_context *limits;
    char pattern[];
};

void gy__stream_search_done(gy_stream *s)
{
    struct gy__stream_search *search = s->search;
    if (!search)
        return;
    pcre2_match_data_free(search->data);
    pcre2_match_context_free(search->limits);
    pcre2_code_free(search->code);
    gy__free(search);
    s->search = NULL;
}

static int compile(struct gy__stream_search *search)
{
    char why[GY__PCRE_WHY];
    int e = gy__pcre_compile(gy_str_of(search->pattern), PCRE2_NEVER_BACKSLASH_C,
                             PCRE2_JIT_COMPLETE | PCRE2_JIT_PARTIAL_SOFT, &search->code, why);
    if (e == GY_EINVAL)
        gy_log(GY_LOG_GENERAL, GY_LOG_ERROR, "cannot read until \"%s\": %s", search->pattern, why);
    if (e)
        return e;
    search->data = pcre2_match_data_create_from_pattern(search->code, NULL);
    search->limits = gy__pcre_limits(NULL);
    return search->data && search->limits ? 0 : GY_ENOMEM;
}

static int look_for(gy_stream *s, const char *pattern)
{
    size_t size = strlen(pattern) + 1;
    if (s->search && strcmp(s->search->pattern, pattern) == 0)
        return 0;
    gy__stream_search_done(s);
    s->search = gy__zalloc(sizeof *s->search + size);
    if (!s->search)
        return GY_ENOMEM;
    memcpy(s->search->pattern, pattern, size);
    int e = compile(s->search);
    if (e)
        gy__stream_search_done(s);
    return e;
}

/* Where the match ends, or 0; then none begins before [*from]. GY_EINVAL for an empty match, GY_ETOOBIG
 * when it took too long. */
static int search_in(const gy_stream *s, size_t *from, size_t *end)
{
    const struct gy__stream_search *search = s->search;
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(search->data);
    int n = pcre2_match(search->code, (PCRE2_SPTR)s->in.data, s->in.len, *from, PCRE2_PARTIAL_SOFT,
                        search->data, search->limits);
    *end = 0;
    if (n >= 0) {
        *end = at[1];
        return at[1] > at[0] ? 0 : GY_EINVAL;
    }
    if (n != PCRE2_ERROR_PARTIAL && n != PCRE2_ERROR_NOMATCH)
        return n == PCRE2_ERROR_NOMEMORY ? GY_ENOMEM : GY_ETOOBIG;
    *from = n == PCRE2_ERROR_PARTIAL ? at[0] : s->in.len;
    return 0;
}

int gy_stream_read_regex(gy_stream *s, const char *pattern, size_t max, gy_str *out)
{
    size_t from = 0;
    int e = gy__stream_begin_read(s);
    if (!e)
        e = look_for(s, pattern);
    while (!e) {
        size_t end = 0;
        if (s->in.len > from)
            e = search_in(s, &from, &end);
        if (e == GY_ETOOBIG || end > max || (!e && !end && s->in.len >= max))
            return s->read_error = GY_ETOOBIG;
        if (end && !e)
            return gy__stream_give(s, end, out);
        if (!e)
            e = gy__stream_fill(s, 0);
    }
    return e;
}
