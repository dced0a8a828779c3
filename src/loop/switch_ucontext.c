/* SPDX-License-Identifier: MIT */
/* switch_ucontext.c - the context switch for processors without one of their own. */

#include "loop/switch.h"

#include <signal.h>
#include <stdint.h>
#include <ucontext.h>

/* The context of one that does not run lies on its own stack, in the frame of its switch; that of a
 * new one at the top of its stack. */

static void first(unsigned entry_low, unsigned entry_high, unsigned arg_low, unsigned arg_high)
{
    uintptr_t entry = (uintptr_t)entry_low | (uintptr_t)((uint64_t)entry_high << 32);
    uintptr_t arg = (uintptr_t)arg_low | (uintptr_t)((uint64_t)arg_high << 32);
    ((gy__context_entry *)entry)((void *)arg);
}

void *gy__context_make(void *low, size_t size, gy__context_entry *entry, void *arg)
{
    uintptr_t top = ((uintptr_t)low + size - sizeof(ucontext_t)) & ~(uintptr_t)63;
    ucontext_t *c = (void *)top;
    uint64_t e = (uintptr_t)entry;
    uint64_t a = (uintptr_t)arg;
    getcontext(c);
    c->uc_stack.ss_sp = low;
    c->uc_stack.ss_size = top - (uintptr_t)low;
    c->uc_link = NULL;
    makecontext(c, (void (*)(void))first, 4, (unsigned)e, (unsigned)(e >> 32), (unsigned)a,
                (unsigned)(a >> 32));
    return c;
}

/* The signal mask is the thread's, as with the other switches, and not each context's own. */
void gy__context_switch(void **save, void *to)
{
    ucontext_t here, *there = to;
    *save = &here;
    pthread_sigmask(SIG_BLOCK, NULL, &there->uc_sigmask);
    swapcontext(&here, there);
}

bool gy__context_inspect(void *sp, void (*fn)(void *arg), void *arg)
{
    (void)sp;
    (void)fn;
    (void)arg;
    return false;
}
