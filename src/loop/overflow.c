/* SPDX-License-Identifier: MIT */
/* overflow.c - a stack that overflows is reported with its task's name. */

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "loop/fiber.h"
#include "loop/instrument.h"
#include "loop/stack.h"
#include "loop/state.h"
#include "loop/task.h"

/* Room for the handlers of the program too: all that are on the alternate stack share it. */
enum { ALTERNATE = 64 * 1024 * GY__STACK_SCALE };

static struct sigaction before_segv, before_bus;
static pthread_key_t alternate_key;
static bool have_key;

static void put(char **at, char *end, const char *text)
{
    while (*text && *at < end)
        *(*at)++ = *text++;
}

static void put_number(char **at, char *end, size_t n)
{
    char digits[24];
    char *d = digits + sizeof digits;
    *--d = '\0';
    do
        *--d = (char)('0' + n % 10);
    while (n /= 10);
    put(at, end, d);
}

/* Only what is safe in a signal handler. */
static void report(const gy_task *t)
{
    char line[320];
    char *at = line;
    char *end = line + sizeof line - 1;
    put(&at, end, "gyre: stack overflow in task \"");
    put(&at, end, gy_task_name(t));
    put(&at, end, "\": its ");
    put_number(&at, end, t->fiber->stack.size / 1024);
    put(&at, end, " KiB are used up. Put large arrays elsewhere, or raise stack_size.");
    *at++ = '\n';
    ssize_t ignored = write(STDERR_FILENO, line, (size_t)(at - line));
    (void)ignored;
}

static void on_fault(int signo, siginfo_t *info, void *context)
{
    (void)context;
    gy_loop *loop = gy__loop_tls;
    gy_task *t = loop ? loop->current : NULL;
    if (t && t->fiber) {
        const char *at = info->si_addr;
        const char *low = t->fiber->stack.low;
        if (at < low + gy__page_size() && at >= low - gy__guard_size())
            report(t);
    }
    /* Go on to whoever was there before: a debugger's or sanitizer's handler, or the end. A fault
     * comes again by itself, a signal that somebody sent does not. */
    sigaction(signo, signo == SIGSEGV ? &before_segv : &before_bus, NULL);
    if (info->si_code <= 0)
        raise(signo);
}

static void free_alternate(void *slab)
{
    stack_t none = {.ss_flags = SS_DISABLE};
    sigaltstack(&none, NULL);
    gy__stack_slab_unmap(slab, ALTERNATE, 1);
}

static void install(void)
{
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    sigaction(SIGSEGV, &action, &before_segv);
    sigaction(SIGBUS, &action, &before_bus);
    have_key = pthread_key_create(&alternate_key, free_alternate) == 0;
}

void gy__overflow_watch(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, install);
    stack_t now;
    if (sigaltstack(NULL, &now) || !(now.ss_flags & SS_DISABLE))
        return;
    /* Without one an overflow still ends the process, only without its line. */
    void *slab = gy__stack_slab_map(ALTERNATE, 1);
    if (!slab)
        return;
    stack_t mine = {.ss_sp = gy__stack_of(slab, ALTERNATE, 0).low, .ss_size = ALTERNATE};
    if (!have_key || sigaltstack(&mine, NULL) || pthread_setspecific(alternate_key, slab))
        free_alternate(slab);
}

/* The main thread's keys are not cleaned by the system. */
__attribute__((destructor)) static void forget_alternate(void)
{
    void *p = have_key ? pthread_getspecific(alternate_key) : NULL;
    if (p) {
        pthread_setspecific(alternate_key, NULL);
        free_alternate(p);
    }
}
