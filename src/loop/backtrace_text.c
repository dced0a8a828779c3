/* SPDX-License-Identifier: MIT */
/* backtrace_text.c - backtraces and addresses by the names of functions. */

#include "loop/backtrace_text.h"

#include <dlfcn.h>
#include <gyre/inspect.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void before_fork(void)
{
    pthread_mutex_lock(&lock);
}

static void after_fork(void)
{
    pthread_mutex_unlock(&lock);
}

static void prepare(void)
{
    pthread_atfork(before_fork, after_fork, after_fork);
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* What the dynamic linker knows: the function when it is exported, else the file. */
static void ask_linker(const void *address, struct gy__symbol *s, char *out, size_t size)
{
    Dl_info info;
    if (!dladdr(address, &info) || !info.dli_fname) {
        snprintf(out, size, "%p", address);
        return;
    }
    const char *name = info.dli_sname ? info.dli_sname : last_part(info.dli_fname);
    const void *start = info.dli_sname ? info.dli_saddr : info.dli_fbase;
    s->offset = (size_t)((const char *)address - (const char *)start);
    snprintf(out, size, "%s+%zu", name, s->offset);
}

/* What compilers add to the names of parts and copies of functions, and linkers of versions, is of no
 * use here. */
static int plain_length(const char *name)
{
    return (int)strcspn(name, ".@");
}

static void describe(const void *address, char *out, size_t size)
{
    struct gy__symbol s = {.function = NULL};
    size_t n = 0;
    gy__symbol_find(address, &s);
    if (s.function && plain_length(s.function))
        snprintf(out, size, "%.*s+%zu", plain_length(s.function), s.function, s.offset);
    else
        ask_linker(address, &s, out, size);
    n = strlen(out);
    if (s.file)
        snprintf(out + n, size - n, " (%s:%d)", last_part(s.file), s.line);
}

void gy_symbol(const void *address, char *out, size_t size)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    if (!size)
        return;
    pthread_once(&once, prepare);
    pthread_mutex_lock(&lock);
    describe(address, out, size);
    pthread_mutex_unlock(&lock);
}

void gy__backtrace_text(const struct gy__backtrace *b, char *out, size_t size)
{
    size_t n = 0;
    snprintf(out, size, "it is not known where");
    for (int i = 0; i < b->count; i++) {
        char name[GY__SYMBOL];
        gy_symbol(b->frames[i], name, sizeof name);
        if (n + strlen(name) + sizeof " <- " > size)
            return;
        n += (size_t)snprintf(out + n, size - n, "%s%s", i ? " <- " : "", name);
    }
}
