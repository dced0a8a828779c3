/* SPDX-License-Identifier: MIT */
/* transport_socket.c - the only file that reads and writes sockets. */

#include <errno.h>
#include <gyre/error.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "net/transport.h"

static ssize_t socket_read(struct gy__transport *t, void *buf, size_t size)
{
    ssize_t n;
    while ((n = recv(t->io.fd, buf, size, 0)) < 0 && errno == EINTR)
        ;
    return n < 0 ? -errno : n;
}

static ssize_t socket_writev(struct gy__transport *t, const struct iovec *iov, int count)
{
    ssize_t n;
    if (count == 1) { /* half the cost of sendmsg in the kernel's entry */
        while ((n = send(t->io.fd, iov->iov_base, iov->iov_len, MSG_NOSIGNAL)) < 0 &&
               errno == EINTR)
            ;
    } else {
        struct msghdr m = {.msg_iov = (struct iovec *)(uintptr_t)iov, .msg_iovlen = (size_t)count};
        while ((n = sendmsg(t->io.fd, &m, MSG_NOSIGNAL)) < 0 && errno == EINTR)
            ;
    }
    return n < 0 ? -errno : n;
}

static int socket_shutdown(struct gy__transport *t)
{
    return shutdown(t->io.fd, SHUT_WR) ? -errno : 0;
}

static void socket_close(struct gy__transport *t)
{
    int fd = t->io.fd;
    gy__io_unwatch(t->loop, &t->io);
    t->io.fd = -1;
    close(fd);
}

static void socket_free(struct gy__transport *t)
{
    socket_close(t);
    gy__free(t);
}

static const struct gy__transport_ops in_place = {.read = socket_read,
                                                  .writev = socket_writev,
                                                  .shutdown = socket_shutdown,
                                                  .close = socket_close};

static const struct gy__transport_ops allocated = {.read = socket_read,
                                                   .writev = socket_writev,
                                                   .shutdown = socket_shutdown,
                                                   .close = socket_free};

int gy__transport_socket_init(struct gy__transport *t, gy_loop *loop, int fd)
{
    *t = (struct gy__transport){.ops = &in_place, .loop = loop};
    gy__io_init(&t->io, fd);
    t->io.ready = 0; /* the poller tells at once what it is ready for */
    return gy__io_watch(loop, &t->io);
}

int gy__transport_socket_new(gy_loop *loop, int fd, struct gy__transport **out)
{
    struct gy__transport *t = gy__alloc(sizeof *t);
    if (!t)
        return GY_ENOMEM;
    int e = gy__transport_socket_init(t, loop, fd);
    if (e) {
        gy__free(t);
        return e;
    }
    t->ops = &allocated;
    *out = t;
    return 0;
}

void gy__transport_drop_unsent(struct gy__transport *t)
{
    struct linger at_once = {.l_onoff = 1};
    if (t->io.fd >= 0)
        setsockopt(t->io.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}
