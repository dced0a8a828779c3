/* SPDX-License-Identifier: MIT */
/* coding_brotli.c - br, through libbrotli. */
#include "base/alloc.h"
#include "codec/coding_engine.h"

#include <brotli/decode.h>
#include <brotli/encode.h>

enum { DEFAULT_QUALITY = 4, WINDOW_BITS = 20 };

static void *take(void *arg, size_t size)
{
    (void)arg;
    return gy__alloc(size);
}

static void give_back(void *arg, void *p)
{
    (void)arg;
    gy__free(p);
}

static void *decoder_new(void)
{
    return BrotliDecoderCreateInstance(take, give_back, NULL);
}

static int decode(void *state, struct gy__coding_io *io)
{
    BrotliDecoderResult r =
        BrotliDecoderDecompressStream(state, &io->in_len, &io->in, &io->out_len, &io->out, NULL);
    if (r == BROTLI_DECODER_RESULT_SUCCESS)
        return GY__CODING_END;
    if (r != BROTLI_DECODER_RESULT_ERROR)
        return GY__CODING_MORE;
    BrotliDecoderErrorCode e = BrotliDecoderGetErrorCode(state);
    bool memory = e <= BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES &&
                  e >= BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES;
    return memory ? GY_ENOMEM : GY_ECODING;
}

static void decoder_free(void *state)
{
    BrotliDecoderDestroyInstance(state);
}

static void *encoder_new(int level)
{
    BrotliEncoderState *s = BrotliEncoderCreateInstance(take, give_back, NULL);
    if (s) {
        BrotliEncoderSetParameter(s, BROTLI_PARAM_QUALITY,
                                  (uint32_t)(level ? level : DEFAULT_QUALITY));
        BrotliEncoderSetParameter(s, BROTLI_PARAM_LGWIN, WINDOW_BITS);
    }
    return s;
}

static int encode(void *state, struct gy__coding_io *io, enum gy__flush flush)
{
    static const BrotliEncoderOperation how[] = {BROTLI_OPERATION_PROCESS, BROTLI_OPERATION_FLUSH,
                                                 BROTLI_OPERATION_FINISH};
    if (!BrotliEncoderCompressStream(state, how[flush], &io->in_len, &io->in, &io->out_len,
                                     &io->out, NULL))
        return GY_ENOMEM;
    return BrotliEncoderIsFinished(state) ? GY__CODING_END : GY__CODING_MORE;
}

static void encoder_free(void *state)
{
    BrotliEncoderDestroyInstance(state);
}

const struct gy__coding_engine gy__coding_br = {
    .name = "br",
    .decoder_new = decoder_new,
    .decode = decode,
    .decoder_free = decoder_free,
    .encoder_new = encoder_new,
    .encode = encode,
    .encoder_free = encoder_free,
};
