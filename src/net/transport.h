/* SPDX-License-Identifier: MIT */
/* transport.h - the four functions under a stream: read, write, shut down, close. */
#ifndef GYRE_NET_TRANSPORT_H
#define GYRE_NET_TRANSPORT_H

#include <gyre/loop.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "loop/io.h"

struct gy__transport;

struct gy__transport_ops {
    /* None of them waits. The bytes moved, at least one; 0 at the end of what the peer sends (read);
     * -EAGAIN when nothing can be moved now; or another -errno. */
    ssize_t (*read)(struct gy__transport *t, void *buf, size_t size);
    ssize_t (*writev)(struct gy__transport *t, const struct iovec *iov, int count);
    /* Tell the peer that nothing more will be written. */
    int (*shutdown)(struct gy__transport *t);
    /* Give everything back, [t] itself too unless it lies in somebody's storage. */
    void (*close)(struct gy__transport *t);
};

struct gy__transport {
    const struct gy__transport_ops *ops;
    struct gy__io io;
    gy_loop *loop;
    void *owner;  /* for io.on_event */
    bool crossed; /* a write waits for what the peer sends, and not for room */
    bool unended; /* that nothing more will be written waits for room, to which a read sees */
    size_t burst; /* bytes moved since its task let the others go first */
};

/* A connected, non-blocking socket, in the caller's storage; takes [fd] on success. */
int gy__transport_socket_init(struct gy__transport *t, gy_loop *loop, int fd);

/* The same, allocated. */
int gy__transport_socket_new(gy_loop *loop, int fd, struct gy__transport **out);

/* Two ends in memory; [capacity] bytes fit in each direction. */
int gy__transport_memory_pair(gy_loop *loop, size_t capacity, struct gy__transport *out[2]);

/* Read what there is without waiting: the count, 0 at the end, -EAGAIN, or a negative code. */
ssize_t gy__transport_try_read(struct gy__transport *t, void *buf, size_t size);

/* Read what there is, at least one byte, waiting until [deadline] (ns on the loop's clock). The count;
 * 0 at the end; or a negative code. Suspends only when nothing is there. */
ssize_t gy__transport_read(struct gy__transport *t, void *buf, size_t size, int64_t deadline);

/* Write all pieces. Between two steps at most [stall] ns may pass (INT64_MAX: no limit). 0 or a
 * negative code: GY_ECLOSED when the peer has gone, GY_ETIMEDOUT when it takes nothing. */
int gy__transport_write(struct gy__transport *t, const struct iovec *iov, int count, int64_t stall);

/* When it is closed, drop what the peer has not taken: else the kernel would keep it for a peer that
 * takes nothing. Only sockets keep anything. */
void gy__transport_drop_unsent(struct gy__transport *t);

/* A broken connection is GY_ECLOSED however the kernel calls it. */
int gy__transport_error(ssize_t error);

#endif
