/* SPDX-License-Identifier: MIT */
/* signal.c - signals as callbacks on a loop. */

#include "loop/signal.h"

#include <errno.h>
#include <gyre/error.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>

#include "loop/mailbox.h"

enum { SIGNALS = 64 };

/* The handler only marks the signal and rings the loop's bell, so it needs next to no stack and may
 * interrupt anything. Everything but [loop] belongs to that loop's thread. */
static struct slot {
    _Atomic(gy_loop *) loop;
    gy_callback *fn;
    void *arg;
    struct sigaction before;
} slots[SIGNALS + 1];

static atomic_ullong pending;    /* bit signo - 1 */
static atomic_uint in_a_handler; /* on whatever thread: a loop must not go away under one */

static unsigned long long bit(int signo)
{
    return 1ULL << (signo - 1);
}

static void on_signal(int signo)
{
    atomic_fetch_add(&in_a_handler, 1);
    gy_loop *loop = atomic_load(&slots[signo].loop);
    if (loop) {
        atomic_fetch_or(&pending, bit(signo));
        gy__mailbox_ring(loop);
    }
    atomic_fetch_sub(&in_a_handler, 1);
}

static int give_back(struct slot *s, int signo)
{
    int e = sigaction(signo, &s->before, NULL) ? -errno : 0;
    atomic_store(&s->loop, NULL);
    atomic_fetch_and(&pending, ~bit(signo));
    while (atomic_load(&in_a_handler))
        sched_yield();
    return e;
}

static int claim(struct slot *s, gy_loop *loop, int signo)
{
    gy_loop *none = NULL;
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART | SA_ONSTACK};
    sigfillset(&action.sa_mask);
    if (!atomic_compare_exchange_strong(&s->loop, &none, loop))
        return GY_EBUSY;
    if (sigaction(signo, &action, &s->before) == 0)
        return 0;
    int e = -errno;
    atomic_store(&s->loop, NULL);
    return e;
}

int gy_loop_on_signal(gy_loop *loop, int signo, gy_callback *fn, void *arg)
{
    if (signo <= 0 || signo > SIGNALS)
        return GY_EINVAL;
    struct slot *s = &slots[signo];
    bool mine = atomic_load(&s->loop) == loop;
    if (!fn)
        return mine ? give_back(s, signo) : 0;
    int e = mine ? 0 : claim(s, loop, signo);
    if (e)
        return e;
    s->fn = fn;
    s->arg = arg;
    return 0;
}

bool gy__signal_is_taken(int signo)
{
    return signo > 0 && signo <= SIGNALS && atomic_load(&slots[signo].loop);
}

void gy__signals_deliver(gy_loop *loop)
{
    unsigned long long come = atomic_load(&pending);
    while (come) {
        int signo = 1 + __builtin_ctzll(come);
        struct slot *s = &slots[signo];
        come &= come - 1;
        if (atomic_load(&s->loop) != loop)
            continue;
        if (atomic_fetch_and(&pending, ~bit(signo)) & bit(signo))
            s->fn(s->arg);
    }
}

void gy__signals_forget(gy_loop *loop)
{
    for (int i = 1; i <= SIGNALS; i++)
        if (atomic_load(&slots[i].loop) == loop)
            give_back(&slots[i], i);
}

void gy__signals_forget_all(void)
{
    atomic_store(&in_a_handler, 0);
    for (int i = 1; i <= SIGNALS; i++)
        if (atomic_load(&slots[i].loop))
            give_back(&slots[i], i);
}
