/* SPDX-License-Identifier: MIT */
/* transport.c - reading and writing a transport, with waiting. */

#include "net/transport.h"

#include <errno.h>
#include <gyre/error.h>

#include "loop/state.h"

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

ssize_t gy__transport_try_read(struct gy__transport *t, void *buf, size_t size)
{
    ssize_t n = t->ops->read(t, buf, size);
    if (n > 0) {
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
        int e = gy__io_wait(&t->io, GY__IN, deadline, "bytes to read");
        ssize_t n = e ? e : gy__transport_try_read(t, buf, size);
        if (n != -EAGAIN)
            return n;
    }
}

enum { PIECES = 16 };

/* The first [PIECES] pieces without what was [skip]ped. */
static int rest_of(const struct iovec *iov, int count, size_t skip, struct iovec out[PIECES])
{
    int n = 0;
    for (int i = 0; i < count && n < PIECES; i++) {
        if (skip >= iov[i].iov_len) {
            skip -= iov[i].iov_len;
            continue;
        }
        out[n].iov_base = (char *)iov[i].iov_base + skip;
        out[n++].iov_len = iov[i].iov_len - skip;
        skip = 0;
    }
    return n;
}

int gy__transport_write(struct gy__transport *t, const struct iovec *iov, int count, int64_t stall)
{
    struct iovec part[PIECES];
    size_t done = 0;
    for (;;) {
        int n = rest_of(iov, count, done, part);
        if (n == 0)
            return 0;
        /* Try first: the bytes nearly always fit. */
        ssize_t wrote = t->ops->writev(t, part, n);
        if (wrote >= 0) {
            done += (size_t)wrote;
            continue;
        }
        if (wrote != -EAGAIN)
            return gy__transport_error(wrote);
        t->io.ready &= (uint8_t)~GY__OUT;
        int64_t now = t->loop->now;
        int64_t deadline = stall > INT64_MAX - now ? INT64_MAX : now + stall;
        int e = gy__io_wait(&t->io, GY__OUT, deadline, "room to write");
        if (e)
            return e;
    }
}
