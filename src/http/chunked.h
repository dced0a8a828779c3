/* SPDX-License-Identifier: MIT */
/* chunked.h - the chunked transfer coding, both ways (RFC 9112 section 7.1). */
#ifndef GYRE_HTTP_CHUNKED_H
#define GYRE_HTTP_CHUNKED_H

#include <gyre/http.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Chunk extensions and trailers of one message together, by default. */
#define GY__CHUNKED_EXTRA (16 * 1024)

/* A decoder that takes bytes as they come. All members are its own, but for [reason]. */
struct gy__chunked {
    uint64_t left; /* of the current chunk */
    size_t extra;  /* bytes of extensions and trailers that are still allowed */
    int state;
    int digits;
    char *line; /* a trailer line that is not complete */
    size_t line_len, line_cap;
    gy_headers *trailers;
    const char *reason; /* a static text, after a refusal */
};

enum gy__chunked_event {
    GY__CHUNKED_MORE = 0, /* all bytes were used and more are needed */
    GY__CHUNKED_DATA = 1, /* [data] is the next part of the body */
    GY__CHUNKED_END = 2   /* the message is over; bytes behind [used] belong to the next one */
};

/* [trailers] has an arena and receives the trailer fields; it is borrowed until the end. [extra]
 * limits extensions and trailers; 0 is GY__CHUNKED_EXTRA. */
void gy__chunked_init(struct gy__chunked *c, gy_headers *trailers, size_t extra);

/* Take bytes from [in]; [used] is how many. Gives an event, or minus the status to refuse the
 * message with: 400, 413 (extensions too long), 431 (trailers too long or too many), 503 (no
 * memory). After a refusal or the end the decoder must not be called again. [data] points into
 * [in] and is not NUL-terminated. */
int gy__chunked_step(struct gy__chunked *c, const char *in, size_t len, size_t *used, gy_str *data);

/* Encoding: the head of a chunk of [size] bytes, which is followed by the bytes and CR LF. [size]
 * is not 0. Gives the end of what was written, at most GY__CHUNK_HEAD_MAX bytes. */
#define GY__CHUNK_HEAD_MAX 18
#define GY__CHUNK_LAST "0\r\n\r\n" /* without trailers; with: "0\r\n", fields, "\r\n" */
char *gy__put_chunk_head(char *at, uint64_t size);

/* A field that may not come as a trailer: framing, routing, authentication (RFC 9110 6.5.1). */
bool gy__trailer_forbidden(gy_str name);

#endif
