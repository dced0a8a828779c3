/* SPDX-License-Identifier: MIT */
/* stream.c - buffered reading and writing over a transport. */

#include "net/stream.h"

#include <gyre/error.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "loop/state.h"
#include "loop/task.h"

enum { READ_AT_ONCE = 16 * 1024 };
#define MAX_BUFFER ((size_t)100 * 1024 * 1024)

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
    gy_stream_on_close(s, NULL, NULL);
    gy__stream_search_done(s);
    gy__free(s->peer);
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
    gy_timer_cancel(s->t->loop, &s->told);
    gy__stream_search_done(s);
    gy__free(s->peer);
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
    s->closing = true; /* who is told may close it too */
    gy__stream_tell_closed(s, GY_ECLOSED);
    s->closing = s->reading || s->writing;
    if (s->closing)
        gy__io_unwatch(s->t->loop, &s->t->io);
    else
        release(s);
}

bool gy__stream_closed_meanwhile(gy_stream *s)
{
    if (!s->closing)
        return false;
    if (!s->reading && !s->writing)
        release(s);
    return true;
}

int gy__stream_begin_read(gy_stream *s)
{
    if (s->reading)
        return GY_EBUSY;
    /* What came before the end may still be read. */
    if (s->read_error && s->read_error != GY_EOF)
        return s->read_error;
    forget_given(s);
    return 0;
}

/* Whether a wait ended because of who waited, with whichever code: nothing is known of the stream. */
static bool is_cut_short(int e)
{
    const gy_task *self = gy__self();
    return e == GY_ETIMEDOUT || e == GY_ECANCELED || e == GY_ENOTASK ||
           (self && e == gy__task_refusal(self));
}

ssize_t gy__stream_receive(gy_stream *s, void *buf, size_t size)
{
    if (s->read_error)
        return s->read_error;
    s->reading = true;
    ssize_t n =
        gy__transport_read(s->t, buf, size, gy__deadline_in(gy__clock_now(), s->read_timeout));
    s->reading = false;
    if (gy__stream_closed_meanwhile(s))
        return GY_ECLOSED;
    if (n > 0)
        return n;
    int e = n == 0 ? GY_EOF : (int)n;
    /* Then nothing is lost, and it may be read again. */
    if (n == 0 || !is_cut_short(e))
        s->read_error = e;
    return e;
}

/* Read more into the buffer, waiting for at least a byte. */
int gy__stream_fill(gy_stream *s, size_t want)
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
    ssize_t n = gy__stream_receive(s, s->in.data + s->in.len, s->in.cap - s->in.len);
    if (n < 0)
        return (int)n;
    s->in.len += (size_t)n;
    return 0;
}

int gy__stream_give(gy_stream *s, size_t n, gy_str *out)
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
    int e = gy__stream_begin_read(s);
    while (!e && s->in.len == 0)
        e = gy__stream_fill(s, max);
    return e ? e : gy__stream_give(s, s->in.len < max ? s->in.len : max, out);
}

int gy_stream_read_exact(gy_stream *s, size_t n, gy_str *out)
{
    int e = gy__stream_begin_read(s);
    if (!e && n > s->in.max)
        return GY_ETOOBIG;
    while (!e && s->in.len < n)
        e = gy__stream_fill(s, n - s->in.len);
    return e ? e : gy__stream_give(s, n, out);
}

ssize_t gy_stream_read_into(gy_stream *s, void *buf, size_t n, bool partial, size_t *got)
{
    int e = gy__stream_begin_read(s);
    size_t done = s->in.len < n ? s->in.len : n;
    if (e)
        return e;
    if (done)
        memcpy(buf, s->in.data, done);
    gy__buf_drop(&s->in, done);
    while (done < n && !(partial && done)) {
        ssize_t more = gy__stream_receive(s, (char *)buf + done, n - done);
        if (more < 0) {
            e = (int)more;
            break;
        }
        done += (size_t)more;
    }
    if (got)
        *got = done;
    return e ? e : (ssize_t)done;
}

int gy_stream_read_all(gy_stream *s, size_t max, gy_str *out)
{
    int e = gy__stream_begin_read(s);
    while (!e) {
        if (s->in.len > max)
            return s->read_error = GY_ETOOBIG;
        e = gy__stream_fill(s, 0);
    }
    if (e != GY_EOF)
        return e;
    return s->in.len > max ? GY_ETOOBIG : gy__stream_give(s, s->in.len, out);
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
    if (gy__stream_closed_meanwhile(s))
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
