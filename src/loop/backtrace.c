/* SPDX-License-Identifier: MIT */
/* backtrace.c - where a thread, or a task that does not run, is in the code. */

#include "loop/backtrace.h"

#include <stdint.h>
#include <unwind.h>

#include "loop/fiber.h"
#include "loop/switch.h"

/* The frames that come first are those of looking; what is asked for begins behind one of these. */
enum begin { AT_ONCE, BEHIND_SIGNAL, BEHIND_SWITCH };

struct walk {
    struct gy__backtrace *b;
    enum begin begin;
};

static _Unwind_Reason_Code take_frame(struct _Unwind_Context *context, void *arg)
{
    struct walk *w = arg;
    int interrupted = 0; /* then the address is not one of return, and that of the code itself */
    uintptr_t at = _Unwind_GetIPInfo(context, &interrupted);
    uintptr_t function = _Unwind_GetRegionStart(context);
    if (w->begin == BEHIND_SIGNAL && interrupted)
        w->begin = AT_ONCE;
    if (w->begin == AT_ONCE) {
        if (!at || function == (uintptr_t)gy__fiber_main || w->b->count == GY__FRAMES)
            return _URC_END_OF_STACK;
        w->b->frames[w->b->count++] = (void *)(at - !interrupted);
    }
    if (w->begin == BEHIND_SWITCH && function == (uintptr_t)gy__context_inspect)
        w->begin = AT_ONCE;
    return _URC_NO_REASON;
}

static void walk(struct gy__backtrace *b, enum begin begin)
{
    struct walk w = {.b = b, .begin = begin};
    b->count = 0;
    _Unwind_Backtrace(take_frame, &w);
}

void gy__backtrace_prepare(void)
{
    struct gy__backtrace b;
    walk(&b, AT_ONCE);
}

void gy__backtrace_here(struct gy__backtrace *b)
{
    walk(b, AT_ONCE);
}

void gy__backtrace_interrupted(struct gy__backtrace *b)
{
    walk(b, BEHIND_SIGNAL);
    if (!b->count) /* some tools call handlers themselves, later */
        walk(b, AT_ONCE);
}

static void walk_behind_switch(void *arg)
{
    walk(arg, BEHIND_SWITCH);
}

void gy__backtrace_fiber(struct gy__backtrace *b, const struct gy__fiber *fiber)
{
    b->count = 0;
    gy__context_inspect(fiber->sp, walk_behind_switch, b);
}
