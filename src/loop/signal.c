/* SPDX-License-Identifier: MIT */
/* signal.c - signals as callbacks on a loop. */

#include "loop/signal.h"

#include <errno.h>
#include <gyre/error.h>
#include <signal.h>
#include <stdatomic.h>

#include "loop/mailbox.h"

/* The handler only marks the signal and rings the loop's bell, so it needs next to no stack and may
 * interrupt anything. */
static struct slot {
    _Atomic(gy_loop *) loop;
    atomic_int pending;
    gy_callback *fn;
    void *arg;
    struct sigaction before;
} slots[NSIG];

static void on_signal(int signo)
{
    gy_loop *loop = atomic_load(&slots[signo].loop);
    if (!loop)
        return;
    atomic_store(&slots[signo].pending, 1);
    gy__mailbox_ring(loop);
}

static int give_back(struct slot *s, int signo)
{
    int e = sigaction(signo, &s->before, NULL) ? -errno : 0;
    atomic_store(&s->loop, NULL);
    atomic_store(&s->pending, 0);
    return e;
}

int gy_loop_on_signal(gy_loop *loop, int signo, gy_callback *fn, void *arg)
{
    if (signo <= 0 || signo >= NSIG)
        return GY_EINVAL;
    struct slot *s = &slots[signo];
    gy_loop *holder = atomic_load(&s->loop);
    if (holder && holder != loop)
        return GY_EBUSY;
    if (!fn)
        return holder ? give_back(s, signo) : 0;
    s->fn = fn;
    s->arg = arg;
    if (holder)
        return 0;
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART | SA_ONSTACK};
    sigfillset(&action.sa_mask);
    atomic_store(&s->loop, loop);
    if (sigaction(signo, &action, &s->before) == 0)
        return 0;
    int e = -errno;
    atomic_store(&s->loop, NULL);
    return e;
}

void gy__signals_deliver(gy_loop *loop)
{
    for (int i = 1; i < NSIG; i++) {
        struct slot *s = &slots[i];
        if (atomic_load_explicit(&s->loop, memory_order_relaxed) != loop)
            continue;
        if (atomic_exchange(&s->pending, 0))
            s->fn(s->arg);
    }
}

void gy__signals_forget(gy_loop *loop)
{
    for (int i = 1; i < NSIG; i++)
        if (atomic_load(&slots[i].loop) == loop)
            give_back(&slots[i], i);
}
