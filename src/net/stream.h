/* SPDX-License-Identifier: MIT */
/* stream.h - what a stream consists of, for those who hand a transport over. */
#ifndef GYRE_NET_STREAM_H
#define GYRE_NET_STREAM_H

#include <gyre/stream.h>

#include "base/buf.h"
#include "net/transport.h"
#include "net/transport_tls.h"

struct gy_stream {
    struct gy__transport *t;
    struct gy__buf in;
    size_t given;   /* bytes at the front of [in] that the last read gave out */
    int read_error; /* S3 */
    int write_error;
    bool reading, writing; /* S1 */
    char under;            /* the byte that a view's NUL replaced, at in.data[given] */
    bool cut;              /* there is one */
    bool closing;          /* closed while tasks wait on it */
    double read_timeout, write_timeout;
    char *peer;                       /* as a PROXY header said, or NULL */
    struct gy__stream_search *search; /* of gy_stream_read_regex, for the next time */
    void (*on_close)(void *arg, int code);
    void *on_close_arg;
    gy_timer told; /* on_close, of what has happened already */
};

/* A read in three steps: see whether it may begin, fill the buffer as often as needed with at least a
 * byte ([want] is how many would be welcome), give the first [n] bytes out. 0 or a negative code. */
int gy__stream_begin_read(gy_stream *s);
int gy__stream_fill(gy_stream *s, size_t want);
int gy__stream_give(gy_stream *s, size_t n, gy_str *out);

/* Bytes into the caller's memory, at least one: for what is not in the buffer. */
ssize_t gy__stream_receive(gy_stream *s, void *buf, size_t size);

/* Was it closed while the caller waited on it? Then it is given back with the last who did. */
bool gy__stream_closed_meanwhile(gy_stream *s);

/* gy_stream_start_tls, in which what has been read and not given out belongs to the handshake. [alpn] is
 * in place of what [tls] does not name; NULL: nothing. Static storage. */
int gy__stream_secure(gy_stream *s, gy_tls *tls, const char *host, const char *const *alpn,
                      double timeout, struct gy__why why);

/* Call on_close, if it is set, and never again. */
void gy__stream_tell_closed(gy_stream *s, int code);

/* Give s->search back. */
void gy__stream_search_done(gy_stream *s);

/* A stream over [t], which it takes (also on failure: it is closed). [ahead] was read from it
 * already and comes first; copied. NULL when out of memory. */
gy_stream *gy__stream_new(struct gy__transport *t, gy_str ahead, const gy_stream_opts *opts);

/* The transport of a stream that nobody reads or writes, which is then gone. [ahead] are the bytes
 * that were read but not given out: valid until gy__free(ahead.ptr), which the caller does. */
struct gy__transport *gy__stream_take(gy_stream *s, gy_str *ahead);

#endif
