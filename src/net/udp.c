/* SPDX-License-Identifier: MIT */
/* udp.c - sending and receiving datagrams. */
#include "net/udp.h"

#include <gyre/error.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "loop/state.h"
#include "loop/task.h"
#include "loop/wait.h"
#include "loop/waiters.h"

/* After so many datagrams it is the others' turn: what comes without end would hold the loop. */
enum { TURN = 64, RETRY_NS = 5 * GY__NS_PER_MS };

void gy__udp_hold(gy_udp *u)
{
    u->users++;
}

void gy__udp_release(gy_udp *u)
{
    if (--u->users == 0 && u->closed)
        gy__free(u);
}

void gy_udp_close(gy_udp *u)
{
    if (!u)
        return;
    gy__udp_hold(u);
    gy__io_unwatch(u->loop, &u->io);
    gy__unix_file_remove(&u->file);
    close(u->io.fd);
    u->io.fd = -1;
    u->closed = true;
    if (u->sleeper)
        gy__wake(u->sleeper, GY_ECLOSED);
    gy__udp_release(u);
}

int gy_udp_fd(const gy_udp *u)
{
    return u->io.fd;
}

void gy__udp_adapt(bool both, struct gy__addr *a)
{
    if (!both || a->any.sa_family != AF_INET)
        return;
    struct sockaddr_in ip4 = a->ip4;
    memset(a, 0, sizeof *a);
    a->ip6.sin6_family = AF_INET6;
    a->ip6.sin6_port = ip4.sin_port;
    memset(&a->ip6.sin6_addr.s6_addr[10], 0xff, 2);
    memcpy(&a->ip6.sin6_addr.s6_addr[12], &ip4.sin_addr, 4);
    a->len = sizeof a->ip6;
}

/* -- One step, which does not wait ---------------------------------------------------------------- */

static ssize_t try_recv(gy_udp *u, void *buf, size_t size, char *from)
{
    struct gy__addr a;
    struct iovec piece = {.iov_base = buf, .iov_len = size};
    struct msghdr m = {.msg_name = &a,
                       .msg_namelen = offsetof(struct gy__addr, len),
                       .msg_iov = &piece,
                       .msg_iovlen = 1};
    ssize_t n;
    while ((n = recvmsg(u->io.fd, &m, 0)) < 0 && errno == EINTR)
        ;
    if (n < 0) {
        int e = -errno;
        if (e == -EAGAIN)
            u->io.ready &= (uint8_t) ~(GY__IN | GY__HUP | GY__ERR);
        return e;
    }
    if (from && m.msg_namelen == 0) {
        memcpy(from, "unix:", sizeof "unix:");
    } else if (from) {
        a.len = m.msg_namelen;
        gy__addr_print(&a, from);
    }
    return m.msg_flags & MSG_TRUNC ? GY_ETOOBIG : n;
}

static int try_send(gy_udp *u, const struct gy__addr *to, const void *data, size_t len)
{
    struct iovec piece = {.iov_base = (void *)(uintptr_t)data, .iov_len = len};
    struct msghdr m = {.msg_iov = &piece, .msg_iovlen = 1};
    struct gy__addr copy;
    if (to) {
        copy = *to;
        m.msg_name = &copy;
        m.msg_namelen = to->len;
    }
    ssize_t n;
    while ((n = sendmsg(u->io.fd, &m, MSG_NOSIGNAL)) < 0 && errno == EINTR)
        ;
    if (n >= 0)
        return 0;
    int e = -errno;
    if (e == -EAGAIN && (!u->local || u->connected))
        u->io.ready &= (uint8_t) ~(GY__OUT | GY__ERR);
    return e;
}

/* -- With waiting ---------------------------------------------------------------------------------- */

/* Also what need not wait refuses in a cancelled task: else one that always has something to receive
 * would never hear of it. */
static int before_step(gy_udp *u)
{
    gy_task *self = gy__self();
    int e = self ? gy__task_refusal(self) : 0;
    if (!e && self && ++u->burst >= TURN) {
        u->burst = 0;
        e = gy__park_polled();
    }
    return u->closed ? GY_ECLOSED : e;
}

static ssize_t recv_waiting(gy_udp *u, void *buf, size_t size, double timeout, char *from)
{
    int64_t until = gy__wait_until(timeout);
    int e = before_step(u);
    while (!e) {
        /* What is not ready is not asked, unless there is no time to be told. */
        if (timeout != 0 && (e = gy__io_wait(&u->io, GY__IN, until, "a datagram")))
            break;
        ssize_t n = u->closed ? GY_ECLOSED : try_recv(u, buf, size, from);
        if (n != -EAGAIN)
            return n;
        if (timeout == 0)
            e = GY_ETIMEDOUT;
    }
    return e;
}

ssize_t gy_udp_recv(gy_udp *u, void *buf, size_t size, double timeout, char from[GY_ADDRESS_MAX])
{
    if (u->io.reader)
        return GY_EBUSY;
    gy__udp_hold(u);
    ssize_t n = recv_waiting(u, buf, size, timeout, from);
    gy__udp_release(u);
    return n;
}

/* Nobody tells when the queue of a unix socket that is not our peer has room again, and a poller would say
 * all the time that there is. So it is time that is waited for. */
static int wait_for_other_queue(gy_udp *u)
{
    u->sleeper = gy__self();
    int e = gy__park("room for a datagram", gy__clock_now() + RETRY_NS);
    u->sleeper = NULL;
    return e == GY_ETIMEDOUT ? gy__task_refusal(gy__self()) : e;
}

static int wait_for_room(gy_udp *u)
{
    int e = u->local && !u->connected
                ? wait_for_other_queue(u)
                : gy__io_wait(&u->io, GY__OUT, INT64_MAX, "room for a datagram");
    return !e && u->closed ? GY_ECLOSED : e;
}

static int send_waiting(gy_udp *u, const struct gy__addr *to, const void *data, size_t len)
{
    int e = before_step(u);
    while (!e && (e = try_send(u, to, data, len)) == -EAGAIN)
        e = wait_for_room(u);
    return e;
}

static int send_it(gy_udp *u, const struct gy__addr *to, const void *data, size_t len)
{
    if (u->io.writer || u->sleeper)
        return GY_EBUSY;
    gy__udp_hold(u);
    int e = send_waiting(u, to, data, len);
    gy__udp_release(u);
    return e;
}

int gy_udp_send(gy_udp *u, const void *data, size_t len)
{
    return send_it(u, NULL, data, len);
}

int gy_udp_send_to(gy_udp *u, const char *to, const void *data, size_t len)
{
    struct gy__addr a;
    int e = u->connected ? GY_EINVAL : gy__addr_parse(to, &a);
    if (e)
        return e;
    gy__udp_adapt(u->both, &a);
    return send_it(u, &a, data, len);
}
