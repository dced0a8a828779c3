/* SPDX-License-Identifier: MIT */
/* pcre.c - regular expressions as all of gyre uses them: our memory, bounded time. */
#include "codec/pcre.h"

#include <gyre/error.h>
#include <stdio.h>

#include "base/alloc.h"

#if defined(__has_include)
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#endif
#endif
#ifndef RUNNING_ON_VALGRIND
#define RUNNING_ON_VALGRIND 0
#endif

enum { MATCH_LIMIT = 100000, DEPTH_LIMIT = 2000, HEAP_LIMIT_KIB = 256 };

static void *take(size_t size, void *arg)
{
    (void)arg;
    return gy__alloc(size);
}

static void give_back(void *p, void *arg)
{
    (void)arg;
    gy__free(p);
}

static int describe(int code, size_t at, char why[GY__PCRE_WHY])
{
    PCRE2_UCHAR text[128];
    if (code == PCRE2_ERROR_HEAP_FAILED || code == PCRE2_ERROR_NOMEMORY)
        return GY_ENOMEM;
    pcre2_get_error_message(code, text, sizeof text);
    snprintf(why, GY__PCRE_WHY, "regular expression, position %zu: %s", at, (const char *)text);
    return GY_EINVAL;
}

int gy__pcre_compile(gy_str text, uint32_t flags, uint32_t jit, pcre2_code **out,
                     char why[GY__PCRE_WHY])
{
    pcre2_general_context *memory = pcre2_general_context_create(take, give_back, NULL);
    pcre2_compile_context *context = memory ? pcre2_compile_context_create(memory) : NULL;
    int e = GY_ENOMEM;
    *out = NULL;
    if (context) {
        int code;
        PCRE2_SIZE at;
        *out = pcre2_compile((PCRE2_SPTR)text.ptr, text.len, flags, &code, &at, context);
        e = *out ? 0 : describe(code, at, why);
    }
    /* Where memory may not be executable matching is slower, and otherwise the same. Compiled code
     * looks at bytes behind the subject without heeding them, which valgrind cannot know. */
    if (!e && !RUNNING_ON_VALGRIND)
        pcre2_jit_compile(*out, jit);
    pcre2_compile_context_free(context);
    pcre2_general_context_free(memory);
    return e;
}

pcre2_match_context *gy__pcre_limits(pcre2_general_context *memory)
{
    pcre2_general_context *ours =
        memory ? NULL : pcre2_general_context_create(take, give_back, NULL);
    pcre2_match_context *limits = NULL;
    if (memory || ours)
        limits = pcre2_match_context_create(memory ? memory : ours);
    pcre2_general_context_free(ours);
    if (!limits)
        return NULL;
    pcre2_set_match_limit(limits, MATCH_LIMIT);
    pcre2_set_depth_limit(limits, DEPTH_LIMIT);
    pcre2_set_heap_limit(limits, HEAP_LIMIT_KIB);
    return limits;
}
