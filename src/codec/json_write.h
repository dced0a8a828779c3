/* SPDX-License-Identifier: MIT */
/* json_write.h - JSON piece by piece. */
#ifndef GYRE_CODEC_JSON_WRITE_H
#define GYRE_CODEC_JSON_WRITE_H

#include "base/buf.h"
#include "codec/json_scalar.h"
#include "codec/json_shape.h"

/* One JSON text on its way into a buffer. Failures are sticky: after the first one nothing more is
 * appended, and gy__json_end tells. */
struct gy__json_out {
    struct gy__buf *buf;
    size_t start;     /* where in the buffer */
    uint64_t objects; /* what is open: a bit each, set for an object, the innermost lowest */
    unsigned depth;
    bool first;  /* in the innermost one */
    int failure; /* 0, GY_EINVAL (a key where none belongs, or none where one does), ... */
};

/* Appends to [buf], which it borrows until gy__json_end. */
void gy__json_begin(struct gy__json_out *o, struct gy__buf *buf);

/* Begin an object or array that lasts until gy__json_close or the end; at most 64 in each other.
 * [key] is its name in an object, NULL elsewhere. */
void gy__json_object(struct gy__json_out *o, const char *key);
void gy__json_array(struct gy__json_out *o, const char *key);
void gy__json_close(struct gy__json_out *o);

/* A value in a shape. */
void gy__json_put(struct gy__json_out *o, const char *key, const char *shape, ...) GY_PRINTF(3, 4);
void gy__json_vput(struct gy__json_out *o, const char *key, const char *shape, va_list ap)
    GY_PRINTF(3, 0);

/* Close what is open. 0, or the first failure, and then nothing is left in the buffer of what was
 * appended. A text without any value is one (GY_EINVAL). */
GY_CHECKED int gy__json_end(struct gy__json_out *o);

#endif
