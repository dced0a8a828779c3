/* SPDX-License-Identifier: MIT */
/* coding_zlib.c - gzip and deflate, through zlib. */
#include "base/alloc.h"
#include "codec/coding_engine.h"

#include <limits.h>

#define ZLIB_CONST
#include <zlib.h>

enum { WINDOW = 15, GZIP = 16, MEMORY = 8 };

struct inflating {
    z_stream z;
    bool begun;
    bool either; /* deflate, with zlib's head or without: the first byte tells */
};

static void *take(void *arg, unsigned items, unsigned size)
{
    (void)arg;
    return size && items > SIZE_MAX / size ? NULL : gy__alloc((size_t)items * size);
}

static void give_back(void *arg, void *p)
{
    (void)arg;
    gy__free(p);
}

/* zlib counts in unsigned int. */
static void lend(z_stream *z, const struct gy__coding_io *io)
{
    z->next_in = io->in;
    z->avail_in = io->in_len < UINT_MAX ? (unsigned)io->in_len : UINT_MAX;
    z->next_out = io->out;
    z->avail_out = io->out_len < UINT_MAX ? (unsigned)io->out_len : UINT_MAX;
}

static void move_on(const z_stream *z, struct gy__coding_io *io)
{
    io->in_len -= (size_t)(z->next_in - io->in);
    io->in = z->next_in;
    io->out_len -= (size_t)(z->next_out - io->out);
    io->out = z->next_out;
}

static void *inflater_new(bool either)
{
    struct inflating *s = gy__zalloc(sizeof *s);
    if (!s)
        return NULL;
    s->z.zalloc = take;
    s->z.zfree = give_back;
    s->either = either;
    if (inflateInit2(&s->z, either ? WINDOW : WINDOW + GZIP) != Z_OK) {
        gy__free(s);
        return NULL;
    }
    return s;
}

static void *gunzip_new(void)
{
    return inflater_new(false);
}

static void *inflate_new(void)
{
    return inflater_new(true);
}

static int inflate_step(void *state, struct gy__coding_io *io)
{
    struct inflating *s = state;
    if (s->either && !s->begun && io->in_len) {
        /* A raw block that begins like zlib's head would have padding that is not zero. */
        bool wrapped = (io->in[0] & 0x8f) == Z_DEFLATED;
        if (inflateReset2(&s->z, wrapped ? WINDOW : -WINDOW) != Z_OK)
            return GY_ENOMEM;
    }
    s->begun = s->begun || io->in_len;
    lend(&s->z, io);
    int e = inflate(&s->z, Z_NO_FLUSH);
    move_on(&s->z, io);
    switch (e) {
    case Z_OK:
    case Z_BUF_ERROR:
        return GY__CODING_MORE;
    case Z_STREAM_END:
        return GY__CODING_END;
    case Z_MEM_ERROR:
        return GY_ENOMEM;
    default:
        return GY_ECODING;
    }
}

/* A gzip file may be several, one behind the other (RFC 1952 2.2). */
static bool gunzip_again(void *state, const struct gy__coding_io *io)
{
    struct inflating *s = state;
    return io->in[0] == 0x1f && inflateReset(&s->z) == Z_OK;
}

static void inflater_free(void *state)
{
    struct inflating *s = state;
    inflateEnd(&s->z);
    gy__free(s);
}

static void *deflater_new(int level, int window)
{
    z_stream *z = gy__zalloc(sizeof *z);
    if (!z)
        return NULL;
    z->zalloc = take;
    z->zfree = give_back;
    if (deflateInit2(z, level ? level : 6, Z_DEFLATED, window, MEMORY, Z_DEFAULT_STRATEGY) !=
        Z_OK) {
        gy__free(z);
        return NULL;
    }
    return z;
}

static void *gzip_new(int level)
{
    return deflater_new(level, WINDOW + GZIP);
}

static void *deflate_new(int level)
{
    return deflater_new(level, WINDOW);
}

static int deflate_step(void *state, struct gy__coding_io *io, enum gy__flush flush)
{
    static const int how[] = {Z_NO_FLUSH, Z_SYNC_FLUSH, Z_FINISH};
    z_stream *z = state;
    lend(z, io);
    int e = deflate(z, z->avail_in < io->in_len ? Z_NO_FLUSH : how[flush]);
    move_on(z, io);
    return e == Z_STREAM_END ? GY__CODING_END : GY__CODING_MORE;
}

static void deflater_free(void *state)
{
    deflateEnd(state);
    gy__free(state);
}

const struct gy__coding_engine gy__coding_gzip = {
    .name = "gzip",
    .decoder_new = gunzip_new,
    .decode = inflate_step,
    .decode_again = gunzip_again,
    .decoder_free = inflater_free,
    .encoder_new = gzip_new,
    .encode = deflate_step,
    .encoder_free = deflater_free,
};

const struct gy__coding_engine gy__coding_deflate = {
    .name = "deflate",
    .decoder_new = inflate_new,
    .decode = inflate_step,
    .decoder_free = inflater_free,
    .encoder_new = deflate_new,
    .encode = deflate_step,
    .encoder_free = deflater_free,
};
