/* SPDX-License-Identifier: MIT */
/* stream.c - buffered reading and writing over a transport. */

#include "net/stream.h"

#include <gyre/error.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "loop/state.h"

enum { READ_AT_ONCE = 16 * 1024 };
#define MAX_BUFFER ((size_t)100 * 1024 * 1024)

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
};

gy_stream *gy__stream_new(struct gy__transport *t, gy_str ahead, const gy_stream_opts *opts)
{
    gy_stream *s = gy__zalloc(sizeof *s);
    if (!s) {
        t->ops->close(t);
        return NULL;
    }
    size_t max = opts && opts->max_buffer ? opts->max_buffer : MAX_BUFFER;
    gy__buf_init(&s->in, max > ahead.len ? max : ahead.len);
    s->t = t;
    s->read_timeout = opts ? opts->read_timeout : 0;
    s->write_timeout = opts ? opts->write_timeout : 0;
    if (ahead.len && gy__buf_add(&s->in, ahead.ptr, ahead.len)) {
        gy_stream_close(s);
        return NULL;
    }
    return s;
}

/* Put back the byte under the last view's NUL, and forget what that view showed. */
static void forget_given(gy_stream *s)
{
    if (s->cut)
        s->in.data[s->given] = s->under;
    s->cut = false;
    if (s->given)
        gy__buf_drop(&s->in, s->given);
    s->given = 0;
}

struct gy__transport *gy__stream_take(gy_stream *s, gy_str *ahead)
{
    struct gy__transport *t = s->t;
    forget_given(s);
    *ahead = gy_str_n(s->in.data, s->in.len);
    gy__free(s);
    return t;
}

gy_stream *gy_stream_open(int fd, const gy_stream_opts *opts)
{
    struct gy__transport *t;
    gy_loop *loop = gy_loop_current();
    if (!loop || gy__transport_socket_new(loop, fd, &t)) {
        close(fd);
        return NULL;
    }
    return gy__stream_new(t, gy_str_n(NULL, 0), opts);
}

int gy_stream_pair(gy_stream *out[2], size_t capacity)
{
    struct gy__transport *t[2];
    gy_loop *loop = gy_loop_current();
    if (!loop)
        return GY_ENOTASK;
    int e = gy__transport_memory_pair(loop, capacity, t);
    if (e)
        return e;
    out[0] = gy__stream_new(t[0], gy_str_n(NULL, 0), NULL);
    out[1] = gy__stream_new(t[1], gy_str_n(NULL, 0), NULL);
    if (out[0] && out[1])
        return 0;
    gy_stream_close(out[0]);
    gy_stream_close(out[1]);
    return GY_ENOMEM;
}

static void release(gy_stream *s)
{
    s->t->ops->close(s->t);
    gy__buf_done(&s->in);
    gy__free(s);
}

/* Tasks that still wait on it see the error when they go on, and the last of them frees it. */
void gy_stream_close(gy_stream *s)
{
    if (!s || s->closing)
        return;
    s->read_error = s->write_error = GY_ECLOSED;
    s->closing = s->reading || s->writing;
    if (s->closing)
        gy__io_unwatch(s->t->loop, &s->t->io);
    else
        release(s);
}

static bool closed_meanwhile(gy_stream *s)
{
    if (!s->closing)
        return false;
    if (!s->reading && !s->writing)
        release(s);
    return true;
}

static int begin_read(gy_stream *s)
{
    if (s->reading)
        return GY_EBUSY;
    /* What came before the end may still be read. */
    if (s->read_error && s->read_error != GY_EOF)
        return s->read_error;
    forget_given(s);
    return 0;
}

/* Read more into the buffer, waiting for at least a byte. */
static int fill(gy_stream *s, size_t want)
{
    if (s->read_error)
        return s->read_error;
    size_t room = s->in.max - s->in.len;
    if (want < READ_AT_ONCE)
        want = READ_AT_ONCE;
    int e = gy__buf_need(&s->in, want < room ? want : room);
    if (!e && room == 0)
        e = GY_ETOOBIG;
    if (e)
        return s->read_error = e;
    s->reading = true;
    ssize_t n = gy__transport_read(s->t, s->in.data + s->in.len, s->in.cap - s->in.len,
                                   gy__deadline_in(gy__clock_now(), s->read_timeout));
    s->reading = false;
    if (closed_meanwhile(s))
        return GY_ECLOSED;
    if (n > 0) {
        s->in.len += (size_t)n;
        return 0;
    }
    e = n == 0 ? GY_EOF : (int)n;
    /* A wait that was cut short has lost nothing: the stream may be read again. */
    if (n == 0 || (e != GY_ETIMEDOUT && e != GY_ECANCELED))
        s->read_error = e;
    return e;
}

static int give(gy_stream *s, size_t n, gy_str *out)
{
    s->given = n;
    if (n < s->in.len) {
        s->under = s->in.data[n];
        s->cut = true;
    }
    if (s->in.data)
        s->in.data[n] = '\0';
    *out = gy_str_n(s->in.data ? s->in.data : "", n);
    return 0;
}

int gy_stream_read(gy_stream *s, size_t max, gy_str *out)
{
    int e = begin_read(s);
    while (!e && s->in.len == 0)
        e = fill(s, max);
    return e ? e : give(s, s->in.len < max ? s->in.len : max, out);
}

int gy_stream_read_exact(gy_stream *s, size_t n, gy_str *out)
{
    int e = begin_read(s);
    if (!e && n > s->in.max)
        return GY_ETOOBIG;
    while (!e && s->in.len < n)
        e = fill(s, n - s->in.len);
    return e ? e : give(s, n, out);
}

int gy_stream_read_until(gy_stream *s, const char *mark, size_t max, gy_str *out)
{
    size_t m = strlen(mark);
    size_t seen = 0; /* the mark does not begin before this */
    int e = begin_read(s);
    while (!e && m > 0) {
        const char *hit =
            s->in.len > seen ? memmem(s->in.data + seen, s->in.len - seen, mark, m) : NULL;
        size_t end = hit ? (size_t)(hit - s->in.data) + m : 0;
        if (end > max || (!hit && s->in.len >= max))
            return s->read_error = GY_ETOOBIG;
        if (hit)
            return give(s, end, out);
        seen = s->in.len >= m ? s->in.len - m + 1 : 0;
        e = fill(s, 0);
    }
    return e ? e : GY_EINVAL;
}

int gy_stream_read_all(gy_stream *s, size_t max, gy_str *out)
{
    int e = begin_read(s);
    while (!e) {
        if (s->in.len > max)
            return s->read_error = GY_ETOOBIG;
        e = fill(s, 0);
    }
    if (e != GY_EOF)
        return e;
    return s->in.len > max ? GY_ETOOBIG : give(s, s->in.len, out);
}

int gy_stream_writev(gy_stream *s, const struct iovec *iov, int count)
{
    if (s->write_error)
        return s->write_error;
    if (s->writing)
        return GY_EBUSY;
    int64_t stall = s->write_timeout > 0 ? gy__seconds(s->write_timeout) : INT64_MAX;
    s->writing = true;
    int e = gy__transport_write(s->t, iov, count, stall);
    s->writing = false;
    if (closed_meanwhile(s))
        return GY_ECLOSED;
    /* Nobody knows how much of it has gone. */
    return s->write_error = e;
}

int gy_stream_write(gy_stream *s, const void *data, size_t len)
{
    struct iovec one = {.iov_base = (void *)(uintptr_t)data, .iov_len = len};
    return gy_stream_writev(s, &one, 1);
}

int gy_stream_write_str(gy_stream *s, gy_str data)
{
    return gy_stream_write(s, data.ptr, data.len);
}

int gy_stream_shutdown(gy_stream *s)
{
    int e = s->write_error ? s->write_error : s->t->ops->shutdown(s->t);
    if (!s->write_error)
        s->write_error = GY_ESHUTDOWN;
    return e;
}

int gy_stream_fd(const gy_stream *s)
{
    return s->t->io.fd;
}
