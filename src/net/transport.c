/* SPDX-License-Identifier: MIT */
/* transport.c - reading and writing a transport, with waiting. */

#include "net/transport.h"

#include <errno.h>
#include <gyre/error.h>

#include "base/clock.h"
#include "loop/state.h"
#include "loop/wait.h"

int gy__transport_error(ssize_t error)
{
    switch (-error) {
    case EPIPE:
    case ECONNRESET:
    case ECONNABORTED:
    case ENOTCONN:
        return GY_ECLOSED;
    default:
        return (int)error;
    }
}

/* After so many bytes it is the others' turn: a peer that is always ready would hold the loop, and
 * copying megabytes takes milliseconds also when they come in small pieces. */
enum { TURN = 64 * 1024 };

static int take_turns(struct gy__transport *t)
{
    if (t->burst < TURN)
        return 0;
    t->burst = 0;
    return gy__park_polled();
}

/* Rare, and what is waited for may be met by another task, or by nobody: looked for again soon. */
#define SOON_NS ((int64_t)20 * 1000 * 1000)

static int wait_or_look(struct gy__io *io, unsigned bit, int64_t deadline, bool look,
                        const char *what)
{
    int64_t soon = look ? gy__clock_now() + SOON_NS : INT64_MAX;
    if (soon >= deadline)
        return gy__io_wait(io, bit, deadline, what);
    int e = gy__io_wait(io, bit, soon, what);
    return e == GY_ETIMEDOUT ? 0 : e;
}

ssize_t gy__transport_try_read(struct gy__transport *t, void *buf, size_t size)
{
    ssize_t n = t->ops->read(t, buf, size);
    if (n > 0) {
        t->burst += (size_t)n;
        /* A short read has emptied the socket: the next bytes will be told anew. The end that was
         * told already will not. */
        if ((size_t)n < size && !(t->io.ready & GY__HUP))
            t->io.ready &= (uint8_t)~GY__IN;
        return n;
    }
    if (n == -EAGAIN)
        t->io.ready &= (uint8_t) ~(GY__IN | GY__HUP);
    return n == 0 || n == -EAGAIN ? n : gy__transport_error(n);
}

ssize_t gy__transport_read(struct gy__transport *t, void *buf, size_t size, int64_t deadline)
{
    for (;;) {
        int e = take_turns(t);
        if (!e)
            e = wait_or_look(&t->io, GY__IN, deadline, t->unended, "bytes to read");
        ssize_t n = e ? e : gy__transport_try_read(t, buf, size);
        if (n != -EAGAIN)
            return n;
    }
}

/* A step of a write: so many pieces and bytes at most. */
enum { PIECES = 16, STEP = 256 * 1024 };

/* The next step without what was [skip]ped. */
static int rest_of(const struct iovec *iov, int count, size_t skip, struct iovec out[PIECES])
{
    int n = 0;
    size_t room = STEP;
    for (int i = 0; i < count && n < PIECES && room; i++) {
        if (skip >= iov[i].iov_len) {
            skip -= iov[i].iov_len;
            continue;
        }
        size_t len = iov[i].iov_len - skip;
        out[n].iov_base = (char *)iov[i].iov_base + skip;
        out[n].iov_len = len < room ? len : room;
        room -= out[n++].iov_len;
        skip = 0;
    }
    return n;
}

/* [since] is when nothing moved for the first time, or 0. */
static int wait_for_room(struct gy__transport *t, int64_t stall, int64_t *since)
{
    int64_t now = gy__clock_now();
    if (!*since)
        *since = now;
    int64_t until = stall > INT64_MAX - *since ? INT64_MAX : *since + stall;
    t->io.ready &= (uint8_t)~GY__OUT;
    return wait_or_look(&t->io, GY__OUT, until, t->crossed, "room to write");
}

int gy__transport_write(struct gy__transport *t, const struct iovec *iov, int count, int64_t stall)
{
    struct iovec part[PIECES];
    size_t done = 0;
    int64_t since = 0;
    for (;;) {
        int n = rest_of(iov, count, done, part);
        if (n == 0)
            return 0;
        int e = take_turns(t);
        if (e)
            return e;
        /* Try first: the bytes nearly always fit. */
        ssize_t wrote = t->ops->writev(t, part, n);
        if (wrote >= 0) {
            done += (size_t)wrote;
            t->burst += (size_t)wrote;
            since = 0;
            continue;
        }
        e = wrote == -EAGAIN ? wait_for_room(t, stall, &since) : gy__transport_error(wrote);
        if (e)
            return e;
    }
}
