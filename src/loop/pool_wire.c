/* SPDX-License-Identifier: MIT */
/* pool_wire.c - what goes over the sockets of a pool of processes. */

#include "loop/pool_wire.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

union control {
    struct cmsghdr head;
    char room[CMSG_SPACE(sizeof(int))];
};

ssize_t gy__wire_send(int fd, struct iovec *iov, size_t n, int passed, int flags)
{
    union control c;
    struct msghdr m = {.msg_iov = iov, .msg_iovlen = n};
    memset(&c, 0, sizeof c);
    if (passed >= 0) {
        c.head.cmsg_level = SOL_SOCKET;
        c.head.cmsg_type = SCM_RIGHTS;
        c.head.cmsg_len = CMSG_LEN(sizeof passed);
        memcpy(CMSG_DATA(&c.head), &passed, sizeof passed);
        m.msg_control = &c;
        m.msg_controllen = sizeof c;
    }
    ssize_t sent;
    do
        sent = sendmsg(fd, &m, flags | MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent;
}

ssize_t gy__wire_receive(int fd, struct iovec *iov, size_t n, int *passed, int flags)
{
    union control c;
    struct msghdr m = {
        .msg_iov = iov, .msg_iovlen = n, .msg_control = &c, .msg_controllen = sizeof c};
    ssize_t got;
    *passed = -1;
    do
        got = recvmsg(fd, &m, flags | MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    struct cmsghdr *head = got < 0 ? NULL : CMSG_FIRSTHDR(&m);
    if (head && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS &&
        head->cmsg_len == CMSG_LEN(sizeof *passed))
        memcpy(passed, CMSG_DATA(head), sizeof *passed);
    return got;
}

ssize_t gy__wire_peek(int fd, void *to, size_t size)
{
    return recv(fd, to, size, MSG_PEEK | MSG_DONTWAIT);
}
