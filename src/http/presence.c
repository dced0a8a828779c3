/* SPDX-License-Identifier: MIT */
/* presence.c - is the client of a waiting handler still there? */

#include <errno.h>
#include <gyre/error.h>

#include "http/connection.h"

/* A client that closes and one that has only finished sending look the same: both send an end. Any
 * byte tells them apart, since what was closed answers it with a reset. An interim response is made of
 * bytes that every HTTP/1.1 client expects at any time (RFC 9110 section 15.2). */
static bool ask(struct gy__work *w)
{
    static char interim[] = "HTTP/1.1 100 Continue\r\n\r\n";
    struct iovec all = {.iov_base = interim, .iov_len = sizeof interim - 1};
    struct gy__transport *t = w->conn->t;
    w->conn->asked = true;
    ssize_t n = t->ops->writev(t, &all, 1);
    return n == -EAGAIN || n == (ssize_t)all.iov_len;
}

/* HTTP/1.0 knows no interim responses; and a response that has begun asks by its next piece. */
static bool may_ask(const struct gy__work *w)
{
    return !w->conn->asked && !w->x.head_sent && w->x.head.minor == 1 && !w->out_len;
}

void gy__client_look(struct gy__work *w)
{
    struct gy__transport *t = w->conn->t;
    if (!w->in_handler || w->x.detach_wait || !t || t->io.reader || t->io.writer)
        return;
    if ((t->io.ready & GY__ERR) || (w->conn->ended && may_ask(w) && !ask(w)))
        gy__task_cancel_with(&w->task, GY_ECLOSED);
}
