/* SPDX-License-Identifier: MIT */
/* pool_processes.c - the processes of a pool as its program sees them, and their server. */

#include "loop/pool_processes.h"

#include <errno.h>
#include <gyre/error.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "loop/pool_wire.h"
#include "loop/state.h"
#include "loop/task.h"
#include "loop/wait.h"

/* -- Processes ------------------------------------------------------------------------------------ */

void gy__process_forget(struct gy__process *process)
{
    gy_list_del(&process->link);
    /* The server kills a process whose other end is shut, also when a copy of it is still around. */
    shutdown(process->fd, SHUT_RDWR);
    close(process->fd);
    gy__free(process);
}

void gy__process_drop(gy_pool *p, struct gy__process *process, bool died)
{
    pthread_mutex_lock(&p->lock);
    p->died += died;
    gy__process_forget(process);
    gy__processes_sweep(p); /* others may have ended as well */
    pthread_mutex_unlock(&p->lock);
}

void gy__processes_sweep(gy_pool *p)
{
    char byte;
    gy_list_each_safe (it, &p->idle) {
        struct gy__process *process = gy_of(it, struct gy__process, link);
        if (gy__wire_peek(process->fd, &byte, 1) < 0 && errno == EAGAIN)
            continue;
        gy__process_forget(process);
        p->workers--;
    }
}

/* -- The server ----------------------------------------------------------------------------------- */

/* In the child that becomes the server, the end that it goes on with. */
static _Thread_local int kept = -1;

static void close_one(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* Nobody answers there any more. Under the lock. */
static void bury_server(gy_pool *p)
{
    close_one(&p->control);
    close_one(&p->other_end);
    while (p->server > 0 && waitpid(p->server, NULL, 0) < 0 && errno == EINTR)
        ;
    p->server = 0;
}

/* Forks on a thread of its own: what comes after has its large stack, and none of the loop's. */
static void *fork_server(void *arg)
{
    gy_pool *p = arg;
    kept = p->other_end;
    pid_t pid = fork();
    if (pid == 0)
        gy__pool_serve(kept, p->name, p->idle_ns);
    p->server = pid < 0 ? -errno : pid;
    return NULL;
}

/* The caller waits: what memory holds is then what it held at the call. Without the lock. */
static int start_server(gy_pool *p)
{
    pthread_t thread;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int e = -pthread_create(&thread, NULL, fork_server, p);
    if (!e)
        pthread_join(thread, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_mutex_lock(&p->lock);
    if (!e && p->server < 0)
        e = (int)p->server;
    if (e == -EAGAIN)
        e = GY_ENOMEM;
    close_one(&p->other_end);
    if (e)
        bury_server(p);
    p->starting = false;
    pthread_cond_broadcast(&p->gone);
    pthread_mutex_unlock(&p->lock);
    return e;
}

/* Under the lock. */
static int open_control(gy_pool *p)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
        return -errno;
    p->control = ends[0];
    p->other_end = ends[1];
    p->starting = true;
    return 0;
}

/* The server gets the process's end of a new socket; the other one can be used at once. Under the
 * lock, so that a fork finds either none of this or all in its place. */
static int ask_for_one(gy_pool *p, struct gy__process *process)
{
    int ends[2], room = 4 * GY__WIRE_INLINE;
    char byte = 1;
    struct iovec iov = {&byte, 1};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
        return -errno;
    for (int i = 0; i < 2; i++)
        setsockopt(ends[i], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    int e = gy__wire_send(p->control, &iov, 1, ends[1], MSG_DONTWAIT) < 0 ? -errno : 0;
    close(ends[1]);
    if (e) {
        close(ends[0]);
        return e;
    }
    process->fd = ends[0];
    gy_list_add(&p->leased, &process->link);
    return 0;
}

static bool server_is_gone(int e)
{
    return e == -EPIPE || e == -ECONNRESET;
}

/* 0, or a negative code; [start]: a server is to be started. Under the lock. */
static int ask(gy_pool *p, struct gy__process *process, unsigned epoch, bool *start)
{
    int e = 0;
    *start = false;
    for (int tries = 0; tries < 2; tries++) {
        if (p->epochs != epoch)
            return GY_ESHUTDOWN;
        if (p->control < 0) {
            if ((e = open_control(p)))
                return e;
            *start = true;
        }
        e = ask_for_one(p, process);
        if (!server_is_gone(e))
            break;
        bury_server(p);
    }
    return e;
}

static int make(gy_pool *p, struct gy__process *process, unsigned epoch)
{
    bool start;
    pthread_mutex_lock(&p->lock);
    int e = ask(p, process, epoch, &start);
    pthread_mutex_unlock(&p->lock);
    int failed = start ? start_server(p) : 0;
    return e ? e : failed;
}

int gy__process_make(gy_pool *p, unsigned epoch, int64_t until, struct gy__process **out)
{
    struct gy__process *process = gy__zalloc(sizeof *process);
    int e;
    if (!process)
        return GY_ENOMEM;
    gy_list_init(&process->link);
    process->fd = process->file = -1;
    /* When more are asked for than the server has come to make. */
    while ((e = make(p, process, epoch)) == -EAGAIN || e == -ETOOMANYREFS) {
        int64_t soon = gy__clock_now() + GY__NS_PER_MS;
        if (soon >= until)
            e = GY_ETIMEDOUT;
        else
            e = gy__park("a new process", soon);
        if (e && (e != GY_ETIMEDOUT || soon >= until))
            break;
    }
    if (e) {
        pthread_mutex_lock(&p->lock);
        gy_list_del(&process->link);
        pthread_mutex_unlock(&p->lock);
        close_one(&process->fd);
        gy__free(process);
        return e;
    }
    *out = process;
    return 0;
}

/* -- The end -------------------------------------------------------------------------------------- */

void gy__processes_close(gy_pool *p)
{
    while (p->starting)
        pthread_cond_wait(&p->gone, &p->lock);
    while (!gy_list_empty(&p->idle)) {
        gy__process_forget(gy_of(p->idle.next, struct gy__process, link));
        p->workers--;
    }
    /* Their tasks find that the pool was closed, and forget them. */
    gy_list_each (it, &p->leased)
        shutdown(gy_of(it, struct gy__process, link)->fd, SHUT_RDWR);
    bury_server(p);
}

static void close_all(gy_list *list)
{
    gy_list_each_safe (it, list) {
        struct gy__process *process = gy_of(it, struct gy__process, link);
        close_one(&process->fd);
        close_one(&process->file);
        gy_list_del(it);
        gy__free(process);
    }
}

void gy__processes_forget(gy_pool *p)
{
    close_all(&p->idle);
    close_all(&p->leased);
    close_one(&p->control);
    if (p->other_end != kept)
        close_one(&p->other_end);
    p->other_end = -1;
    p->server = 0;
}
