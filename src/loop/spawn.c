/* SPDX-License-Identifier: MIT */
/* spawn.c - starting another program, from a process with threads and much memory too. */

#include "loop/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <gyre/error.h>
#include <gyre/str.h>
#include <linux/close_range.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "loop/instrument.h"

/* The child runs in the memory of this program, which it must not notice, on a stack of its own, while
 * the thread that started it stands still: nothing is copied, however large the program is, and no lock
 * that another thread holds is asked for. So what the child does is made of bare system calls, and what
 * it needs has been put ready before. A sanitizer would keep books about it in the same memory. */
#define IN_THE_CHILD __attribute__((no_sanitize_address, no_sanitize_thread))

enum { STACK = 64 * 1024, SIGNALS = 64, FIRST_FREE = 3 };

/* ThreadSanitizer takes every clone for a fork and changes its books in what it believes to be a copy:
 * so it gets one. */
#ifdef GY__TSAN
enum { CLONE_HOW = CLONE_VFORK | SIGCHLD };
#else
enum { CLONE_HOW = CLONE_VM | CLONE_VFORK | SIGCHLD };
#endif

struct report {
    int step, error;
};

struct plan {
    const struct gy__spawn *spawn;
    const char *const *env;
    char *names; /* where the program may be: texts one after the other, the last is empty */
    pid_t parent;
    int tell;       /* what failed goes here; closed by the exec */
    long last_fd;   /* where close_range is missing */
    long zeroes[8]; /* as a signal's action: the default; as a set of signals: none */
};

/* -- In the child -------------------------------------------------------------------------------- */

IN_THE_CHILD static void default_signals(const struct plan *p)
{
    for (int signo = 1; signo <= SIGNALS; signo++)
        syscall(SYS_rt_sigaction, signo, p->zeroes, NULL, SIGNALS / 8);
}

/* False when the one that it must not outlive is gone already: nobody would tell it. */
IN_THE_CHILD static bool die_with_the_parent(const struct plan *p)
{
    syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    return syscall(SYS_getppid) == p->parent;
}

IN_THE_CHILD static int put_in_place(int from, int to)
{
    if (from == to)
        return (int)syscall(SYS_fcntl, to, F_SETFD, 0);
    return (int)syscall(SYS_dup3, from, to, 0);
}

IN_THE_CHILD static void hide_the_others(const struct plan *p)
{
    if (syscall(SYS_close_range, FIRST_FREE, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
        return;
    for (long fd = FIRST_FREE; fd < p->last_fd; fd++)
        syscall(SYS_fcntl, fd, F_SETFD, FD_CLOEXEC);
}

IN_THE_CHILD static int set_fds(const struct plan *p)
{
    int fds[3];
    for (int i = 0; i < 3; i++) {
        fds[i] = p->spawn->fds[i];
        /* One that lies where another one goes would be gone when its turn comes. */
        if (fds[i] < FIRST_FREE && fds[i] != i)
            fds[i] = (int)syscall(SYS_fcntl, fds[i], F_DUPFD_CLOEXEC, FIRST_FREE);
        if (fds[i] < 0)
            return -1;
    }
    for (int i = 0; i < 3; i++)
        if (put_in_place(fds[i], i) < 0)
            return -1;
    hide_the_others(p);
    return 0;
}

/* Returns only on failure. As execvp, but that no shell is tried for what is no program. */
IN_THE_CHILD static int execute(const struct plan *p)
{
    int error = ENOENT;
    for (const char *name = p->names; *name; name++) {
        syscall(SYS_execve, name, p->spawn->argv, p->env);
        if (errno == EACCES)
            error = EACCES;
        else if (errno != ENOENT && errno != ENOTDIR)
            return errno;
        while (*name)
            name++;
    }
    return error;
}

/* Gives the step that failed, with errno. */
IN_THE_CHILD static enum gy__spawn_step become(const struct plan *p)
{
    const struct gy__spawn *s = p->spawn;
    if (s->own_group)
        syscall(SYS_setpgid, 0, 0);
    default_signals(p);
    if (set_fds(p))
        return GY__SPAWN_FDS;
    if (s->cwd && syscall(SYS_chdir, s->cwd))
        return GY__SPAWN_CWD;
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, p->zeroes, NULL, SIGNALS / 8);
    errno = execute(p);
    return GY__SPAWN_EXEC;
}

IN_THE_CHILD static int child_main(void *arg)
{
    const struct plan *p = arg;
    struct report r = {.step = GY__SPAWN_PREPARE, .error = ESRCH};
    if (p->spawn->outlive || die_with_the_parent(p)) {
        r.step = (int)become(p);
        r.error = errno;
    }
    syscall(SYS_write, p->tell, &r, sizeof r);
    return 127;
}

/* -- Before and after ---------------------------------------------------------------------------- */

static const char *path_of(const char *const *env)
{
    for (; env && *env; env++)
        if (strncmp(*env, "PATH=", 5) == 0)
            return *env + 5;
    return "/bin:/usr/bin";
}

static char *put(char *at, const char *bytes, size_t n)
{
    memcpy(at, bytes, n);
    return at + n;
}

/* NULL when out of memory. */
static char *names_of(const char *file, const char *path)
{
    size_t len = strlen(file), places = 1;
    for (const char *p = path; *p; p++)
        places += *p == ':';
    char *names = gy__alloc(strlen(path) + places * (len + 3) + 1), *at = names;
    if (!names)
        return NULL;
    bool direct = len == 0 || memchr(file, '/', len);
    for (const char *p = direct ? NULL : path; p;) {
        size_t n = strcspn(p, ":");
        at = n ? put(at, p, n) : put(at, ".", 1);
        at = put(put(at, "/", 1), file, len + 1);
        p = p[n] ? p + n + 1 : NULL;
    }
    if (direct && len)
        at = put(at, file, len + 1);
    *at = '\0';
    return names;
}

/* The answer: 0 when the program runs. */
static int hear(int fd, pid_t pid, enum gy__spawn_step *step)
{
    struct report r;
    ssize_t n;
    while ((n = read(fd, &r, sizeof r)) < 0 && errno == EINTR)
        ;
    if (n == 0)
        return 0;
    int how;
    while (waitpid(pid, &how, __WALL) < 0 && errno == EINTR)
        ;
    *step = n == (ssize_t)sizeof r ? (enum gy__spawn_step)r.step : GY__SPAWN_PREPARE;
    return n == (ssize_t)sizeof r && r.error ? -r.error : -EIO;
}

/* No signal handler of this program must run in the child, where it would believe to be us. */
static pid_t start(struct plan *p, char *stack)
{
    sigset_t all, before;
    int cancel;
    sigfillset(&all);
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t pid = clone(child_main, stack + STACK, CLONE_HOW, p);
    int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_setcancelstate(cancel, NULL);
    errno = error;
    return pid;
}

static int start_and_hear(struct plan *p, pid_t *pid, enum gy__spawn_step *step)
{
    int ends[2], e = 0;
    if (pipe2(ends, O_CLOEXEC))
        return -errno;
    p->tell = fcntl(ends[1], F_DUPFD_CLOEXEC, FIRST_FREE); /* out of the way of the three */
    char *stack =
        mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    close(ends[1]);
    if (p->tell < 0 || stack == MAP_FAILED || (*pid = start(p, stack)) < 0)
        e = -errno;
    if (p->tell >= 0)
        close(p->tell);
    if (!e)
        e = hear(ends[0], *pid, step);
    close(ends[0]);
    if (stack != MAP_FAILED)
        munmap(stack, STACK);
    return e;
}

int gy__spawn(const struct gy__spawn *s, pid_t *pid, enum gy__spawn_step *step)
{
    struct rlimit files = {.rlim_cur = 1024};
    getrlimit(RLIMIT_NOFILE, &files);
    struct plan p = {.spawn = s,
                     .env = s->env ? s->env : (const char *const *)environ,
                     .parent = getpid(),
                     .last_fd = files.rlim_cur < 1 << 20 ? (long)files.rlim_cur : 1 << 20};
    *step = GY__SPAWN_PREPARE;
    p.names = names_of(s->argv[0], path_of(p.env));
    int e = p.names ? start_and_hear(&p, pid, step) : GY_ENOMEM;
    gy__free(p.names);
    return e;
}
