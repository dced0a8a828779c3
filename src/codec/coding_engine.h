/* SPDX-License-Identifier: MIT */
/* coding_engine.h - what a compression library has to do to be a content coding. */
#ifndef GYRE_CODEC_CODING_ENGINE_H
#define GYRE_CODEC_CODING_ENGINE_H

#include "codec/coding.h"

/* Both move on as bytes are taken and put. */
struct gy__coding_io {
    const unsigned char *in;
    size_t in_len;
    unsigned char *out;
    size_t out_len;
};

enum { GY__CODING_MORE, GY__CODING_END };

/* A build without the library has the name, and NULL for the rest. */
struct gy__coding_engine {
    const char *name;
    void *(*decoder_new)(void);                           /* NULL: out of memory */
    int (*decode)(void *state, struct gy__coding_io *io); /* MORE, END, GY_ECODING, GY_ENOMEM */
    /* After END, with input that follows: does another part begin there? NULL: never. */
    bool (*decode_again)(void *state, const struct gy__coding_io *io);
    void (*decoder_free)(void *state);

    void *(*encoder_new)(int level); /* 0 to 9 */
    int (*encode)(void *state, struct gy__coding_io *io, enum gy__flush flush);
    void (*encoder_free)(void *state);
};

extern const struct gy__coding_engine gy__coding_gzip, gy__coding_deflate, gy__coding_br,
    gy__coding_zstd;

#endif
