/* SPDX-License-Identifier: MIT */
/* log_socket.c - datagrams to a log daemon that may come and go. */
#include "base/log_socket.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int join(struct gy__log_socket *s)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    _Static_assert(sizeof addr.sun_path >= sizeof s->path, "a path fits");
    memcpy(addr.sun_path, s->path, sizeof s->path);
    return connect(s->fd, (struct sockaddr *)&addr, sizeof addr) ? -errno : 0;
}

int gy__log_socket_open(struct gy__log_socket *s, const char *path)
{
    *s = (struct gy__log_socket){.fd = -1};
    if (strlen(path) >= sizeof s->path)
        return -ENAMETOOLONG;
    memcpy(s->path, path, strlen(path) + 1);
    s->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s->fd < 0)
        return -errno;
    int e = join(s);
    if (e)
        gy__log_socket_close(s);
    return e;
}

void gy__log_socket_close(struct gy__log_socket *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}

static int try_send(struct gy__log_socket *s, struct iovec *parts, size_t count)
{
    struct msghdr m = {.msg_iov = parts, .msg_iovlen = count};
    ssize_t n;
    do {
        n = sendmsg(s->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : 0;
}

/* A daemon that was started anew has a new socket under the old name. */
void gy__log_socket_send(struct gy__log_socket *s, struct iovec *parts, size_t count)
{
    int e = try_send(s, parts, count);
    if (e == -ECONNREFUSED || e == -ENOTCONN || e == -ECONNRESET || e == -EPIPE) {
        e = join(s);
        if (!e)
            e = try_send(s, parts, count);
    }
    if (e)
        gy__log_lost(&s->trouble, s->path, e);
    else
        gy__log_well(&s->trouble, s->path);
}
