/* SPDX-License-Identifier: MIT */
/* stream_state.c - what a stream is doing, and being told when it ends. */

#include <errno.h>
#include <gyre/error.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "net/stream.h"

int gy_stream_fd(const gy_stream *s)
{
    return s->t->io.fd;
}

bool gy_stream_is_closed(const gy_stream *s)
{
    return s->read_error && s->write_error;
}

bool gy_stream_is_reading(const gy_stream *s)
{
    return s->reading;
}

bool gy_stream_is_writing(const gy_stream *s)
{
    return s->writing;
}

void gy__stream_tell_closed(gy_stream *s, int code)
{
    void (*fn)(void *, int) = s->on_close;
    s->on_close = NULL;
    if (fn)
        fn(s->on_close_arg, code);
}

static int code_of(unsigned events)
{
    return events & GY__ERR ? GY_ECLOSED : GY_EOF;
}

static void on_event(struct gy__io *io, unsigned events)
{
    gy_stream *s = gy_of(io, struct gy__transport, io)->owner;
    if (events & (GY__HUP | GY__ERR))
        gy__stream_tell_closed(s, code_of(events));
}

/* Why reading has ended, or 0. That a pipe never had that half is no end. */
static int end_of_reading(const gy_stream *s)
{
    return s->read_error == -EBADF ? 0 : s->read_error;
}

static void tell_late(void *arg)
{
    gy_stream *s = arg;
    int e = end_of_reading(s);
    gy__stream_tell_closed(s, e ? e : code_of(s->t->io.ready));
}

void gy_stream_on_close(gy_stream *s, void (*fn)(void *arg, int code), void *arg)
{
    bool over = end_of_reading(s) || (s->t->io.ready & (GY__HUP | GY__ERR));
    s->on_close = fn;
    s->on_close_arg = arg;
    s->t->owner = s;
    s->t->io.on_event = fn ? on_event : NULL;
    if (fn && over)
        gy_timer_set(s->t->loop, &s->told, 0, tell_late, s);
    else
        gy_timer_cancel(s->t->loop, &s->told);
}

int gy_stream_set_delay(gy_stream *s, bool delay)
{
    int no_delay = !delay;
    if (setsockopt(s->t->io.fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, sizeof no_delay) == 0)
        return 0;
    return errno == EOPNOTSUPP || errno == ENOTSOCK || errno == EBADF || errno == ENOPROTOOPT
               ? 0
               : -errno;
}
