/* SPDX-License-Identifier: MIT */
/* Streams over pipes, terminals and devices. */
#include <errno.h>
#include <fcntl.h>
#include <gyre/error.h>
#include <gyre/loop.h>
#include <gyre/stream.h>
#include <gyre/task.h>
#include <gyre/testing.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "support/sweep.h"

static gy_stream *open_pipe(int in, int out)
{
    gy_stream *s = gy_pipe_open(in, out, NULL);
    GY_CHECK(s != NULL);
    return s;
}

struct pair {
    gy_stream *a, *b;
    size_t count;
};

/* Two streams with a pipe each way. */
static void open_pair(struct pair *p)
{
    int to[2], back[2];
    GY_CHECK_INT(pipe2(to, O_CLOEXEC), 0);
    GY_CHECK_INT(pipe2(back, O_CLOEXEC), 0);
    p->a = open_pipe(back[0], to[1]);
    p->b = open_pipe(to[0], back[1]);
    p->count = 0;
}

static int say_and_hear(void *arg)
{
    struct pair *p = arg;
    gy_str got;
    GY_CHECK_INT(gy_stream_write(p->a, "hello\n", 6), 0);
    GY_CHECK_INT(gy_stream_read_until(p->b, "\n", 100, &got), 0);
    GY_CHECK_TEXT(got, "hello\n");
    GY_CHECK_INT(gy_stream_write(p->b, "and back", 8), 0);
    GY_CHECK_INT(gy_stream_shutdown(p->b), 0);
    GY_CHECK_INT(gy_stream_write(p->b, "x", 1), GY_ESHUTDOWN);
    GY_CHECK_INT(gy_stream_read_all(p->a, 100, &got), 0);
    GY_CHECK_TEXT(got, "and back");
    /* The other way is still open. */
    GY_CHECK_INT(gy_stream_write(p->a, "more", 4), 0);
    GY_CHECK_INT(gy_stream_read_exact(p->b, 4, &got), 0);
    GY_CHECK_TEXT(got, "more");
    return 0;
}

GY_TEST(two_pipes_are_a_stream)
{
    struct pair p;
    open_pair(&p);
    GY_CHECK_INT(gy_test_run(t, say_and_hear, &p), 0);
    gy_stream_close(p.a);
    gy_stream_close(p.b);
}

enum { MUCH = 5000000 };

static int write_much(void *arg)
{
    struct pair *p = arg;
    char *bytes = calloc(1, MUCH);
    GY_CHECK_INT(gy_stream_write(p->a, bytes, MUCH), 0);
    GY_CHECK_INT(gy_stream_shutdown(p->a), 0);
    free(bytes);
    return 0;
}

static int read_much(void *arg)
{
    struct pair *p = arg;
    gy_str some;
    int e;
    while (!(e = gy_stream_read(p->b, 100000, &some)))
        p->count += some.len;
    return e;
}

GY_TEST(much_flows_through_a_pipe)
{
    struct pair p;
    open_pair(&p);
    gy_task *w = gy_task_new(gy_test_loop(t), write_much, &p, NULL);
    GY_CHECK_INT(gy_test_run(t, read_much, &p), GY_EOF);
    GY_CHECK_INT(gy_task_join(w), 0);
    GY_CHECK_INT(p.count, MUCH);
    gy_stream_close(p.a);
    gy_stream_close(p.b);
}

static int one_way(void *arg)
{
    struct pair *p = arg;
    gy_str got;
    GY_CHECK_INT(gy_stream_read(p->a, 1, &got), -EBADF);
    GY_CHECK_INT(gy_stream_write(p->b, "x", 1), -EBADF);
    GY_CHECK_INT(gy_stream_write(p->a, "hello", 5), 0);
    GY_CHECK_INT(gy_stream_read_exact(p->b, 5, &got), 0);
    GY_CHECK_TEXT(got, "hello");
    return 0;
}

GY_TEST(either_half_may_be_missing)
{
    struct pair p;
    int ends[2];
    GY_CHECK_INT(pipe2(ends, O_CLOEXEC), 0);
    p.a = open_pipe(-1, ends[1]);
    p.b = open_pipe(ends[0], -1);
    GY_CHECK_INT(gy_stream_fd(p.a), ends[1]);
    GY_CHECK_INT(gy_stream_fd(p.b), ends[0]);
    GY_CHECK_INT(gy_test_run(t, one_way, &p), 0);
    gy_stream_close(p.a);
    gy_stream_close(p.b);
}

static void tell(void *arg, int code)
{
    *(int *)arg = code;
}

static int read_to_the_end(void *arg)
{
    gy_str all;
    return gy_stream_read_all(arg, 100, &all);
}

GY_TEST(a_missing_half_has_ended)
{
    int ends[2], told = 0;
    GY_CHECK_INT(pipe2(ends, O_CLOEXEC), 0);
    gy_stream *out = open_pipe(-1, ends[1]), *in = open_pipe(ends[0], -1);
    GY_CHECK(!gy_stream_is_closed(out) && !gy_stream_is_closed(in));
    gy_stream_on_close(in, tell, &told);
    gy_test_settle(t);
    GY_CHECK_INT(told, 0);
    GY_CHECK_INT(gy_stream_shutdown(in), -EBADF);
    GY_CHECK_INT(gy_stream_shutdown(out), 0);
    GY_CHECK_INT(gy_stream_fd(out), -1);
    GY_CHECK(gy_stream_is_closed(out));
    gy_test_settle(t);
    GY_CHECK_INT(told, GY_EOF);
    GY_CHECK(!gy_stream_is_closed(in)); /* nobody has read the end yet */
    GY_CHECK_INT(gy_test_run(t, read_to_the_end, in), 0);
    GY_CHECK(gy_stream_is_closed(in));
    gy_stream_close(in);
    gy_stream_close(out);
}

GY_TEST(a_reader_that_leaves_is_told_of)
{
    int ends[2], told = 0;
    GY_CHECK_INT(pipe2(ends, O_CLOEXEC), 0);
    gy_stream *out = open_pipe(-1, ends[1]);
    gy_stream_on_close(out, tell, &told);
    gy_test_settle(t);
    GY_CHECK_INT(told, 0);
    close(ends[0]);
    gy_test_settle(t);
    GY_CHECK(told < 0);
    gy_stream_close(out);
}

static int write_to_nobody(void *arg)
{
    struct pair *p = arg;
    GY_CHECK_INT(gy_stream_write(p->a, "x", 1), GY_ECLOSED);
    GY_CHECK_INT(gy_stream_write(p->a, "x", 1), GY_ECLOSED);
    return 0;
}

static int wait_for_a_reader_that_leaves(void *arg)
{
    struct pair *p = arg;
    static char much[1000000];
    return gy_stream_write(p->a, much, sizeof much);
}

static volatile sig_atomic_t sigpipes;

static void count_sigpipe(int signo)
{
    (void)signo;
    sigpipes++;
}

GY_TEST(who_writes_to_nobody_is_told_and_not_killed)
{
    struct pair p;
    int ends[2];
    struct sigaction count = {.sa_handler = count_sigpipe}, before;
    sigaction(SIGPIPE, &count, &before);
    GY_CHECK_INT(pipe2(ends, O_CLOEXEC), 0);
    p.a = open_pipe(-1, ends[1]);
    close(ends[0]);
    GY_CHECK_INT(gy_test_run(t, write_to_nobody, &p), 0);
    gy_stream_close(p.a);

    GY_CHECK_INT(pipe2(ends, O_CLOEXEC), 0);
    p.a = open_pipe(-1, ends[1]);
    gy_task *w = gy_task_new(gy_test_loop(t), wait_for_a_reader_that_leaves, &p, NULL);
    gy_test_settle(t);
    close(ends[0]);
    GY_CHECK_INT(gy_task_join(w), GY_ECLOSED);
    gy_stream_close(p.a);
    GY_CHECK_INT(sigpipes, 0);

    /* One that was there before, and blocked, stays. */
    sigset_t blocked, mask, pending;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &blocked, &mask);
    raise(SIGPIPE);
    GY_CHECK_INT(pipe2(ends, O_CLOEXEC), 0);
    p.a = open_pipe(-1, ends[1]);
    close(ends[0]);
    GY_CHECK_INT(gy_test_run(t, write_to_nobody, &p), 0);
    gy_stream_close(p.a);
    sigpending(&pending);
    GY_CHECK_INT(sigismember(&pending, SIGPIPE), 1);
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
    GY_CHECK_INT(sigpipes, 1);
    sigaction(SIGPIPE, &before, NULL);
}

static int read_what_never_comes(void *arg)
{
    struct pair *p = arg;
    gy_str got;
    return gy_stream_read(p->b, 1, &got);
}

GY_TEST(a_close_ends_the_wait)
{
    struct pair p;
    open_pair(&p);
    gy_task *r = gy_task_new(gy_test_loop(t), read_what_never_comes, &p, NULL);
    gy_test_settle(t);
    gy_stream_close(p.b);
    GY_CHECK_INT(gy_task_join(r), GY_ECLOSED);
    gy_stream_close(p.a);
}

GY_TEST(what_cannot_be_waited_for_is_refused)
{
    char path[] = "/tmp/gyre-pipe-XXXXXX";
    int ends[2], file = mkstemp(path);
    unlink(path);
    errno = 0;
    GY_CHECK(!gy_pipe_open(file, -1, NULL));
    GY_CHECK_INT(errno, EPERM);
    GY_CHECK_INT(fcntl(file, F_GETFD), -1); /* it was taken */
    GY_CHECK_INT(pipe2(ends, O_CLOEXEC), 0);
    GY_CHECK(!gy_pipe_open(ends[0], open("/", O_RDONLY | O_CLOEXEC), NULL));
    GY_CHECK_INT(errno, EPERM);
    GY_CHECK_INT(fcntl(ends[0], F_GETFD), -1);
    close(ends[1]);
    gy_stream *null = gy_pipe_open(-1, open("/dev/null", O_WRONLY | O_CLOEXEC), NULL);
    /* poll takes it for ready at all times. */
    GY_CHECK(null ? strcmp(gy_loop_poller(gy_test_loop(t)), "poll") == 0 : errno == EPERM);
    gy_stream_close(null);
    GY_CHECK(!gy_pipe_open(-1, -1, NULL));
    GY_CHECK_INT(errno, EINVAL);
    GY_CHECK(!gy_pipe_open(1000000, -1, NULL));
    GY_CHECK_INT(errno, EBADF);
}

GY_TEST(who_shares_a_descriptor_finds_it_as_it_was)
{
    int ends[2];
    GY_CHECK_INT(pipe2(ends, O_CLOEXEC), 0);
    int shared = dup(ends[0]);
    gy_stream *s = open_pipe(ends[0], -1);
    GY_CHECK(fcntl(shared, F_GETFL) & O_NONBLOCK);
    gy_stream_close(s);
    GY_CHECK(!(fcntl(shared, F_GETFL) & O_NONBLOCK));
    close(shared);
    close(ends[1]);
}

static int talk_over_a_socket(void *arg)
{
    struct pair *p = arg;
    gy_str got;
    GY_CHECK_INT(gy_stream_write(p->a, "ping", 4), 0);
    GY_CHECK_INT(gy_stream_shutdown(p->a), 0);
    GY_CHECK_INT(gy_stream_read_all(p->b, 100, &got), 0);
    GY_CHECK_TEXT(got, "ping");
    GY_CHECK_INT(gy_stream_write(p->b, "pong", 4), 0);
    GY_CHECK_INT(gy_stream_read_exact(p->a, 4, &got), 0);
    GY_CHECK_TEXT(got, "pong");
    return 0;
}

GY_TEST(one_descriptor_may_go_both_ways)
{
    struct pair p;
    int fd[2];
    GY_CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
    p.a = open_pipe(fd[0], fd[0]);
    p.b = open_pipe(fd[1], fd[1]);
    GY_CHECK_INT(gy_test_run(t, talk_over_a_socket, &p), 0);
    gy_stream_close(p.a);
    gy_stream_close(p.b);
}

static int talk_over_a_terminal(void *arg)
{
    struct pair *p = arg;
    gy_str got;
    GY_CHECK_INT(gy_stream_write(p->a, "typed\n", 6), 0);
    GY_CHECK_INT(gy_stream_read_until(p->b, "\n", 100, &got), 0);
    GY_CHECK_TEXT(got, "typed\n");
    GY_CHECK_INT(gy_stream_write(p->b, "shown", 5), 0);
    GY_CHECK_INT(gy_stream_read_exact(p->a, 5, &got), 0);
    GY_CHECK_TEXT(got, "shown");
    gy_stream_close(p->b);
    GY_CHECK_INT(gy_stream_read(p->a, 1, &got), GY_EOF);
    return 0;
}

GY_TEST(a_terminal_is_a_stream)
{
    struct pair p;
    struct termios raw;
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (master < 0) {
        printf("skipped: this system has no pseudo-terminals (%s)\n", strerror(errno));
        return;
    }
    GY_CHECK_INT(grantpt(master) | unlockpt(master), 0);
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    GY_CHECK_INT(tcgetattr(slave, &raw), 0);
    raw.c_lflag &= (tcflag_t) ~(ECHO | ICANON);
    raw.c_oflag &= (tcflag_t)~OPOST;
    GY_CHECK_INT(tcsetattr(slave, TCSANOW, &raw), 0);
    p.a = open_pipe(master, master);
    p.b = open_pipe(slave, slave);
    GY_CHECK_INT(gy_test_run(t, talk_over_a_terminal, &p), 0);
    gy_stream_close(p.a);
}

/* -- Sweeps -------------------------------------------------------------------------------------- */

static int answer(void *arg)
{
    struct pair *p = arg;
    gy_str got;
    int e = gy_stream_read_until(p->b, "\n", 100, &got);
    if (!e)
        e = gy_stream_write_str(p->b, got);
    gy_stream_close(p->b);
    return e;
}

static int ask_over_pipes(void *arg)
{
    int to[2], back[2];
    gy_str got;
    (void)arg;
    if (pipe2(to, O_CLOEXEC) || pipe2(back, O_CLOEXEC))
        return -errno;
    struct pair p = {.a = gy_pipe_open(back[0], to[1], NULL),
                     .b = gy_pipe_open(to[0], back[1], NULL)};
    int e = p.a && p.b ? 0 : -errno;
    gy_group g = {.name = "answer"};
    if (e)
        gy_stream_close(p.b);
    else if ((e = gy_group_spawn(&g, answer, &p)))
        gy_stream_close(p.b);
    if (!e)
        e = gy_stream_write(p.a, "hello\n", 6);
    if (!e)
        e = gy_stream_read_until(p.a, "\n", 100, &got);
    gy_stream_close(p.a);
    int e2 = gy_group_wait(&g);
    return e ? e : e2;
}

GY_TEST(every_wait_may_be_cancelled_and_every_allocation_fail)
{
    (void)t;
    GY_CHECK(sweep_waits(ask_over_pipes, NULL) > 1);
    sweep_task_allocations(ask_over_pipes, NULL);
}

int main(int argc, char **argv)
{
    return gy_test_main(argc, argv);
}
