/* SPDX-License-Identifier: MIT */
/* poller_kqueue_none.c - on a system without kqueue. */

#include <stddef.h>

#include "loop/poller.h"

const struct gy__poller_ops gy__poller_kqueue = {.name = "kqueue", .open = NULL};
