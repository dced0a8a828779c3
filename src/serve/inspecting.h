/* SPDX-License-Identifier: MIT */
/* inspecting.h - what a process that serves tells about itself. */
#ifndef GYRE_SERVE_INSPECTING_H
#define GYRE_SERVE_INSPECTING_H

#include <gyre/loop.h>

struct gy__serving;

/* A watchdog, unless the options say no, and the tasks on SIGQUIT. What cannot be had is logged. */
void gy__inspecting_begin(const struct gy__serving *s, gy_loop *loop);
void gy__inspecting_end(const struct gy__serving *s, gy_loop *loop);

#endif
