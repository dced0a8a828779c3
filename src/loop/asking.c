/* SPDX-License-Identifier: MIT */
/* asking.c - a thread that holds its loop is asked by a signal what it does. */

#include "loop/asking.h"

#include <errno.h>
#include <gyre/error.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/clock.h"
#include "loop/state.h"
#include "loop/task.h"

/* How long an answer may take: it waits for the thread to be scheduled, no more. The unwinder needs
 * some KiB of stack, which an alternate one that the program has given may not have. */
enum { PATIENCE_NS = 500 * GY__NS_PER_MS, STACK_NEEDED = 24 * 1024 };

/* One question at a time. It is open for the thread with this id, or in the state of one of these. */
enum { NOBODY = 0, ANSWERING = -1 };

static struct {
    atomic_int whom;
    gy_loop *loop;
    struct gy__answer answer;
    sem_t given;
} asked;

static void copy_name(char to[GY__ASKED_NAME], const char *name)
{
    size_t n = 0;
    for (; name[n] && n < GY__ASKED_NAME - 1; n++)
        to[n] = name[n];
    to[n] = '\0';
}

/* On the loop's own thread: nothing of the loop changes meanwhile. */
static void describe(const gy_loop *loop, struct gy__answer *a)
{
    const gy_task *t = loop->current;
    int64_t now = gy__clock_now();
    copy_name(a->name, t ? gy_task_name(t) : "");
    a->id = gy_task_id(t);
    a->beats = atomic_load_explicit(&loop->beat.count, memory_order_relaxed);
    a->task_age = t ? now - t->began : 0;
    a->turn_age = now - loop->now;
}

static void answer(const ucontext_t *interrupted)
{
    size_t stack = interrupted->uc_stack.ss_size;
    bool is_alternate = !(interrupted->uc_stack.ss_flags & SS_DISABLE);
    describe(asked.loop, &asked.answer);
    asked.answer.at.count = 0;
    if (is_alternate && stack >= STACK_NEEDED)
        gy__backtrace_interrupted(&asked.answer.at);
    atomic_store_explicit(&asked.whom, NOBODY, memory_order_release);
    sem_post(&asked.given);
}

static void on_question(int signo, siginfo_t *info, void *context)
{
    int saved = errno;
    int me = (int)syscall(SYS_gettid);
    (void)signo;
    (void)info;
    if (atomic_compare_exchange_strong(&asked.whom, &me, ANSWERING))
        answer(context);
    errno = saved;
}

int gy__asking_prepare(void)
{
    struct sigaction now,
        action = {.sa_sigaction = on_question, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
    sigaction(SIGRTMAX - 1, NULL, &now);
    if ((now.sa_flags & SA_SIGINFO) && now.sa_sigaction == on_question)
        return 0;
    if (now.sa_handler != SIG_DFL)
        return GY_EBUSY;
    sem_init(&asked.given, 0, 0);
    gy__backtrace_prepare();
    sigfillset(&action.sa_mask);
    sigaction(SIGRTMAX - 1, &action, NULL);
    return 0;
}

void gy__asking_forget(void)
{
    atomic_store(&asked.whom, NOBODY);
    sem_init(&asked.given, 0, 0);
}

static bool wait_for_answer(void)
{
    int64_t until = gy__clock_real() + PATIENCE_NS;
    struct timespec ts = {.tv_sec = (time_t)(until / GY__NS_PER_S),
                          .tv_nsec = (long)(until % GY__NS_PER_S)};
    int e;
    while ((e = sem_clockwait(&asked.given, CLOCK_MONOTONIC, &ts)) && errno == EINTR)
        ;
    return e == 0;
}

/* True when it could be: else the answer is under way. */
static bool take_back(pid_t tid)
{
    int whom = tid;
    return atomic_compare_exchange_strong(&asked.whom, &whom, NOBODY);
}

int gy__ask(gy_loop *loop, pid_t tid, struct gy__answer *out)
{
    asked.loop = loop;
    atomic_store_explicit(&asked.whom, tid, memory_order_release);
    bool sent = syscall(SYS_tgkill, getpid(), tid, SIGRTMAX - 1) == 0;
    /* When it could not be sent, one that came too late the last time may still answer. */
    if (!sent || !wait_for_answer()) {
        if (take_back(tid))
            return sent ? GY_ETIMEDOUT : GY_ENOTFOUND;
        while (sem_wait(&asked.given) && errno == EINTR)
            ;
    }
    atomic_load_explicit(&asked.whom, memory_order_acquire);
    *out = asked.answer;
    return 0;
}
