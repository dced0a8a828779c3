/* SPDX-License-Identifier: MIT */
/* child.c - other programs that were started, and how they ended. */

#include "loop/child.h"

#include <errno.h>
#include <gyre/error.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "loop/fork.h"
#include "loop/state.h"
#include "loop/waiters.h"

#ifndef PIDFD_SIGNAL_PROCESS_GROUP
#define PIDFD_SIGNAL_PROCESS_GROUP 4U /* Linux 6.9 */
#endif

/* Between two questions where there is no pidfd. */
static const double ask_again = 0.02;

bool gy__child_no_pidfd;

/* -- The children of a loop ---------------------------------------------------------------------- */

struct children {
    struct gy__loop_end end;
    gy_list list;
};

static void wait_for_its_end(struct gy__child *c)
{
    int how;
    while (waitpid(c->pid, &how, 0) < 0 && errno == EINTR)
        ;
}

/* False when it may not be, because it has become another user. */
static bool kill_it(struct gy__child *c)
{
    gy__child_signal(c, SIGKILL, true);
    /* If it has gone over to another group. */
    return gy__child_signal(c, SIGKILL, false) != -EPERM;
}

static void close_pidfd(struct gy__child *c)
{
    if (c->loop) {
        gy_timer_cancel(c->loop, &c->timer);
        gy__io_unwatch(c->loop, &c->io);
    }
    if (c->io.fd >= 0)
        close(c->io.fd);
    c->io.fd = -1;
}

static void free_child(struct gy__child *c)
{
    if (c->outside)
        return;
    close_pidfd(c);
    gy_list_del(&c->link);
    gy__free(c);
}

/* The loop is about to go, and in a process that was forked off these are not our children. */
static void end_with_loop(struct gy__child *c)
{
    if (!c->ended && !c->outlive && c->forks == gy__forks && kill_it(c) && !c->ended)
        wait_for_its_end(c);
    close_pidfd(c);
    gy_list_del(&c->link);
    c->loop = NULL;
    c->ended = true;
    if (c->released)
        gy__free(c);
    else if (c->on_loop_end)
        c->on_loop_end(c->arg);
}

static void end_children(struct gy__loop_end *end)
{
    struct children *all = gy_of(end, struct children, end);
    while (!gy_list_empty(&all->list))
        end_with_loop(gy_of(all->list.next, struct gy__child, link));
    gy__free(all);
}

static struct children *children_of(gy_loop *loop)
{
    for (struct gy__loop_end *e = loop->ends; e; e = e->next)
        if (e->fn == end_children)
            return gy_of(e, struct children, end);
    struct children *all = gy__alloc(sizeof *all);
    if (!all)
        return NULL;
    gy_list_init(&all->list);
    all->end = (struct gy__loop_end){.next = loop->ends, .fn = end_children};
    loop->ends = &all->end;
    return all;
}

/* -- Its end ------------------------------------------------------------------------------------- */

static struct gy__child_end understand(const siginfo_t *info)
{
    if (info->si_code == CLD_EXITED)
        return (struct gy__child_end){.status = info->si_status};
    return (struct gy__child_end){
        .status = -1, .signo = info->si_status, .dumped_core = info->si_code == CLD_DUMPED};
}

/* Whether it has ended; then it is reaped, and [info] tells how. */
static bool reap(struct gy__child *c, siginfo_t *info)
{
    int n;
    bool by_pidfd = c->io.fd >= 0;
    do {
        *info = (siginfo_t){.si_pid = 0};
        n = by_pidfd ? waitid(P_PIDFD, (id_t)c->io.fd, info, WEXITED | WNOHANG)
                     : waitid(P_PID, (id_t)c->pid, info, WEXITED | WNOHANG);
        if (n && errno == EINVAL && by_pidfd) { /* Linux 5.3 */
            by_pidfd = false;
            errno = EINTR;
        }
    } while (n && errno == EINTR);
    if (n)
        *info = (siginfo_t){.si_code = CLD_KILLED};
    return n || info->si_pid;
}

/* Nothing of ours watches it any more; the pidfd stays, for it still names the group. */
static void note_end(struct gy__child *c)
{
    struct gy__waiter *w;
    c->ended = true;
    gy_timer_cancel(c->loop, &c->timer);
    gy__io_unwatch(c->loop, &c->io);
    while ((w = c->waiters.first)) {
        *(struct gy__child_end *)w->what = c->end;
        gy__waiter_serve(w, 0);
    }
}

static bool has_ended(struct gy__child *c)
{
    siginfo_t info;
    if (c->ended || c->forks != gy__forks || !reap(c, &info))
        return c->ended;
    c->end = understand(&info);
    note_end(c);
    return true;
}

static void look(struct gy__child *c)
{
    if (has_ended(c) && c->released)
        free_child(c);
}

static void on_pidfd(struct gy__io *io, unsigned events)
{
    (void)events;
    look(gy_of(io, struct gy__child, io));
}

static void ask(void *arg)
{
    struct gy__child *c = arg;
    gy_timer_set(c->loop, &c->timer, ask_again, ask, c);
    look(c);
}

/* -- Starting ------------------------------------------------------------------------------------ */

static void watch(struct gy__child *c)
{
    gy__io_init(&c->io, gy__child_no_pidfd ? -1 : (int)syscall(SYS_pidfd_open, c->pid, 0));
    c->io.input_only = true;
    c->io.on_event = on_pidfd;
    /* For want of memory or descriptors, too, it must not get lost. */
    if (c->io.fd < 0 || gy__io_watch(c->loop, &c->io))
        gy_timer_set(c->loop, &c->timer, ask_again, ask, c);
}

int gy__child_start(gy_loop *loop, const struct gy__spawn *s, struct gy__child **out,
                    enum gy__spawn_step *step)
{
    struct gy__child *c = gy__zalloc(sizeof *c);
    struct children *all = c ? children_of(loop) : NULL;
    *step = GY__SPAWN_PREPARE;
    int e = all ? gy__spawn(s, &c->pid, step) : GY_ENOMEM;
    if (e) {
        gy__free(c);
        return e;
    }
    c->loop = loop;
    c->forks = gy__forks;
    c->own_group = s->own_group;
    c->outlive = s->outlive;
    gy_list_add(&all->list, &c->link);
    watch(c);
    *out = c;
    return 0;
}

/* -- Waiting, signalling, letting go ------------------------------------------------------------- */

/* What it turns may let go of the child. */
static int wait_outside(struct gy__child *c, double timeout)
{
    int64_t until = gy__wait_until(timeout);
    int e = 0;
    c->outside++;
    while (!e && !c->released && !has_ended(c)) {
        int64_t left = until - gy__clock_now();
        double most = until == INT64_MAX ? -1 : (double)left / GY__NS_PER_S;
        e = left <= 0 ? GY_ETIMEDOUT : gy_loop_turn(c->loop, most);
    }
    c->outside--;
    if (!c->released)
        return c->ended ? 0 : e;
    if (c->ended)
        free_child(c);
    return GY_ECLOSED;
}

int gy__child_wait(struct gy__child *c, double timeout, struct gy__child_end *end)
{
    int e = 0;
    if (!has_ended(c)) {
        struct gy__waiter w = {.what = end};
        if (gy__self())
            return gy__waiters_wait(&c->waiters, &w, timeout, "process");
        e = wait_outside(c, timeout);
    }
    if (!e)
        *end = c->end;
    return e;
}

static int sent(long result)
{
    if (result == 0)
        return 0;
    return errno == ESRCH ? GY_ENOTFOUND : -errno;
}

/* As long as nobody has reaped it its number is its own, and that of its group. After that the group may
 * live on, and only the pidfd still means that one. */
int gy__child_signal(struct gy__child *c, int signo, bool group)
{
    bool all = group && c->own_group;
    if (!has_ended(c))
        return c->forks == gy__forks ? sent(kill(all ? -c->pid : c->pid, signo)) : GY_ENOTFOUND;
    if (!all || c->io.fd < 0)
        return GY_ENOTFOUND;
    int e = sent(syscall(SYS_pidfd_send_signal, c->io.fd, signo, NULL, PIDFD_SIGNAL_PROCESS_GROUP));
    return e == GY_EINVAL || e == -ENOSYS ? GY_ENOTFOUND : e;
}

void gy__child_release(struct gy__child *c)
{
    c->released = true;
    gy__waiters_serve_all(&c->waiters, GY_ECLOSED);
    bool ours = c->forks == gy__forks;
    if (ours && c->loop && !has_ended(c)) {
        if (!c->outlive)
            kill_it(c);
        if (!c->ended)
            return;
    }
    free_child(c);
}
