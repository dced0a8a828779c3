/* SPDX-License-Identifier: MIT */
/* stream_tls.c - a plain stream that becomes a TLS one. */

#include <errno.h>
#include <gyre/error.h>

#include "base/clock.h"
#include "loop/state.h"
#include "net/stream.h"
#include "net/transport_tls.h"

/* The socket moves from the plain transport to one of TLS; TLS that is there carries the new one. */
static int move(gy_stream *s, gy_tls *tls)
{
    struct gy__transport *old = s->t, *t;
    gy_tls_info info;
    int fd = old->io.fd;
    bool carries = gy__transport_tls_info(old, &info);
    if (fd < 0)
        return -ENOTSOCK;
    void (*on_event)(struct gy__io *, unsigned) = old->io.on_event;
    gy__io_unwatch(old->loop, &old->io);
    int e = carries ? gy__transport_tls_over(old, tls, &t)
                    : gy__transport_tls_new(old->loop, fd, tls, &t);
    if (e) {
        old->io.on_event = on_event;
        (void)gy__io_watch(old->loop, &old->io);
        return e;
    }
    t->owner = old->owner;
    t->io.on_event = on_event;
    s->t = t;
    if (carries)
        return 0;
    old->io.fd = -1;
    old->ops->close(old);
    return 0;
}

int gy__stream_secure(gy_stream *s, gy_tls *tls, const char *host, const char *const *alpn,
                      double timeout, struct gy__why why)
{
    gy_str ahead;
    int64_t deadline = timeout > 0 ? gy__deadline_in(gy__clock_now(), timeout) : INT64_MAX;
    if (s->reading || s->writing)
        return GY_EBUSY;
    int e = gy__stream_begin_read(s);
    if (!e)
        e = s->write_error ? s->write_error : move(s, tls);
    if (e)
        return e;
    if (alpn)
        gy__transport_tls_prefer(s->t, alpn);
    ahead = gy_str_n(s->in.data, s->in.len);
    s->reading = s->writing = true; /* nobody else, meanwhile */
    e = gy__transport_tls_handshake(s->t, host, ahead, deadline, why);
    s->reading = s->writing = false;
    gy__buf_drop(&s->in, s->in.len);
    if (gy__stream_closed_meanwhile(s))
        return GY_ECLOSED;
    if (e)
        s->read_error = s->write_error = e;
    return e == GY_EPROTO ? GY_ETLS : e;
}

int gy_stream_start_tls(gy_stream *s, gy_tls *tls, const char *host, double timeout, char *why,
                        size_t size)
{
    struct gy__why w = {why, size};
    if (why && size)
        why[0] = '\0';
    /* Said in plain text, it would be taken for what a verified peer has said. */
    if (s->in.len > s->given)
        return GY_EINVAL;
    return gy__stream_secure(s, tls, host, NULL, timeout, w);
}

bool gy_stream_tls(const gy_stream *s, gy_tls_info *out)
{
    return gy__transport_tls_info(s->t, out);
}

gy_str gy_stream_certificate(gy_arena *arena, const gy_stream *s, bool pem)
{
    return gy__transport_tls_certificate(s->t, arena, pem);
}
