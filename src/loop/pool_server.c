/* SPDX-License-Identifier: MIT */
/* pool_server.c - the child of which the processes of a pool are children. */

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "loop/pool.h"
#include "loop/pool_worker.h"

/* It makes each process from its own clean state, with one thread and no descriptor of the program,
 * and keeps the process's end of the socket open too: there it says how the process ended, so
 * whoever waits for an answer gets one. A process lives as long as the other end is open. */
enum { SIGNALS = 64 };

struct child {
    pid_t pid;
    int fd;
    bool doomed; /* was killed, and has not ended yet */
};

static struct server {
    int control;
    const char *name;
    int64_t idle_ns;
    size_t count, room;
    struct child *children;
    struct pollfd *polled; /* the control first, then one for each child */
} server;

static void answer(int fd, enum gy__answer_kind kind, int result, bool begun)
{
    struct gy__answer a = {.kind = kind, .result = result, .begun = begun};
    struct iovec iov = {.iov_base = &a, .iov_len = sizeof a};
    gy__wire_send(fd, &iov, 1, -1, MSG_DONTWAIT);
}

static int make_room(struct server *s)
{
    size_t room = s->room ? 2 * s->room : 16;
    if (s->count < s->room)
        return 0;
    struct child *children = gy__realloc(s->children, room * sizeof *children);
    if (!children)
        return ENOMEM;
    s->children = children;
    struct pollfd *polled = gy__realloc(s->polled, (room + 1) * sizeof *polled);
    if (!polled)
        return ENOMEM;
    s->polled = polled;
    s->room = room;
    return 0;
}

/* Only the poll lets the news of a child's end in. */
static void block_news(bool block)
{
    sigset_t set;
    sigemptyset(&set);
    if (block)
        sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_SETMASK, &set, NULL);
}

static void on_news_do(void (*handler)(int signo))
{
    struct sigaction act = {.sa_handler = handler};
    sigemptyset(&act.sa_mask);
    sigaction(SIGCHLD, &act, NULL);
}

static void make_child(struct server *s, int fd)
{
    pid_t me = getpid();
    int e = make_room(s);
    pid_t pid = e ? -1 : fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != me)
            _exit(0);
        on_news_do(SIG_DFL);
        block_news(false);
        gy__pool_work(fd, s->control, s->idle_ns);
    }
    if (pid > 0) {
        s->children[s->count++] = (struct child){.pid = pid, .fd = fd};
        return;
    }
    answer(fd, GY__ANSWER_NOT_MADE, e ? e : errno, false);
    close(fd);
}

static void take_request(struct server *s)
{
    char byte;
    struct iovec iov = {.iov_base = &byte, .iov_len = 1};
    int fd;
    ssize_t got = gy__wire_receive(s->control, &iov, 1, &fd, MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EMFILE && errno != ENFILE))
        _exit(0); /* nobody has the pool any more; the children get a SIGKILL by this */
    if (fd >= 0)
        make_child(s, fd);
}

static void bury(struct server *s, size_t i, int status)
{
    struct child dead = s->children[i];
    char byte;
    /* From here on nothing can be sent to it: so either a request is still there, or none was. */
    shutdown(dead.fd, SHUT_RD);
    bool unread = gy__wire_peek(dead.fd, &byte, 1) > 0;
    answer(dead.fd, GY__ANSWER_DIED, status, !unread);
    close(dead.fd);
    s->children[i] = s->children[--s->count];
}

static void bury_all(struct server *s)
{
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
        for (size_t i = 0; i < s->count; i++)
            if (s->children[i].pid == pid)
                bury(s, i--, status);
}

static void on_news(int signo)
{
    (void)signo;
}

/* Every signal does again what it does by itself; those of a terminal go to the program's group only,
 * which ends this one when it ends. */
static void be_nobody(struct server *s)
{
    const struct sigaction act = {.sa_handler = SIG_DFL};
    for (int i = 1; i <= SIGNALS; i++)
        sigaction(i, &act, NULL);
    block_news(true);
    on_news_do(on_news);
    setpgid(0, 0);
    prctl(PR_SET_NAME, s->name);
    gy__close_all_but(s->control);
    __fpurge(stdout); /* the program has it too, and will write it */
}

static void prepare_poll(struct server *s)
{
    s->polled[0] = (struct pollfd){.fd = s->control, .events = POLLIN};
    for (size_t i = 0; i < s->count; i++)
        s->polled[i + 1] = (struct pollfd){.fd = s->children[i].doomed ? -1 : s->children[i].fd};
}

/* Those for which nobody waits any more. */
static void kill_abandoned(struct server *s)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->polled[i + 1].revents & (POLLHUP | POLLERR)) {
            kill(s->children[i].pid, SIGKILL);
            s->children[i].doomed = true;
        }
}

_Noreturn void gy__pool_serve(int control, const char *name, int64_t idle_ns)
{
    struct server *s = &server;
    sigset_t none;
    sigemptyset(&none);
    *s = (struct server){.control = control, .name = name, .idle_ns = idle_ns};
    be_nobody(s);
    if (make_room(s))
        _exit(1);
    for (;;) {
        prepare_poll(s);
        int n = ppoll(s->polled, s->count + 1, NULL, &none);
        if (n > 0)
            kill_abandoned(s);
        bury_all(s);
        if (n > 0 && s->polled[0].revents)
            take_request(s);
    }
}
