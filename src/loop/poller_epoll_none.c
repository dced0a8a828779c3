/* SPDX-License-Identifier: MIT */
/* poller_epoll_none.c - on a system without epoll. */

#include <stddef.h>

#include "loop/poller.h"

const struct gy__poller_ops gy__poller_epoll = {.name = "epoll", .open = NULL};
