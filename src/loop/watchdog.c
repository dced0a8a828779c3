/* SPDX-License-Identifier: MIT */
/* watchdog.c - a thread that looks whether the loops of this process come round. */

#include "loop/watchdog.h"

#include <gyre/error.h>
#include <gyre/inspect.h>
#include <gyre/log.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "loop/asking.h"
#include "loop/backtrace_text.h"
#include "loop/stack.h"
#include "loop/state.h"
#include "loop/timer.h"

static gy_list loops = GY_LIST_INIT(loops);
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* over this and what follows */
static pthread_cond_t changed;
static int64_t threshold; /* ns; 0: nobody watches */
static pthread_t thread;
static bool running;

/* -- What is told -------------------------------------------------------------------------------- */

struct report {
    enum gy__verdict verdict;
    int64_t lasted;
    int code; /* of asking */
    char holder[160];
    struct gy__answer answer;
};

static void name_holder(struct report *r, pid_t tid)
{
    const struct gy__answer *a = &r->answer;
    size_t size = sizeof r->holder;
    if (r->code)
        snprintf(r->holder, size, "something on thread %d", (int)tid);
    else if (a->id)
        snprintf(r->holder, size, "task %llu \"%s\"", (unsigned long long)a->id, a->name);
    else
        snprintf(r->holder, size, "a callback");
}

static double seconds(int64_t ns)
{
    return (double)ns / GY__NS_PER_S;
}

static void log_held(const struct report *r)
{
    char where[3072] = "", age[64] = "";
    if (r->answer.id && !r->code)
        snprintf(age, sizeof age, ", which began %.3g s ago,", seconds(r->answer.task_age));
    if (r->code)
        snprintf(where, sizeof where, "it does not tell where (%s)", gy_strerror(r->code));
    else
        gy__backtrace_text(&r->answer.at, where, sizeof where);
    gy_log(GY_LOG_GENERAL, GY_LOG_WARNING, "%s%s has held its loop for %.3g s: %s", r->holder, age,
           seconds(r->lasted), where);
}

static void log_report(const struct report *r)
{
    if (r->verdict == GY__HELD)
        log_held(r);
    else
        gy_log(GY_LOG_GENERAL, GY_LOG_WARNING, "the loop goes on: %s held it for %.3g s", r->holder,
               seconds(r->lasted));
}

/* -- The thread ---------------------------------------------------------------------------------- */

static uint64_t beats_of(const gy_loop *loop)
{
    return atomic_load_explicit(&loop->beat.count, memory_order_relaxed);
}

/* False when it has let go before it was asked. Who was told before is still the one when there is no
 * answer now. */
static bool ask(gy_loop *loop, uint64_t beats, bool told_before, struct report *r)
{
    struct gy__watched *w = &loop->watched;
    int64_t now = gy__clock_real();
    pid_t tid = atomic_load_explicit(&w->tid, memory_order_relaxed);
    r->code = gy__ask(loop, tid, &r->answer);
    if ((r->code ? beats_of(loop) : r->answer.beats) != beats) {
        w->hold.told = told_before;
        return false;
    }
    if (!r->code)
        gy__hold_lasts(&w->hold, r->answer.turn_age, now);
    if (!r->code || !told_before)
        name_holder(r, tid);
    else
        memcpy(r->holder, w->holder, sizeof r->holder);
    memcpy(w->holder, r->holder, sizeof w->holder);
    return true;
}

/* True when there is something to tell of this loop. */
static bool look(gy_loop *loop, struct report *r)
{
    struct gy__watched *w = &loop->watched;
    uint64_t beats = beats_of(loop);
    bool away = atomic_load_explicit(&loop->beat.away, memory_order_relaxed) == beats;
    bool told_before = w->hold.told;
    r->verdict = gy__hold_look(&w->hold, beats, away, gy__clock_real(), threshold);
    if (r->verdict == GY__HELD && !ask(loop, beats, told_before, r))
        return false;
    if (r->verdict == GY__WENT_ON)
        memcpy(r->holder, w->holder, sizeof r->holder);
    r->lasted = w->hold.lasted;
    return r->verdict != GY__FINE;
}

static bool look_at_all(struct report *r)
{
    gy_list_each (it, &loops)
        if (look(gy_of(it, gy_loop, watched.link), r))
            return true;
    return false;
}

static int64_t next_pause(void)
{
    int64_t now = gy__clock_real(), pause = threshold / 2;
    gy_list_each (it, &loops) {
        int64_t p = gy__hold_pause(&gy_of(it, gy_loop, watched.link)->watched.hold, now, threshold);
        pause = p < pause ? p : pause;
    }
    return pause;
}

/* Who sleeps for longer than it meant to was stopped, or starved, and the loops with it: a debugger,
 * SIGSTOP, a machine that was suspended. That is nobody's fault. */
static void pause_thread(void)
{
    int64_t began = gy__clock_real(), due = began + next_pause();
    struct timespec ts = {.tv_sec = (time_t)(due / GY__NS_PER_S),
                          .tv_nsec = (long)(due % GY__NS_PER_S)};
    pthread_cond_timedwait(&changed, &lock, &ts);
    int64_t late = gy__clock_real() - due;
    if (late > threshold / 4)
        gy_list_each (it, &loops)
            gy__hold_skip(&gy_of(it, gy_loop, watched.link)->watched.hold, late);
}

static void *watch(void *arg)
{
    static struct report r; /* there is one such thread */
    (void)arg;
    pthread_setname_np(pthread_self(), "gyre watchdog");
    pthread_mutex_lock(&lock);
    while (threshold) {
        while (threshold && look_at_all(&r)) {
            pthread_mutex_unlock(&lock);
            log_report(&r);
            pthread_mutex_lock(&lock);
        }
        if (threshold)
            pause_thread();
    }
    pthread_mutex_unlock(&lock);
    return NULL;
}

/* Signals are for the other threads. */
static int start(void)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    running = pthread_create(&thread, NULL, watch, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return running ? 0 : GY_ENOMEM;
}

/* -- Forks --------------------------------------------------------------------------------------- */

static void before_fork(void)
{
    pthread_mutex_lock(&lock);
}

static void in_parent(void)
{
    pthread_mutex_unlock(&lock);
}

static void make_condition(void)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&changed, &attributes);
    pthread_condattr_destroy(&attributes);
}

/* The thread is not here, nor are the loops of use. */
static void in_child(void)
{
    gy_list_each_safe (it, &loops)
        gy_list_init(it);
    gy_list_init(&loops);
    running = false;
    make_condition();
    gy__asking_forget();
    pthread_mutex_unlock(&lock);
}

static void prepare(void)
{
    make_condition();
    pthread_atfork(before_fork, in_parent, in_child);
}

static void prepare_once(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, prepare);
}

/* -- Loops --------------------------------------------------------------------------------------- */

void gy__watched_add(gy_loop *loop)
{
    prepare_once();
    loop->watched.hold.looked = gy__clock_real();
    pthread_mutex_lock(&lock);
    gy_list_add(&loops, &loop->watched.link);
    if (threshold && !running)
        start();
    pthread_mutex_unlock(&lock);
}

void gy__watched_remove(gy_loop *loop)
{
    pthread_mutex_lock(&lock);
    gy_list_del(&loop->watched.link);
    pthread_mutex_unlock(&lock);
}

void gy__watched_moved(gy_loop *loop)
{
    loop->watched.turned_by = &gy__loop_tls;
    atomic_store_explicit(&loop->watched.tid, (int)syscall(SYS_gettid), memory_order_relaxed);
    gy__overflow_watch(); /* an alternate stack: signals cannot use those of tasks */
}

/* -- Settings ------------------------------------------------------------------------------------ */

static int begin(int64_t ns)
{
    int e = gy__asking_prepare();
    pthread_mutex_lock(&lock);
    if (!e && !running)
        e = start();
    if (!e)
        threshold = ns;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
    return e;
}

static void end(void)
{
    pthread_mutex_lock(&lock);
    bool was = running;
    threshold = 0;
    running = false;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
    if (was)
        pthread_join(thread, NULL);
}

int gy_watchdog(double threshold_seconds)
{
    if (!(threshold_seconds >= 0))
        return GY_EINVAL;
    prepare_once();
    if (threshold_seconds > 0)
        return begin(gy__seconds(threshold_seconds) + 1);
    end();
    return 0;
}
