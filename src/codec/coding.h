/* SPDX-License-Identifier: MIT */
/* coding.h - content codings: gzip, deflate, br and zstd, in pieces. */
#ifndef GYRE_CODEC_CODING_H
#define GYRE_CODEC_CODING_H

#include <gyre/error.h>
#include <gyre/str.h>
#include <sys/types.h>

enum gy__coding { GY__CODING_GZIP, GY__CODING_DEFLATE, GY__CODING_BR, GY__CODING_ZSTD };

/* Which one a Content-Encoding or Accept-Encoding means ("x-gzip" is gzip). 0, or GY_ENOTFOUND for
 * another, "identity" too, and for one this build does not have. */
GY_CHECKED int gy__coding_find(gy_str name, enum gy__coding *out);

/* Its name in a Content-Encoding field. */
const char *gy__coding_name(enum gy__coding coding);

/* The value of an Accept-Encoding field: all that this build can decode, best first, as "zstd, br,
 * gzip, deflate"; "" when there are none. Static. */
const char *gy__coding_accepted(void);

/* -- Decoding ------------------------------------------------------------------------------------ */

struct gy__decoder;

/* For a body with this Content-Encoding, which may name up to three codings, "identity" not counted. *out
 * is NULL when there is nothing to decode. Gives at most [max] bytes in all. 0, GY_ENOMEM, or GY_ECODING
 * when a coding is unknown. */
GY_CHECKED int gy__decoder_new(gy_str content_encoding, size_t max, struct gy__decoder **out);
void gy__decoder_free(struct gy__decoder *d); /* NULL is allowed */

/* Decode from [in], which moves on, into [out] of [size] bytes, at least 1. Gives how many bytes there
 * are; 0 when all of [in] is used and more is needed, or the end is reached: call until then. GY_ECODING
 * for malformed input, for anything behind its end, and for codings within codings that expand to much
 * of which nothing comes; GY_ETOOBIG; GY_ENOMEM. A failure is final. Memory and time of a call are bounded
 * by [size] and in->len, however far the input expands. */
GY_CHECKED ssize_t gy__decode(struct gy__decoder *d, gy_str *in, void *out, size_t size);

/* After all input: 0, or GY_ECODING when its end is missing. No input at all is an empty body. */
GY_CHECKED int gy__decoder_finish(const struct gy__decoder *d);

/* -- Encoding ------------------------------------------------------------------------------------ */

struct gy__encoder;

enum gy__flush {
    GY__FLUSH_NONE, /* more will come, and it may wait for that */
    GY__FLUSH_ALL,  /* the peer can decode all that went in so far */
    GY__FLUSH_END   /* and nothing more will come */
};

/* [level] 1 (fast) to 9 (small); 0 is one fit for answers made while somebody waits. NULL when out of
 * memory, or when this build does not have the coding. */
struct gy__encoder *gy__encoder_new(enum gy__coding coding, int level);
void gy__encoder_free(struct gy__encoder *e);

/* Encode from [in], which moves on, into [out] of [size] bytes. Gives how many bytes there are; 0 when all
 * of [in] is used and the flush is done: call until then. GY_ENOMEM. After GY__FLUSH_END is done,
 * always 0. */
GY_CHECKED ssize_t gy__encode(struct gy__encoder *e, gy_str *in, enum gy__flush flush, void *out,
                              size_t size);

#endif
