/* SPDX-License-Identifier: MIT */
/* Children: what they get, how they end, whom a signal reaches, and that nothing is left of them. */
#include "loop/child.h"

#include <errno.h>
#include <fcntl.h>
#include <gyre/error.h>
#include <gyre/testing.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static bool has_children(void)
{
    siginfo_t info;
    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD;
}

/* Run a shell's text; what it writes comes back through a pipe. */
struct shell {
    struct gy__child *child;
    int out; /* to read from */
};

static int start_shell(gy_test *t, const char *text, struct gy__spawn more, struct shell *s)
{
    const char *const argv[] = {"sh", "-c", text, NULL};
    enum gy__spawn_step step;
    int ends[2];
    GY_CHECK_INT(pipe2(ends, O_CLOEXEC), 0);
    more.argv = more.argv ? more.argv : argv;
    more.fds[0] = more.fds[2] = STDERR_FILENO;
    more.fds[1] = ends[1];
    int e = gy__child_start(gy_test_loop(t), &more, &s->child, &step);
    close(ends[1]);
    s->out = ends[0];
    return e;
}

static gy_str all_of(gy_test *t, struct shell *s)
{
    char *text = gy_alloc(gy_test_arena(t), 4096);
    size_t len = 0;
    for (ssize_t n; (n = read(s->out, text + len, 4096 - len)) > 0;)
        len += (size_t)n;
    close(s->out);
    return gy_str_n(text, len);
}

/* The last lines of one that is done. */
static struct gy__child_end finish(struct shell *s)
{
    struct gy__child_end end = {.status = -2};
    GY_CHECK_INT(gy__child_wait(s->child, GY_FOREVER, &end), 0);
    gy__child_release(s->child);
    return end;
}

static const struct gy__spawn plain = {.own_group = true};

GY_TEST(a_status_or_a_signal_tells_how_it_ended)
{
    struct shell s;
    GY_CHECK_INT(start_shell(t, "echo hello; exit 7", plain, &s), 0);
    GY_CHECK_TEXT(all_of(t, &s), "hello\n");
    struct gy__child_end end = finish(&s);
    GY_CHECK_INT(end.status, 7);
    GY_CHECK_INT(end.signo, 0);
    GY_CHECK_INT(start_shell(t, "kill -TERM $$", plain, &s), 0);
    GY_CHECK_TEXT(all_of(t, &s), "");
    end = finish(&s);
    GY_CHECK_INT(end.status, -1);
    GY_CHECK_INT(end.signo, SIGTERM);
    GY_CHECK(!has_children());
}

GY_TEST(without_a_pidfd_it_is_the_same)
{
    struct shell s;
    gy__child_no_pidfd = true;
    gy_test_clock_real(t);
    GY_CHECK_INT(start_shell(t, "exit 7", plain, &s), 0);
    GY_CHECK_TEXT(all_of(t, &s), "");
    GY_CHECK_INT(finish(&s).status, 7);
    GY_CHECK_INT(start_shell(t, "exec sleep 1000", plain, &s), 0);
    GY_CHECK_INT(gy__child_signal(s.child, SIGKILL, true), 0);
    GY_CHECK_TEXT(all_of(t, &s), "");
    struct gy__child_end end;
    GY_CHECK_INT(gy__child_wait(s.child, GY_FOREVER, &end), 0);
    GY_CHECK_INT(end.signo, SIGKILL);
    GY_CHECK_INT(gy__child_signal(s.child, 0, false), GY_ENOTFOUND);
    GY_CHECK_INT(gy__child_signal(s.child, 0, true), GY_ENOTFOUND);
    gy__child_release(s.child);
    gy__child_no_pidfd = false;
    GY_CHECK(!has_children());
}

static int wait_twice(void *arg)
{
    struct gy__child_end end = {.status = -2};
    GY_CHECK_INT(gy__child_wait(arg, GY_FOREVER, &end), 0);
    GY_CHECK_INT(end.status, 3);
    end.status = -2;
    GY_CHECK_INT(gy__child_wait(arg, 0, &end), 0);
    return end.status;
}

GY_TEST(several_may_wait_and_as_often_as_they_like)
{
    struct shell s;
    gy_task *tasks[5];
    GY_CHECK_INT(start_shell(t, "read x; exit 3", plain, &s), 0);
    gy__child_release(s.child);
    close(s.out);
    int ends[2];
    GY_CHECK_INT(pipe2(ends, O_CLOEXEC), 0);
    const char *const argv[] = {"sh", "-c", "read x; exit 3", NULL};
    enum gy__spawn_step step;
    struct gy__child *c;
    GY_CHECK_INT(gy__child_start(gy_test_loop(t),
                                 &(struct gy__spawn){.argv = argv, .fds = {ends[0], 2, 2}}, &c,
                                 &step),
                 0);
    close(ends[0]);
    for (int i = 0; i < 5; i++)
        tasks[i] = gy_task_new(gy_test_loop(t), wait_twice, c, NULL);
    gy_test_settle(t);
    close(ends[1]);
    for (int i = 0; i < 5; i++)
        GY_CHECK_INT(gy_task_join(tasks[i]), 3);
    gy__child_release(c);
}

static int wait_a_second(void *arg)
{
    struct gy__child_end end;
    return gy__child_wait(arg, 1, &end);
}

GY_TEST(a_wait_may_time_out_be_cancelled_or_lose_its_child)
{
    struct shell s;
    struct gy__child_end end;
    GY_CHECK_INT(start_shell(t, "exec sleep 1000", plain, &s), 0);
    GY_CHECK_INT(gy__child_wait(s.child, 0, &end), GY_ETIMEDOUT);
    gy_task *task = gy_task_new(gy_test_loop(t), wait_a_second, s.child, NULL);
    gy_test_advance(t, 2);
    GY_CHECK_INT(gy_task_join(task), GY_ETIMEDOUT);
    task = gy_task_new(gy_test_loop(t), wait_a_second, s.child, NULL);
    gy_test_settle(t);
    gy_task_cancel(task);
    GY_CHECK_INT(gy_task_join(task), GY_ECANCELED);
    task = gy_task_new(gy_test_loop(t), wait_a_second, s.child, NULL);
    gy_test_settle(t);
    gy__child_release(s.child);
    GY_CHECK_INT(gy_task_join(task), GY_ECLOSED);
    GY_CHECK_TEXT(all_of(t, &s), ""); /* it was killed */
}

GY_TEST(outside_of_a_task_a_wait_has_its_time_too)
{
    struct shell s;
    struct gy__child_end end;
    gy_test_clock_real(t);
    GY_CHECK_INT(start_shell(t, "exec sleep 1000", plain, &s), 0);
    GY_CHECK_INT(gy__child_wait(s.child, 0.001, &end), GY_ETIMEDOUT);
    gy__child_release(s.child);
    GY_CHECK_TEXT(all_of(t, &s), "");
}

static void let_go(void *arg)
{
    gy__child_release(arg);
}

GY_TEST(one_that_is_let_go_meanwhile_ends_a_wait_outside_of_a_task)
{
    struct gy__child_end end;
    for (int killed = 0; killed < 2; killed++) {
        struct shell s;
        gy_timer timer = {.state = 0};
        struct gy__spawn how = {.own_group = true, .outlive = !killed};
        GY_CHECK_INT(start_shell(t, "exec sleep 1000", how, &s), 0);
        pid_t pid = s.child->pid;
        gy_timer_set(gy_test_loop(t), &timer, 0, let_go, s.child);
        GY_CHECK_INT(gy__child_wait(s.child, GY_FOREVER, &end), GY_ECLOSED);
        if (!killed)
            GY_CHECK_INT(kill(pid, SIGTERM), 0);
        GY_CHECK_TEXT(all_of(t, &s), "");
        while (has_children())
            GY_CHECK_INT(gy_loop_turn(gy_test_loop(t), -1), 0);
    }
}

GY_TEST(it_has_three_descriptors_and_no_more)
{
    struct shell s;
    int many[20], ends[2];
    for (int i = 0; i < 20; i++)
        many[i] = dup(STDERR_FILENO); /* not closed by an exec by themselves */
    GY_CHECK_INT(pipe(ends), 0);
    GY_CHECK_INT(start_shell(t, "ls /proc/$$/fd | tr '\\n' ' '", plain, &s), 0);
    GY_CHECK_GLOB(all_of(t, &s), "0 1 2 *");
    GY_CHECK_INT(finish(&s).status, 0);
    const char *const argv[] = {"ls", "/proc/self/fd", NULL};
    struct gy__spawn direct = {.argv = argv, .own_group = true};
    GY_CHECK_INT(start_shell(t, NULL, direct, &s), 0);
    GY_CHECK_TEXT(all_of(t, &s), "0\n1\n2\n3\n"); /* 3 is that of the directory it reads */
    GY_CHECK_INT(finish(&s).status, 0);
    for (int i = 0; i < 20; i++)
        close(many[i]);
    close(ends[0]);
    close(ends[1]);
}

/* The three may be given in any order. */
GY_TEST(descriptors_that_lie_in_each_others_place_are_sorted_out)
{
    static const int orders[][3] = {{1, 0, 2}, {2, 0, 1}, {1, 2, 0},
                                    {0, 1, 2}, {1, 1, 1}, {2, 1, 0}};
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        pid_t pid = fork();
        if (pid == 0) { /* with descriptors 0, 1, 2 of its own: empty files */
            const char *const argv[] = {"sh", "-c", "echo 0 >&0; echo 1 >&1; echo 2 >&2", NULL};
            int files[3];
            enum gy__spawn_step step;
            pid_t child;
            int how;
            for (int k = 0; k < 3; k++)
                files[k] = memfd_create("file", 0);
            for (int k = 0; k < 3; k++)
                dup2(files[k], k);
            struct gy__spawn s = {.argv = argv};
            memcpy(s.fds, orders[i], sizeof s.fds);
            if (gy__spawn(&s, &child, &step) || waitpid(child, &how, 0) != child || how)
                _exit(1);
            for (int k = 0; k < 3; k++) {
                char wrote[16] = "", want[16] = "", one[16];
                for (int n = 0; n < 3; n++)
                    if (orders[i][n] == k)
                        strcat(want, (snprintf(one, sizeof one, "%d\n", n), one));
                if (pread(files[k], wrote, 15, 0) < 0 || strcmp(wrote, want) != 0)
                    _exit(2);
            }
            _exit(0);
        }
        int how;
        GY_CHECK_INT(waitpid(pid, &how, 0), pid);
        GY_CHECK_INT(how, 0);
    }
}

static void handler(int signo)
{
    (void)signo;
}

GY_TEST(its_signals_are_as_if_nobody_had_touched_them)
{
    struct shell s;
    struct sigaction caught = {.sa_handler = handler}, ignored = {.sa_handler = SIG_IGN};
    struct sigaction usr1, hup;
    sigset_t blocked, before;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR2);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    sigaction(SIGUSR1, &caught, &usr1);
    sigaction(SIGHUP, &ignored, &hup);
    const char *const argv[] = {"cat", "/proc/self/status", NULL};
    GY_CHECK_INT(start_shell(t, NULL, (struct gy__spawn){.argv = argv}, &s), 0);
    GY_CHECK_GLOB(all_of(t, &s), "*\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n"
                                 "SigCgt:\t0000000000000000\n*");
    GY_CHECK_INT(finish(&s).status, 0);
    struct sigaction now;
    sigaction(SIGUSR1, &usr1, &now);
    GY_CHECK(now.sa_handler == handler); /* and ours are as they were */
    sigaction(SIGHUP, &hup, NULL);
    sigprocmask(SIG_SETMASK, &before, NULL);
}

GY_TEST(a_signal_reaches_it_or_its_whole_group_and_nobody_else)
{
    struct shell s;
    /* Its own child holds the pipe open: the end of the text shows that both are gone. */
    GY_CHECK_INT(start_shell(t, "sleep 1000 & echo up; wait", plain, &s), 0);
    char up[3];
    GY_CHECK_INT(read(s.out, up, 3), 3);
    GY_CHECK_INT(getpgid(s.child->pid), s.child->pid);
    GY_CHECK_INT(gy__child_signal(s.child, SIGKILL, false), 0);
    struct gy__child_end end;
    GY_CHECK_INT(gy__child_wait(s.child, GY_FOREVER, &end), 0);
    GY_CHECK_INT(end.signo, SIGKILL);
    GY_CHECK_INT(gy__child_signal(s.child, SIGTERM, false), GY_ENOTFOUND);
    int e = gy__child_signal(s.child, SIGKILL, true);
    GY_CHECK(e == 0 || e == GY_ENOTFOUND); /* before Linux 6.9 nobody can tell who they are */
    if (e == 0)
        GY_CHECK_TEXT(all_of(t, &s), "");
    else
        close(s.out);
    while (e == 0)
        e = gy__child_signal(s.child, SIGTERM, true);
    GY_CHECK_INT(e, GY_ENOTFOUND);
    gy__child_release(s.child);
}

GY_TEST(in_a_shared_group_only_it_is_signalled)
{
    struct shell s;
    GY_CHECK_INT(start_shell(t, "exec sleep 1000", (struct gy__spawn){.own_group = false}, &s), 0);
    GY_CHECK_INT(getpgid(s.child->pid), getpgrp());
    GY_CHECK_INT(gy__child_signal(s.child, SIGTERM, true), 0);
    GY_CHECK_TEXT(all_of(t, &s), "");
    GY_CHECK_INT(finish(&s).signo, SIGTERM);
}

GY_TEST(what_cannot_start_says_at_which_step)
{
    struct shell s;
    enum gy__spawn_step step;
    struct gy__child *c;
    static const struct {
        const char *program, *cwd;
        int fd, code;
        enum gy__spawn_step step;
    } cases[] = {
        {"no-such-program-anywhere", NULL, 2, -ENOENT, GY__SPAWN_EXEC},
        {"/no/such/program", NULL, 2, -ENOENT, GY__SPAWN_EXEC},
        {"", NULL, 2, -ENOENT, GY__SPAWN_EXEC},
        {"/etc/passwd", NULL, 2, -EACCES, GY__SPAWN_EXEC},
        {"/etc", NULL, 2, -EACCES, GY__SPAWN_EXEC},
        {"true", "/no/such/directory", 2, -ENOENT, GY__SPAWN_CWD},
        {"true", NULL, 1000000, -EBADF, GY__SPAWN_FDS},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *const argv[] = {cases[i].program, NULL};
        struct gy__spawn what = {
            .argv = argv, .cwd = cases[i].cwd, .fds = {cases[i].fd, 2, 2}, .own_group = true};
        GY_CHECK_INT(gy__child_start(gy_test_loop(t), &what, &c, &step), cases[i].code);
        GY_CHECK_INT(step, cases[i].step);
    }
    GY_CHECK(!has_children());
    GY_CHECK_INT(start_shell(t, "exit 0", plain, &s), 0); /* and all works again */
    close(s.out);
    GY_CHECK_INT(finish(&s).status, 0);
}

static void write_file(const char *path, const char *text, mode_t mode)
{
    FILE *f = fopen(path, "w");
    GY_CHECK(f && fputs(text, f) >= 0 && fclose(f) == 0);
    GY_CHECK_INT(chmod(path, mode), 0);
}

GY_TEST(path_is_that_of_the_environment_it_gets)
{
    char dir[] = "/tmp/gyre-child-XXXXXX", path[128], env_path[128];
    struct shell s;
    GY_CHECK(mkdtemp(dir) != NULL);
    snprintf(path, sizeof path, "%s/gyre-test-tool", dir);
    snprintf(env_path, sizeof env_path, "PATH=/no/such:/etc/passwd:%s", dir);
    const char *const argv[] = {"gyre-test-tool", "an argument", NULL};
    const char *const env[] = {"A=b", env_path, NULL};
    struct gy__spawn there = {.argv = argv, .env = env};
    write_file(path, "#!/bin/sh\necho \"$A: $1\"\n", 0755);
    GY_CHECK_INT(start_shell(t, NULL, there, &s), 0);
    GY_CHECK_TEXT(all_of(t, &s), "b: an argument\n");
    GY_CHECK_INT(finish(&s).status, 0);
    GY_CHECK_INT(start_shell(t, NULL, (struct gy__spawn){.argv = argv}, &s), -ENOENT);
    close(s.out);
    const char *const no_path[] = {"A=b", NULL};
    const char *const tool[] = {"sh", "-c", "echo $A", NULL};
    GY_CHECK_INT(start_shell(t, NULL, (struct gy__spawn){.argv = tool, .env = no_path}, &s), 0);
    GY_CHECK_TEXT(all_of(t, &s), "b\n");
    GY_CHECK_INT(finish(&s).status, 0);
    /* An empty place is the directory it runs in. */
    const char *const here[] = {"A=b", "PATH=/no/such:", NULL};
    there.env = here;
    there.cwd = dir;
    GY_CHECK_INT(start_shell(t, NULL, there, &s), 0);
    GY_CHECK_TEXT(all_of(t, &s), "b: an argument\n");
    GY_CHECK_INT(finish(&s).status, 0);
    /* What is there and may not be run is remembered while the search goes on. */
    chmod(path, 0644);
    GY_CHECK_INT(start_shell(t, NULL, there, &s), -EACCES);
    close(s.out);
    write_file(path, "no program\n", 0755);
    GY_CHECK_INT(start_shell(t, NULL, there, &s), -ENOEXEC);
    close(s.out);
    unlink(path);
    rmdir(dir);
}

static struct gy__child *lost(gy_test *t, int *out)
{
    struct shell s;
    GY_CHECK_INT(start_shell(t, "sleep 1000 & echo up; wait", plain, &s), 0);
    char up[3];
    GY_CHECK_INT(read(s.out, up, 3), 3);
    *out = s.out;
    return s.child;
}

static void note(void *arg)
{
    ++*(int *)arg;
}

GY_TEST(with_its_loop_it_ends_and_its_group_too)
{
    gy_loop *loop = gy_loop_new();
    const char *const argv[] = {"sh", "-c", "sleep 1000 & echo up; wait", NULL};
    enum gy__spawn_step step;
    struct gy__child *c;
    int ends[2], told = 0;
    char up[3];
    GY_CHECK_INT(pipe2(ends, O_CLOEXEC), 0);
    struct gy__spawn s = {.argv = argv, .own_group = true, .fds = {2, ends[1], 2}};
    GY_CHECK_INT(gy__child_start(loop, &s, &c, &step), 0);
    close(ends[1]);
    c->on_loop_end = note;
    c->arg = &told;
    GY_CHECK_INT(read(ends[0], up, 3), 3);
    gy_loop_free(loop);
    GY_CHECK_INT(told, 1);
    GY_CHECK(!has_children());
    GY_CHECK_INT(read(ends[0], up, 3), 0); /* nobody has the other end any more */
    close(ends[0]);
    GY_CHECK_INT(gy__child_signal(c, SIGKILL, true), GY_ENOTFOUND);
    gy__child_release(c);
}

GY_TEST(one_that_was_let_go_is_reaped_by_the_loop)
{
    int out;
    char end;
    struct gy__child *c = lost(t, &out);
    gy__child_release(c);
    GY_CHECK_INT(read(out, &end, 1), 0);
    close(out);
    while (has_children())
        GY_CHECK_INT(gy_loop_turn(gy_test_loop(t), -1), 0);
}

GY_TEST(one_that_may_outlive_us_is_left_alone)
{
    struct shell s;
    char up[3];
    GY_CHECK_INT(start_shell(t, "echo up; exec sleep 1000",
                             (struct gy__spawn){.own_group = true, .outlive = true}, &s),
                 0);
    GY_CHECK_INT(read(s.out, up, 3), 3);
    pid_t pid = s.child->pid;
    gy__child_release(s.child);
    gy_test_settle(t);
    GY_CHECK_INT(kill(pid, 0), 0);
    GY_CHECK_INT(kill(pid, SIGTERM), 0);
    GY_CHECK_TEXT(all_of(t, &s), "");
    while (has_children())
        GY_CHECK_INT(gy_loop_turn(gy_test_loop(t), -1), 0);
}

/* A program in between is killed. Gives the number of its child, and the pipe that this holds. */
static pid_t orphan(bool outlive, int *out)
{
    int ends[2];
    GY_CHECK_INT(pipe2(ends, O_CLOEXEC), 0);
    pid_t between = fork();
    if (between == 0) {
        const char *const argv[] = {"sh", "-c", "echo $$; exec sleep 1000", NULL};
        struct gy__spawn s = {.argv = argv, .fds = {2, ends[1], 2}, .outlive = outlive};
        enum gy__spawn_step step;
        pid_t pid;
        if (gy__spawn(&s, &pid, &step))
            _exit(1);
        close(ends[1]);
        for (;;)
            pause();
    }
    close(ends[1]);
    char text[16] = "";
    size_t len = 0;
    while (!strchr(text, '\n') && read(ends[0], text + len, 1) == 1)
        len++;
    kill(between, SIGKILL);
    waitpid(between, NULL, 0);
    *out = ends[0];
    return (pid_t)strtol(text, NULL, 10);
}

GY_TEST(it_ends_with_this_program_even_when_that_is_killed)
{
    int out;
    char end;
    GY_CHECK(orphan(false, &out) > 1);
    GY_CHECK_INT(read(out, &end, 1), 0); /* nobody holds it any more */
    close(out);
}

GY_TEST(it_outlives_this_program_when_it_may)
{
    int out;
    char end;
    pid_t pid = orphan(true, &out);
    GY_CHECK(pid > 1);
    GY_CHECK_INT(pid > 1 ? kill(pid, SIGKILL) : -1, 0);
    GY_CHECK_INT(read(out, &end, 1), 0);
    close(out);
}

GY_TEST(another_one_may_have_waited_for_it)
{
    struct shell s;
    GY_CHECK_INT(start_shell(t, "exit 5", plain, &s), 0);
    GY_CHECK_TEXT(all_of(t, &s), "");
    GY_CHECK_INT(waitpid(s.child->pid, NULL, 0), s.child->pid);
    struct gy__child_end end = finish(&s);
    GY_CHECK_INT(end.status, -1);
    GY_CHECK_INT(end.signo, 0);
}

GY_TEST(in_a_child_by_fork_it_is_nobodys_to_kill)
{
    int out, how;
    struct gy__child *c = lost(t, &out);
    pid_t pid = fork();
    if (pid == 0) {
        int e = gy__child_signal(c, SIGKILL, true);
        gy__child_release(c);
        gy_loop_free(gy_test_loop(t));
        _exit(e == GY_ENOTFOUND ? 0 : 1);
    }
    GY_CHECK_INT(waitpid(pid, &how, 0), pid);
    GY_CHECK_INT(how, 0);
    GY_CHECK_INT(gy__child_signal(c, 0, false), 0);
    gy__child_release(c);
    close(out);
}

/* -- From a program with threads and much memory -------------------------------------------------- */

static atomic_bool enough;

static void *keep_busy(void *arg)
{
    (void)arg;
    while (!atomic_load(&enough)) {
        void *p = malloc(1000); /* the allocator's lock is held most of the time */
        FILE *f = fopen("/dev/null", "w");
        if (f)
            fclose(f);
        free(p);
    }
    return NULL;
}

GY_TEST(threads_and_memory_do_not_hinder_it)
{
    enum { MUCH = 256 << 20 };
    pthread_t threads[2];
    char *much = mmap(NULL, MUCH, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    GY_CHECK(much != MAP_FAILED);
    atomic_store(&enough, false);
    for (int i = 0; i < 2; i++)
        GY_CHECK_INT(pthread_create(&threads[i], NULL, keep_busy, NULL), 0);
    for (int i = 0; i < 50; i++) {
        struct shell s;
        const char *const argv[] = {"true", NULL};
        memset(much + i * 4096, i, 4096);
        GY_CHECK_INT(start_shell(t, NULL, (struct gy__spawn){.argv = argv}, &s), 0);
        close(s.out);
        GY_CHECK_INT(finish(&s).status, 0);
    }
    atomic_store(&enough, true);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    munmap(much, MUCH);
}

/* Without pidfds, as under valgrind, an end is asked for now and then: in tests time stands still. */
static bool has_pidfds(void)
{
    int fd = (int)syscall(SYS_pidfd_open, getpid(), 0);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

int main(int argc, char **argv)
{
    return has_pidfds() ? gy_test_main(argc, argv) : 77;
}
