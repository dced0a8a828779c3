/* SPDX-License-Identifier: MIT */
/* stream.h - buffered reading and writing, for tasks. */
#ifndef GYRE_STREAM_H
#define GYRE_STREAM_H

#include <gyre/export.h>
#include <gyre/str.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

/* Bytes both ways over a socket, a unix socket or memory.
 *
 * Invariants:
 *   S1. At most one task reads and at most one writes at a time (GY_EBUSY for the second).
 *   S2. What a read gives is a view into the stream's buffer, valid until the next read.
 *   S3. After the first error of a direction every call in that direction gives the same error. A
 *       read that timed out or was cancelled has lost nothing and may be tried again.
 *   S4. No buffer grows past its ceiling. */
typedef struct gy_stream gy_stream;

typedef struct gy_stream_opts {
    size_t max_buffer;    /* ceiling of the read buffer; 0 is 100 MiB, as in Tornado */
    double read_timeout;  /* seconds for each wait for bytes; 0 is no limit */
    double write_timeout; /* seconds without progress of a write; 0 is no limit */
} gy_stream_opts;

GY_BEGIN_DECLS

/* A stream over a connected, non-blocking socket of this thread's loop. Takes [fd], also on
 * failure. NULL when out of memory or without a loop. [opts] may be NULL. */
GY_API gy_stream *gy_stream_open(int fd, const gy_stream_opts *opts);

/* Two streams joined in memory: what one writes the other reads. [capacity] bytes fit in between (0
 * is 64 KiB) before a writer waits. 0, GY_ENOMEM, or GY_ENOTASK when this thread has no loop. */
GY_API GY_CHECKED int gy_stream_pair(gy_stream *out[2], size_t capacity);

/* At once; what was not yet written is lost. Wakes the tasks that wait on it (GY_ECLOSED). NULL is
 * fine. */
GY_API void gy_stream_close(gy_stream *s);

/* The calls that may wait do so inside a task only: elsewhere a wait gives GY_ENOTASK. */

/* Some bytes, at least one and at most [max]. GY_EOF at the end. */
GY_API GY_SUSPENDS GY_CHECKED int gy_stream_read(gy_stream *s, size_t max, gy_str *out);

/* Exactly [n] bytes. GY_EOF when the end comes first, GY_ETOOBIG past the buffer's ceiling. */
GY_API GY_SUSPENDS GY_CHECKED int gy_stream_read_exact(gy_stream *s, size_t n, gy_str *out);

/* Up to and including [mark]. GY_ETOOBIG if [max] bytes pass without it: the stream is then dead,
 * because nobody can tell where the next message begins. */
GY_API GY_SUSPENDS GY_CHECKED int gy_stream_read_until(gy_stream *s, const char *mark, size_t max,
                                                       gy_str *out);

/* Up to and including the first match of a regular expression (PCRE2), which must not match the empty
 * text. Of a match that could go on, such as "a+", as much is taken as has come. GY_EINVAL for a
 * malformed one (with a line in the log), GY_ETOOBIG as above, and for what takes too long. */
GY_API GY_SUSPENDS GY_CHECKED int gy_stream_read_regex(gy_stream *s, const char *pattern,
                                                       size_t max, gy_str *out);

/* Exactly [n] bytes into the caller's memory, without a way over the buffer for what is not there
 * yet. Gives n; with [partial] what there is, at least one byte. GY_EOF when the end comes first:
 * then what came is in [buf] and its count in *got, which may be NULL. */
GY_API GY_SUSPENDS GY_CHECKED ssize_t gy_stream_read_into(gy_stream *s, void *buf, size_t n,
                                                          bool partial, size_t *got);

/* All there is until the end. GY_ETOOBIG past [max]. */
GY_API GY_SUSPENDS GY_CHECKED int gy_stream_read_all(gy_stream *s, size_t max, gy_str *out);

/* Write everything, waiting for a slow reader. */
GY_API GY_SUSPENDS GY_CHECKED int gy_stream_write(gy_stream *s, const void *data, size_t len);
GY_API GY_SUSPENDS GY_CHECKED int gy_stream_write_str(gy_stream *s, gy_str data);

/* The pieces in one gathered write. [iov] is read only. */
GY_API GY_SUSPENDS GY_CHECKED int gy_stream_writev(gy_stream *s, const struct iovec *iov,
                                                   int count);

/* No more will be written (later writes give GY_ESHUTDOWN); reading goes on. 0 or a negative
 * code. Over TLS the peer is told when there is room for it (close_notify, RFC 8446 6.1): a read that
 * waits sees to that, and from here on nothing of TLS itself is answered. */
GY_API GY_CHECKED int gy_stream_shutdown(gy_stream *s);

/* The descriptor, or -1 for memory. */
GY_API int gy_stream_fd(const gy_stream *s);

/* Whether it has ended, or broken, in both directions: no call can move bytes any more. A half that a
 * pipe does not have counts as ended. */
GY_API bool gy_stream_is_closed(const gy_stream *s);

/* Whether a task waits to read, or to write. */
GY_API bool gy_stream_is_reading(const gy_stream *s);
GY_API bool gy_stream_is_writing(const gy_stream *s);

/* Called once when the peer has gone or gy_stream_close was called, with the code (GY_ECLOSED, GY_EOF, or
 * what broke it): on the loop's stack, or on that of who closes it. It must not suspend and may close the
 * stream. NULL takes it back. */
GY_API void gy_stream_on_close(gy_stream *s, void (*fn)(void *arg, int code), void *arg);

/* Collect small writes for a moment instead of sending each at once (Nagle's algorithm): off is the
 * default. 0 or a negative code; nothing happens on what is not TCP. */
GY_API int gy_stream_set_delay(gy_stream *s, bool delay);

/* A stream that reads from one descriptor and writes to another: pipes, terminals, character devices;
 * both may be the same, and one may be -1: to read or to write that half gives -EBADF. Takes both, also on
 * failure, and makes them non-blocking until they are closed. NULL and errno: EPERM for what cannot be
 * waited for (files on disk; with epoll /dev/null too), EINVAL without a descriptor or a loop, ENOMEM, or
 * what else is wrong with one of them. [opts] may be NULL. */
GY_API gy_stream *gy_pipe_open(int in, int out, const gy_stream_opts *opts);

GY_END_DECLS

#endif
