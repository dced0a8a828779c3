/* SPDX-License-Identifier: MIT */
/* tcp_client.c - connecting to an address. */

#include <gyre/error.h>
#include <gyre/net.h>
#include <unistd.h>

#include "base/clock.h"
#include "loop/state.h"
#include "loop/wait.h"
#include "net/socket.h"
#include "net/stream.h"

static int finish(struct gy__transport *t, int64_t deadline)
{
    int e = gy__io_wait(&t->io, GY__OUT, deadline, "connect");
    return e ? e : gy__connect_result(t->io.fd);
}

int gy_connect(const char *address, const gy_connect_opts *opts, gy_stream **out)
{
    static const gy_connect_opts none;
    struct gy__addr to;
    struct gy__transport *t;
    gy_loop *loop = gy_loop_current();
    if (!opts)
        opts = &none;
    if (!gy_task_self())
        return GY_ENOTASK;
    int e = gy__addr_parse(address, &to);
    int fd = e ? e : gy__connect_start(&to);
    if (fd < 0)
        return fd;
    e = gy__transport_socket_new(loop, fd, &t);
    if (e) {
        close(fd);
        return e;
    }
    e = finish(t, gy__deadline_in(gy__clock_now(), opts->timeout));
    if (e) {
        t->ops->close(t);
        return e;
    }
    *out = gy__stream_new(t, gy_str_n(NULL, 0), &opts->stream);
    return *out ? 0 : GY_ENOMEM;
}
