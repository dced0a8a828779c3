/* SPDX-License-Identifier: MIT */
/* coding_zstd.c - zstd, through libzstd, which takes its memory itself. */
#include "codec/coding_engine.h"

#include <zstd.h>
#include <zstd_errors.h>

/* No more than 8 MiB: what a content coding may ask of its reader (RFC 9659). */
enum { WINDOW_BITS_MAX = 23, DEFAULT_LEVEL = 3 };

static void *decoder_new(void)
{
    ZSTD_DCtx *s = ZSTD_createDCtx();
    if (s)
        ZSTD_DCtx_setParameter(s, ZSTD_d_windowLogMax, WINDOW_BITS_MAX);
    return s;
}

static void move_on(struct gy__coding_io *io, size_t in, size_t out)
{
    if (in) /* else it may be NULL */
        io->in += in;
    io->in_len -= in;
    io->out += out;
    io->out_len -= out;
}

static int failure(size_t code)
{
    return ZSTD_getErrorCode(code) == ZSTD_error_memory_allocation ? GY_ENOMEM : GY_ECODING;
}

static int decode(void *state, struct gy__coding_io *io)
{
    ZSTD_inBuffer in = {io->in, io->in_len, 0};
    ZSTD_outBuffer out = {io->out, io->out_len, 0};
    size_t left = ZSTD_decompressStream(state, &out, &in);
    move_on(io, in.pos, out.pos);
    if (ZSTD_isError(left))
        return failure(left);
    return left == 0 ? GY__CODING_END : GY__CODING_MORE;
}

/* Frames may follow each other (RFC 8878 3); what is none is found to be so when it is decoded. */
static bool decode_again(void *state, const struct gy__coding_io *io)
{
    (void)state;
    (void)io;
    return true;
}

static void decoder_free(void *state)
{
    ZSTD_freeDCtx(state);
}

static void *encoder_new(int level)
{
    ZSTD_CCtx *s = ZSTD_createCCtx();
    if (s)
        ZSTD_CCtx_setParameter(s, ZSTD_c_compressionLevel, level ? level : DEFAULT_LEVEL);
    return s;
}

static int encode(void *state, struct gy__coding_io *io, enum gy__flush flush)
{
    static const ZSTD_EndDirective how[] = {ZSTD_e_continue, ZSTD_e_flush, ZSTD_e_end};
    ZSTD_inBuffer in = {io->in, io->in_len, 0};
    ZSTD_outBuffer out = {io->out, io->out_len, 0};
    size_t left = ZSTD_compressStream2(state, &out, &in, how[flush]);
    move_on(io, in.pos, out.pos);
    if (ZSTD_isError(left))
        return GY_ENOMEM;
    return left == 0 && flush == GY__FLUSH_END ? GY__CODING_END : GY__CODING_MORE;
}

static void encoder_free(void *state)
{
    ZSTD_freeCCtx(state);
}

const struct gy__coding_engine gy__coding_zstd = {
    .name = "zstd",
    .decoder_new = decoder_new,
    .decode = decode,
    .decode_again = decode_again,
    .decoder_free = decoder_free,
    .encoder_new = encoder_new,
    .encode = encode,
    .encoder_free = encoder_free,
};
