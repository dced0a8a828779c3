/* SPDX-License-Identifier: MIT */
/* coding.c - content codings: gzip, deflate, br and zstd, in pieces. */
#include "codec/coding.h"

#include "base/alloc.h"
#include "codec/coding_engine.h"

#include <limits.h>

static const struct gy__coding_engine *const engines[] = {
    [GY__CODING_GZIP] = &gy__coding_gzip,
    [GY__CODING_DEFLATE] = &gy__coding_deflate,
    [GY__CODING_BR] = &gy__coding_br,
    [GY__CODING_ZSTD] = &gy__coding_zstd,
};

enum { ENGINES = sizeof engines / sizeof engines[0], STAGES_MAX = 3, BETWEEN = 4096 };

/* Bytes between codings of which nothing comes in the end: more than any of them holds back. */
enum { FRUITLESS_MOST = 1024 * 1024 };

/* -- Names --------------------------------------------------------------------------------------- */

int gy__coding_find(gy_str name, enum gy__coding *out)
{
    if (gy_str_ieq(name, gy_str_of("x-gzip")))
        name = gy_str_of("gzip");
    for (int i = 0; i < ENGINES; i++) {
        if (engines[i]->decode && gy_str_ieq(name, gy_str_of(engines[i]->name))) {
            *out = (enum gy__coding)i;
            return 0;
        }
    }
    return GY_ENOTFOUND;
}

const char *gy__coding_name(enum gy__coding coding)
{
    return engines[coding]->name;
}

const char *gy__coding_accepted(void)
{
    static const char *const lists[] = {
        "",     "gzip, deflate",       "br",       "br, gzip, deflate",
        "zstd", "zstd, gzip, deflate", "zstd, br", "zstd, br, gzip, deflate"};
    return lists[(gy__coding_gzip.decode != NULL) | (gy__coding_br.decode != NULL) << 1 |
                 (gy__coding_zstd.decode != NULL) << 2];
}

/* -- Decoding ------------------------------------------------------------------------------------ */

struct stage {
    const struct gy__coding_engine *engine;
    void *state;
    size_t left; /* bytes it may still give */
    bool begun, ended;
    unsigned char
        *between; /* of BETWEEN bytes: what the stage before has given; the first has none */
    struct gy__coding_io rest; /* of [between], what is not used yet */
};

struct gy__decoder {
    struct stage stages[STAGES_MAX];
    int count;
    int failure;
    size_t fruitless; /* since it gave something */
};

static int add_stage(struct gy__decoder *d, const struct gy__coding_engine *engine, size_t max)
{
    struct stage *s = &d->stages[d->count];
    *s = (struct stage){.engine = engine, .left = max};
    s->state = engine->decoder_new();
    if (!s->state)
        return GY_ENOMEM;
    d->count++;
    if (d->count > 1)
        s->between = gy__alloc(BETWEEN);
    return d->count > 1 && !s->between ? GY_ENOMEM : 0;
}

/* Codings are listed in the order they were applied: the last one is undone first. */
static int add_stages(struct gy__decoder *d, const enum gy__coding *codings, int count, size_t max)
{
    int e = 0;
    while (count > 0 && !e)
        e = add_stage(d, engines[codings[--count]], max);
    return e;
}

/* How many there are, or GY_ECODING. */
static int parse_list(gy_str list, enum gy__coding out[STAGES_MAX])
{
    int count = 0;
    for (gy_str name; gy_str_cut(&list, ',', &name);) {
        name = gy_str_trim(name);
        if (name.len == 0 || gy_str_ieq(name, gy_str_of("identity")))
            continue;
        if (count == STAGES_MAX || gy__coding_find(name, &out[count]))
            return GY_ECODING;
        count++;
    }
    return count;
}

int gy__decoder_new(gy_str content_encoding, size_t max, struct gy__decoder **out)
{
    enum gy__coding codings[STAGES_MAX];
    int count = parse_list(content_encoding, codings);
    *out = NULL;
    if (count <= 0)
        return count;
    struct gy__decoder *d = gy__zalloc(sizeof *d);
    int e = d ? add_stages(d, codings, count, max) : GY_ENOMEM;
    if (e) {
        gy__decoder_free(d);
        return e;
    }
    *out = d;
    return 0;
}

void gy__decoder_free(struct gy__decoder *d)
{
    if (!d)
        return;
    for (int i = 0; i < d->count; i++) {
        d->stages[i].engine->decoder_free(d->stages[i].state);
        gy__free(d->stages[i].between);
    }
    gy__free(d);
}

/* As far as input and room go. */
static int run_stage(struct stage *s, struct gy__coding_io *io)
{
    while (io->out_len > 0) {
        size_t before = io->in_len + io->out_len;
        if (s->ended) {
            if (io->in_len == 0)
                return 0;
            if (!s->engine->decode_again || !s->engine->decode_again(s->state, io))
                return GY_ECODING;
            s->ended = false;
        }
        s->begun = s->begun || io->in_len > 0;
        int e = s->engine->decode(s->state, io);
        if (e < 0)
            return e;
        s->ended = e == GY__CODING_END;
        if (!s->ended && io->in_len + io->out_len == before)
            return 0;
    }
    return 0;
}

/* What a stage makes of [io]; one byte more than it may give is how it is found to be too much. */
static ssize_t step(struct stage *s, struct gy__coding_io *io, void *out, size_t size)
{
    if (size > SSIZE_MAX)
        size = SSIZE_MAX;
    if (size > s->left)
        size = s->left + 1;
    io->out = out;
    io->out_len = size;
    int e = run_stage(s, io);
    size_t n = size - io->out_len;
    if (n > s->left)
        return GY_ETOOBIG;
    s->left -= n;
    return e ? e : (ssize_t)n;
}

static ssize_t pull(struct gy__decoder *d, int i, struct gy__coding_io *in, void *out, size_t size)
{
    struct stage *s = &d->stages[i];
    if (i == 0)
        return step(s, in, out, size);
    for (;;) {
        ssize_t n = step(s, &s->rest, out, size);
        if (n != 0)
            return n;
        if (d->fruitless > FRUITLESS_MOST)
            return GY_ECODING;
        n = pull(d, i - 1, in, s->between, BETWEEN);
        if (n <= 0)
            return n;
        d->fruitless += (size_t)n;
        s->rest.in = s->between;
        s->rest.in_len = (size_t)n;
    }
}

ssize_t gy__decode(struct gy__decoder *d, gy_str *in, void *out, size_t size)
{
    struct gy__coding_io io = {.in = (const unsigned char *)in->ptr, .in_len = in->len};
    if (d->failure)
        return d->failure;
    ssize_t n = pull(d, d->count - 1, &io, out, size);
    *in = gy_str_n((const char *)io.in, io.in_len);
    if (n < 0)
        d->failure = (int)n;
    if (n > 0)
        d->fruitless = 0;
    return n;
}

int gy__decoder_finish(const struct gy__decoder *d)
{
    if (d->failure || !d->stages[0].begun)
        return d->failure;
    for (int i = 0; i < d->count; i++) {
        if (!d->stages[i].ended)
            return GY_ECODING;
    }
    return 0;
}

/* -- Encoding ------------------------------------------------------------------------------------ */

struct gy__encoder {
    const struct gy__coding_engine *engine;
    void *state;
    bool ended;
};

struct gy__encoder *gy__encoder_new(enum gy__coding coding, int level)
{
    const struct gy__coding_engine *engine = engines[coding];
    struct gy__encoder *e = engine->encode ? gy__zalloc(sizeof *e) : NULL;
    if (!e)
        return NULL;
    e->engine = engine;
    e->state = engine->encoder_new(level < 0 ? 0 : level > 9 ? 9 : level);
    if (!e->state) {
        gy__free(e);
        return NULL;
    }
    return e;
}

void gy__encoder_free(struct gy__encoder *e)
{
    if (!e)
        return;
    e->engine->encoder_free(e->state);
    gy__free(e);
}

ssize_t gy__encode(struct gy__encoder *e, gy_str *in, enum gy__flush flush, void *out, size_t size)
{
    struct gy__coding_io io = {(const unsigned char *)in->ptr, in->len, out, size};
    int done = e->ended ? GY__CODING_END : GY__CODING_MORE;
    while (io.out_len > 0 && done == GY__CODING_MORE) {
        size_t before = io.in_len + io.out_len;
        done = e->engine->encode(e->state, &io, flush);
        if (done < 0)
            return done;
        if (io.in_len + io.out_len == before)
            break;
    }
    e->ended = done == GY__CODING_END;
    *in = gy_str_n((const char *)io.in, io.in_len);
    return (ssize_t)(size - io.out_len);
}
