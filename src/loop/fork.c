/* SPDX-License-Identifier: MIT */
/* fork.c - a loop stays with the process that made it. */

#include "loop/fork.h"

#include <pthread.h>
#include <stddef.h>

#include "loop/signal.h"
#include "loop/state.h"

unsigned gy__forks;

static void in_the_child(void)
{
    gy__forks++;
    gy__loop_tls = NULL;
    gy__signals_forget_all();
}

static void install(void)
{
    pthread_atfork(NULL, NULL, in_the_child);
}

void gy__forks_watch(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, install);
}
