/* SPDX-License-Identifier: MIT */
/* loop.c - one turn: what is ready, what is due, what the poller brings. */

#include <errno.h>
#include <gyre/error.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "loop/fork.h"
#include "loop/signal.h"
#include "loop/state.h"
#include "loop/task.h"
#include "loop/wait.h"

/* How many rounds of ready tasks one look at the poller may carry, and for about how long. */
enum { ROUNDS = 64, ROUNDS_NS = 100 * 1000 };

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
    gy_list_init(&loop->round);
    gy_list_init(&loop->fired);
    gy_list_init(&loop->firing);
    gy_list_init(&loop->tasks);
    loop->calls_end = &loop->calls;
    gy__fibers_init(&loop->fibers);
    gy__timers_init(&loop->timers, loop->now);
    gy__forks_watch();
    int e = gy__poller_open(&loop->poller);
    if (!e && (e = gy__mailbox_open(loop)))
        loop->poller.ops->close(&loop->poller);
    if (e) {
        gy__free(loop);
        return errno = -e, NULL;
    }
    gy__overflow_watch();
    gy__watched_add(loop);
    if (!gy__loop_tls)
        gy__loop_tls = loop;
    return loop;
}

void gy__loop_set_idle(gy_loop *loop, bool (*idle)(void *arg, int64_t ns), void *arg)
{
    loop->idle = idle;
    loop->idle_arg = arg;
}

/* Only those that are queued now: what they call has the next turn. */
static void run_calls(gy_loop *loop)
{
    for (size_t n = loop->call_count; n > 0 && loop->calls; n--) {
        struct gy__mail *m = loop->calls;
        loop->calls = m->next;
        if (!loop->calls)
            loop->calls_end = &loop->calls;
        loop->call_count--;
        m->fn(m->arg);
    }
}

/* Append all of [from] to [to]. */
static void take(gy_list *from, gy_list *to)
{
    if (gy_list_empty(from))
        return;
    from->next->prev = to->prev;
    to->prev->next = from->next;
    from->prev->next = to;
    to->prev = from->prev;
    gy_list_init(from);
}

/* Only those that are ready now: who becomes ready meanwhile has the next round. */
static void run_ready(gy_loop *loop)
{
    take(&loop->ready, &loop->round);
    gy__tasks_run(loop);
}

static void run_fired(gy_loop *loop)
{
    take(&loop->fired, &loop->firing);
    while (!gy_list_empty(&loop->firing)) {
        struct gy__fired *f = gy_of(loop->firing.next, struct gy__fired, link);
        unsigned events = f->events;
        f->events = 0;
        gy_list_del(&f->link);
        gy__io_fire(f->io, events);
    }
}

static bool has_work(const gy_loop *loop)
{
    return loop->calls || !gy_list_empty(&loop->ready) || !gy_list_empty(&loop->round) ||
           !gy_list_empty(&loop->fired) || !gy_list_empty(&loop->firing);
}

/* Of two times to wait, where a negative one is no limit. */
static int64_t sooner(int64_t a, int64_t b)
{
    if (a < 0 || b < 0)
        return a < 0 ? b : a;
    return a < b ? a : b;
}

static int64_t timeout_ns(gy_loop *loop, int64_t most)
{
    if (has_work(loop) || atomic_load_explicit(&loop->stop, memory_order_relaxed))
        return 0;
    int64_t ns = gy__timers_timeout(&loop->timers, loop->now);
    if (loop->fibers.many_idle && !loop->idle)
        ns = sooner(ns, loop->fibers.tidy_at > loop->now ? loop->fibers.tidy_at - loop->now : 0);
    return sooner(ns, most);
}

/* Once a second while many stacks rest: what a burst has left is given back though nobody comes any more. */
static void tidy(gy_loop *loop)
{
    struct gy__fibers *f = &loop->fibers;
    if (loop->now < f->tidy_at)
        return;
    if (f->tidy_at)
        gy__fibers_tidy(f);
    f->tidy_at = f->many_idle ? loop->now + GY__FIBERS_TIDY_NS : 0;
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
    int64_t ns = timeout_ns(loop, most);
    gy__beat_away(&loop->beat);
    int e = wait_for_events(loop, ns);
    gy__beat(&loop->beat);
    run_fired(loop);
    gy__timers_run(loop, loop->now);
    run_calls(loop);
    run_ready(loop);
    if (loop->fibers.many_idle)
        tidy(loop);
    return e;
}

/* Tasks that only make each other ready need not ask the kernel each time: some rounds more, but
 * never so long that a descriptor, a timer or a stop waits noticeably. */
static void run_on(gy_loop *loop)
{
    for (int i = 1; i < ROUNDS && !gy_list_empty(&loop->ready); i++) {
        if (loop->look || atomic_load_explicit(&loop->stop, memory_order_relaxed))
            return;
        /* After 1, 2, 4, 8 ... rounds: no more than twice too late, and rarely. */
        if ((i & (i - 1)) == 0 && gy__clock_now() - loop->now > ROUNDS_NS)
            return;
        run_fired(loop);
        run_calls(loop);
        run_ready(loop);
    }
}

/* Gives the loop that was current; turns may be nested, of one loop and of several. */
static gy_loop *enter(gy_loop *loop)
{
    gy_loop *before = gy__loop_tls;
    gy__loop_tls = loop;
    loop->now = gy__clock_now();
    gy__beat(&loop->beat);
    loop->turns++;
    if (loop->watched.turned_by != &gy__loop_tls)
        gy__watched_moved(loop);
    return before;
}

static void leave(gy_loop *loop, gy_loop *before)
{
    if (--loop->turns == 0)
        gy__beat_away(&loop->beat);
    if (before)
        gy__loop_tls = before;
}

/* 0, or why it cannot turn here: it is the loop of the process that forked this one, or this is one of its
 * tasks. */
static int refusal(const gy_loop *loop)
{
    if (loop->poller.forks != gy__forks)
        return GY_EINVAL;
    return loop->current ? GY_EBUSY : 0;
}

int gy_loop_turn(gy_loop *loop, double timeout)
{
    if (refusal(loop))
        return refusal(loop);
    gy_loop *before = enter(loop);
    int e = turn(loop, timeout < 0 ? -1 : gy__seconds(timeout));
    leave(loop, before);
    return e;
}

static int run_while(gy_loop *loop, bool (*more)(const gy_loop *))
{
    int e = refusal(loop);
    if (e || loop->running)
        return e ? e : GY_EBUSY;
    gy_loop *before = enter(loop);
    loop->running = true;
    while (!e && !atomic_exchange(&loop->stop, false) && more(loop))
        if (!(e = turn(loop, -1)))
            run_on(loop);
    loop->running = false;
    leave(loop, before);
    return e;
}

static bool always(const gy_loop *loop)
{
    (void)loop;
    return true;
}

static bool while_busy(const gy_loop *loop)
{
    return has_work(loop) || loop->task_count || loop->timers.count > loop->timers_aside;
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
    atomic_fetch_add(&loop->mailbox.senders, 1);
    atomic_store(&loop->stop, true);
    gy__mailbox_ring(loop);
    atomic_fetch_sub(&loop->mailbox.senders, 1);
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

/* Each cancelled task may start others while it cleans up: bounded, since their waits refuse. */
static void end_tasks(gy_loop *loop)
{
    while (!gy_list_empty(&loop->tasks)) {
        gy_list_each (it, &loop->tasks)
            gy__task_cancel_with(gy_of(it, gy_task, all), GY_ESHUTDOWN);
        if (gy_loop_turn(loop, has_work(loop) ? 0 : -1))
            return;
    }
}

static void run_ends(gy_loop *loop)
{
    struct gy__loop_end *e;
    while ((e = loop->ends)) {
        loop->ends = e->next;
        e->fn(e);
    }
}

void gy_loop_free(gy_loop *loop)
{
    if (!loop)
        return;
    if (loop->poller.forks == gy__forks) {
        end_tasks(loop);
        gy__signals_forget(loop);
        atomic_store(&loop->closing, true);
        gy__mailbox_deliver(loop);
        run_calls(loop);
        end_tasks(loop);
    }
    run_ends(loop);
    gy__timers_done(&loop->timers);
    gy__watched_remove(loop);
    gy__mailbox_close(loop);
    loop->poller.ops->close(&loop->poller);
    if (gy__loop_tls == loop)
        gy__loop_tls = NULL;
    if (loop->current) /* a child that was forked in a task, and is still on its stack */
        return;
    gy__fibers_done(&loop->fibers);
    gy__free(loop);
}

struct first {
    gy_task_fn *fn;
    void *arg;
    double seconds; /* negative: no limit */
    int result;
};

static int run_first(void *arg)
{
    struct first *f = arg;
    gy_deadline d;
    gy_deadline_begin(&d, f->seconds);
    f->result = f->fn(f->arg);
    gy_deadline_end(&d);
    return 0;
}

int gy_run_within(double seconds, gy_task_fn *fn, void *arg)
{
    struct first f = {.fn = fn, .arg = arg, .seconds = seconds, .result = GY_ENOMEM};
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

int gy_run(gy_task_fn *fn, void *arg)
{
    return gy_run_within(GY_FOREVER, fn, arg);
}
