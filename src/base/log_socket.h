/* SPDX-License-Identifier: MIT */
/* log_socket.h - datagrams to a log daemon that may come and go. */
#ifndef GYRE_BASE_LOG_SOCKET_H
#define GYRE_BASE_LOG_SOCKET_H

#include <gyre/export.h>
#include <sys/uio.h>

#include "base/log_trouble.h"

struct gy__log_socket {
    int fd;
    char path[108];
    struct gy__log_trouble trouble;
};

/* 0 or a negative errno. */
GY_CHECKED int gy__log_socket_open(struct gy__log_socket *s, const char *path);
void gy__log_socket_close(struct gy__log_socket *s);

/* Send one datagram; never waits. */
void gy__log_socket_send(struct gy__log_socket *s, struct iovec *parts, size_t count);

#endif
