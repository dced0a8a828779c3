/* SPDX-License-Identifier: MIT */
/* instrument.h - what sanitizers and valgrind must be told about stacks and switches. */
#ifndef GYRE_LOOP_INSTRUMENT_H
#define GYRE_LOOP_INSTRUMENT_H

#include <stddef.h>

#if defined(__SANITIZE_ADDRESS__)
#define GY__ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define GY__ASAN 1
#endif
#endif

#if defined(__SANITIZE_THREAD__)
#define GY__TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define GY__TSAN 1
#endif
#endif

/* Instrumented code needs larger frames. */
#if defined(GY__ASAN) || defined(GY__TSAN)
enum { GY__STACK_SCALE = 4 };
#else
enum { GY__STACK_SCALE = 1 };
#endif

/* One for each stack that is switched to, the thread's own included. */
struct gy__instrument {
    const void *stack_low;
    size_t stack_size;
    void *fake_stack;
    void *tsan_fiber;
    unsigned valgrind_id;
};

#ifdef GY__ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

#ifdef GY__TSAN
#include <sanitizer/tsan_interface.h>
#endif

#if defined(__has_include)
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#endif
#endif

static inline void gy__instrument_stack(struct gy__instrument *i, void *low, size_t size)
{
    i->stack_low = low;
    i->stack_size = size;
    i->fake_stack = NULL;
    i->tsan_fiber = NULL;
    i->valgrind_id = 0;
#ifdef VALGRIND_STACK_REGISTER
    i->valgrind_id = VALGRIND_STACK_REGISTER(low, (char *)low + size);
#endif
#ifdef GY__TSAN
    i->tsan_fiber = __tsan_create_fiber(0);
#endif
}

/* The stack that calls; its bounds are learnt at each switch away from it. */
static inline void gy__instrument_thread(struct gy__instrument *i)
{
    i->stack_low = NULL;
    i->stack_size = 0;
    i->fake_stack = NULL;
    i->tsan_fiber = NULL;
    i->valgrind_id = 0;
#ifdef GY__TSAN
    i->tsan_fiber = __tsan_get_current_fiber();
#endif
}

/* The same before each switch from it: a loop may turn on another thread, or in a task of another loop. */
static inline void gy__instrument_here(struct gy__instrument *i)
{
    (void)i;
#ifdef GY__TSAN
    i->tsan_fiber = __tsan_get_current_fiber();
#endif
}

static inline void gy__instrument_forget(struct gy__instrument *i)
{
    (void)i;
#ifdef VALGRIND_STACK_DEREGISTER
    VALGRIND_STACK_DEREGISTER(i->valgrind_id);
#endif
#ifdef GY__TSAN
    __tsan_destroy_fiber(i->tsan_fiber);
#endif
}

/* Around each switch: before on the stack that is left, after on the one that is entered. */
static inline void gy__instrument_leave(struct gy__instrument *from, struct gy__instrument *to)
{
    (void)from;
    (void)to;
#ifdef GY__ASAN
    __sanitizer_start_switch_fiber(&from->fake_stack, to->stack_low, to->stack_size);
#endif
#ifdef GY__TSAN
    __tsan_switch_to_fiber(to->tsan_fiber, 0);
#endif
}

static inline void gy__instrument_enter(struct gy__instrument *self,
                                        struct gy__instrument *came_from)
{
    (void)self;
    (void)came_from;
#ifdef GY__ASAN
    const void *low = NULL;
    size_t size = 0;
    __sanitizer_finish_switch_fiber(self->fake_stack, &low, &size);
    came_from->stack_low = low;
    came_from->stack_size = size;
#endif
}

/* A stack that is used again must not keep the poison of frames that are gone. */
static inline void gy__instrument_unpoison(const void *low, size_t size)
{
    (void)low;
    (void)size;
#ifdef GY__ASAN
    __asan_unpoison_memory_region(low, size);
#endif
}

#endif
