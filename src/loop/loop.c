/* SPDX-License-Identifier: MIT */
/* loop.c - one turn: what is ready, what is due, what the poller brings. */

#include <errno.h>
#include <gyre/error.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "loop/signal.h"
#include "loop/state.h"
#include "loop/task.h"
#include "loop/wait.h"

_Thread_local gy_loop *gy__loop_tls __attribute__((tls_model("initial-exec")));

gy_loop *gy_loop_current(void)
{
    return gy__loop_tls;
}

gy_loop *gy_loop_new(void)
{
    gy_loop *loop = gy__zalloc(sizeof *loop);
    if (!loop)
        return errno = ENOMEM, NULL;
    loop->now = gy__clock_now();
    gy_list_init(&loop->ready);
    gy_list_init(&loop->fired);
    gy_list_init(&loop->tasks);
    loop->calls_end = &loop->calls;
    gy__fibers_init(&loop->fibers);
    gy__timers_init(&loop->timers, loop->now);
    int e = gy__poller_epoll_open(&loop->poller);
    if (!e && (e = gy__mailbox_open(loop)))
        loop->poller.ops->close(&loop->poller);
    if (e) {
        gy__free(loop);
        return errno = -e, NULL;
    }
    gy__overflow_watch();
    if (!gy__loop_tls)
        gy__loop_tls = loop;
    return loop;
}

void gy__loop_touch(gy_loop *loop)
{
    loop->now = gy__clock_now();
}

void gy__loop_set_idle(gy_loop *loop, bool (*idle)(void *arg, int64_t ns), void *arg)
{
    loop->idle = idle;
    loop->idle_arg = arg;
}

static void run_calls(gy_loop *loop)
{
    struct gy__mail *m = loop->calls;
    loop->calls = NULL;
    loop->calls_end = &loop->calls;
    while (m) {
        struct gy__mail *next = m->next;
        m->fn(m->arg);
        m = next;
    }
}

/* Only those that are ready now: who becomes ready meanwhile has the next turn. */
static void run_ready(gy_loop *loop)
{
    gy_list now;
    if (gy_list_empty(&loop->ready))
        return;
    now = loop->ready;
    now.next->prev = now.prev->next = &now;
    gy_list_init(&loop->ready);
    while (!gy_list_empty(&now)) {
        gy_task *t = gy_of(now.next, gy_task, link);
        gy_list_del(&t->link);
        gy__task_run(t);
    }
}

static void run_fired(gy_loop *loop)
{
    gy_list now;
    if (gy_list_empty(&loop->fired))
        return;
    now = loop->fired;
    now.next->prev = now.prev->next = &now;
    gy_list_init(&loop->fired);
    while (!gy_list_empty(&now)) {
        struct gy__fired *f = gy_of(now.next, struct gy__fired, link);
        unsigned events = f->events;
        f->events = 0;
        gy_list_del(&f->link);
        gy__io_fire(f->io, events);
    }
}

static bool has_work(const gy_loop *loop)
{
    return loop->calls || !gy_list_empty(&loop->ready) || !gy_list_empty(&loop->fired);
}

static int64_t timeout_ns(gy_loop *loop, int64_t most)
{
    if (has_work(loop) || atomic_load_explicit(&loop->stop, memory_order_relaxed))
        return 0;
    int64_t ns = gy__timers_timeout(&loop->timers, loop->now);
    return ns < 0 || (most >= 0 && most < ns) ? most : ns;
}

/* When there is only time to wait for, a test's clock may go on by itself. */
static int wait_for_events(gy_loop *loop, int64_t ns)
{
    const struct gy__poller_ops *ops = loop->poller.ops;
    if (ns > 0 && loop->idle) {
        int e = ops->wait(&loop->poller, 0, &loop->now);
        if (e || has_work(loop))
            return e;
        if (loop->idle(loop->idle_arg, ns)) {
            loop->now = gy__clock_now();
            return 0;
        }
    }
    return ops->wait(&loop->poller, ns, &loop->now);
}

static int turn(gy_loop *loop, int64_t most)
{
    int e = wait_for_events(loop, timeout_ns(loop, most));
    run_fired(loop);
    gy__timers_run(loop, loop->now);
    run_calls(loop);
    run_ready(loop);
    return e;
}

static void enter(gy_loop *loop)
{
    loop->outer = gy__loop_tls == loop ? NULL : gy__loop_tls;
    gy__loop_tls = loop;
    loop->now = gy__clock_now();
}

static void leave(gy_loop *loop)
{
    if (loop->outer)
        gy__loop_tls = loop->outer;
    loop->outer = NULL;
}

int gy_loop_turn(gy_loop *loop, double timeout)
{
    if (loop->current)
        return GY_EBUSY;
    enter(loop);
    int e = turn(loop, timeout < 0 ? -1 : gy__seconds(timeout));
    leave(loop);
    return e;
}

static int run_while(gy_loop *loop, bool (*more)(const gy_loop *))
{
    int e = 0;
    if (loop->running || loop->current)
        return GY_EBUSY;
    enter(loop);
    loop->running = true;
    while (!e && !atomic_exchange(&loop->stop, false) && more(loop))
        e = turn(loop, -1);
    loop->running = false;
    leave(loop);
    return e;
}

static bool always(const gy_loop *loop)
{
    (void)loop;
    return true;
}

static bool while_busy(const gy_loop *loop)
{
    return has_work(loop) || loop->task_count || loop->timers.count;
}

int gy_loop_run(gy_loop *loop)
{
    return run_while(loop, always);
}

int gy_loop_run_idle(gy_loop *loop)
{
    return run_while(loop, while_busy);
}

void gy_loop_stop(gy_loop *loop)
{
    atomic_store(&loop->stop, true);
    gy__mailbox_ring(loop);
}

int gy_loop_fd(gy_loop *loop)
{
    return loop->poller.fd;
}

double gy_loop_timeout(gy_loop *loop)
{
    loop->now = gy__clock_now();
    int64_t ns = timeout_ns(loop, -1);
    return ns < 0 ? -1 : (double)ns / 1e9;
}

double gy_loop_now(const gy_loop *loop)
{
    return (double)loop->now / 1e9;
}

void gy_loop_free(gy_loop *loop)
{
    if (!loop)
        return;
    /* Each cancelled task may start others while it cleans up: bounded, since their waits refuse. */
    while (!gy_list_empty(&loop->tasks)) {
        gy_list_each(it, &loop->tasks)
            gy__task_cancel_with(gy_of(it, gy_task, all), GY_ESHUTDOWN);
        if (gy_loop_turn(loop, has_work(loop) ? 0 : -1))
            break;
    }
    gy__signals_forget(loop);
    gy__mailbox_deliver(loop);
    run_calls(loop);
    gy__mailbox_close(loop);
    loop->poller.ops->close(&loop->poller);
    gy__fibers_done(&loop->fibers);
    if (gy__loop_tls == loop)
        gy__loop_tls = NULL;
    gy__free(loop);
}

struct first {
    gy_task_fn *fn;
    void *arg;
    int result;
};

static int run_first(void *arg)
{
    struct first *f = arg;
    f->result = f->fn(f->arg);
    return 0;
}

int gy_run(gy_task_fn *fn, void *arg)
{
    struct first f = {.fn = fn, .arg = arg, .result = GY_ENOMEM};
    gy_loop *loop = gy_loop_new();
    if (!loop)
        return -errno;
    gy_task *t = gy_task_new(loop, run_first, &f, &(gy_task_opts){.name = "main"});
    if (t) {
        int e = gy_loop_run_idle(loop);
        gy_task_join(t);
        if (e)
            f.result = e;
    }
    gy_loop_free(loop);
    return f.result;
}
