/* SPDX-License-Identifier: MIT */
/* acceptor.h - taking connections off a listening socket. */
#ifndef GYRE_NET_ACCEPTOR_H
#define GYRE_NET_ACCEPTOR_H

#include <gyre/list.h>
#include <gyre/loop.h>
#include <stdbool.h>

#include "loop/io.h"
#include "net/addr.h"

struct gy__acceptor;

/* Takes [fd], which is non-blocking and close-on-exec. On the loop's own stack. */
typedef void gy__accept_fn(struct gy__acceptor *a, int fd);

struct gy__acceptor {
    gy_list link; /* for the owner */
    struct gy__io io;
    gy_loop *loop;
    gy__accept_fn *fn;
    void *owner;
    struct gy__addr from; /* where the connection that fn is given comes from */
    gy_timer retry;       /* while descriptors or memory are short */
    unsigned
        batch; /* taken at once; processes that share a socket take few, so that each gets some */
    bool paused, starved;
};

/* Start to accept on [fd], which is taken. 0 or a negative code. */
int gy__acceptor_open(struct gy__acceptor *a, gy_loop *loop, int fd, unsigned batch,
                      gy__accept_fn *fn, void *owner);

/* Accept no more for now, and go on. */
void gy__acceptor_pause(struct gy__acceptor *a);
void gy__acceptor_resume(struct gy__acceptor *a);

/* A connection was closed: if descriptors were short, one is free now. */
void gy__acceptor_freed(struct gy__acceptor *a);

/* With [last], first take what the kernel has already accepted for us. */
void gy__acceptor_close(struct gy__acceptor *a, bool last);

#endif
