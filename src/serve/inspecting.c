/* SPDX-License-Identifier: MIT */
/* inspecting.c - what a process that serves tells about itself. */
#include "serve/inspecting.h"

#include <gyre/error.h>
#include <gyre/inspect.h>
#include <gyre/log.h>
#include <signal.h>

#include "serve/serving.h"

static void complain(const char *what, int e)
{
    if (e)
        gy_log(GY_LOG_GENERAL, GY_LOG_WARNING, "%s: %s", what, gy_strerror(e));
}

void gy__inspecting_begin(const struct gy__serving *s, gy_loop *loop)
{
    sigset_t quit;
    sigemptyset(&quit);
    sigaddset(&quit, SIGQUIT);
    if (s->opts.watchdog > 0)
        complain("no watchdog", gy_watchdog(s->opts.watchdog));
    complain("no tasks on SIGQUIT", gy_tasks_on_signal(loop, SIGQUIT));
    pthread_sigmask(SIG_UNBLOCK, &quit, NULL);
}

void gy__inspecting_end(const struct gy__serving *s, gy_loop *loop)
{
    complain("SIGQUIT", gy_tasks_on_signal(loop, 0));
    if (s->opts.watchdog > 0)
        complain("watchdog", gy_watchdog(0));
}
