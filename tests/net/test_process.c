/* SPDX-License-Identifier: MIT */
/* Other programs: streams to them, their end, and running one from its start to its end. */
#include <errno.h>
#include <fcntl.h>
#include <gyre/error.h>
#include <gyre/process.h>
#include <gyre/task.h>
#include <gyre/testing.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/sweep.h"

static bool has_children(void)
{
    siginfo_t info;
    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD;
}

/* After a close the loop has to see the end. */
static void let_them_end(gy_test *t)
{
    while (has_children())
        GY_CHECK_INT(gy_loop_turn(gy_test_loop(t), -1), 0);
}

#define SH(text_) ((const char *const[]){"sh", "-c", text_, NULL})

static gy_process *open_sh(const gy_process_opts *opts)
{
    gy_process *p = NULL;
    char why[256] = "";
    GY_CHECK_INT(gy_process_open(opts, &p, why, sizeof why), 0);
    GY_CHECK_TEXT(gy_str_of(why), "");
    return p;
}

/* -- Streams ------------------------------------------------------------------------------------- */

static int talk(void *arg)
{
    (void)arg;
    gy_str got;
    gy_exit how;
    gy_process *p = open_sh(
        &(gy_process_opts){.argv = SH("read x; echo \"out $x\"; echo \"err $x\" >&2; cat; exit 3"),
                           .in = GY_STDIO_PIPE,
                           .out = GY_STDIO_PIPE,
                           .err = GY_STDIO_PIPE});
    GY_CHECK_INT(gy_stream_write(gy_process_in(p), "one\n", 4), 0);
    GY_CHECK_INT(gy_stream_read_until(gy_process_out(p), "\n", 100, &got), 0);
    GY_CHECK_TEXT(got, "out one\n");
    GY_CHECK_INT(gy_stream_read_until(gy_process_err(p), "\n", 100, &got), 0);
    GY_CHECK_TEXT(got, "err one\n");
    GY_CHECK_INT(gy_process_wait(p, 0, NULL), GY_ETIMEDOUT);
    GY_CHECK_INT(gy_stream_write(gy_process_in(p), "rest", 4), 0);
    GY_CHECK_INT(gy_stream_shutdown(gy_process_in(p)), 0);
    GY_CHECK_INT(gy_stream_read_all(gy_process_out(p), 100, &got), 0);
    GY_CHECK_TEXT(got, "rest");
    GY_CHECK_INT(gy_process_wait(p, GY_FOREVER, &how), 0);
    GY_CHECK_INT(how.status, 3);
    GY_CHECK_INT(gy_process_signal(p, SIGTERM), GY_ENOTFOUND);
    gy_process_close(p);
    return 0;
}

GY_TEST(a_program_may_be_talked_to)
{
    GY_CHECK_INT(gy_test_run(t, talk, NULL), 0);
    GY_CHECK(!has_children());
}

GY_TEST(the_three_may_be_many_things)
{
    int ends[2];
    char got[100];
    GY_CHECK_INT(pipe2(ends, O_CLOEXEC), 0);
    gy_process *p = open_sh(&(gy_process_opts){.argv = SH("cat; echo out; echo err >&2"),
                                               .in = GY_STDIO_NULL,
                                               .out = ends[1],
                                               .err = GY_STDIO_STDOUT});
    GY_CHECK(!gy_process_in(p) && !gy_process_out(p) && !gy_process_err(p));
    GY_CHECK(fcntl(ends[1], F_GETFD) >= 0);                /* only lent */
    GY_CHECK_INT(gy_process_wait(p, GY_FOREVER, NULL), 0); /* outside of a task */
    GY_CHECK_INT(read(ends[0], got, sizeof got), 8);
    GY_CHECK(memcmp(got, "out\nerr\n", 8) == 0);
    gy_process_close(p);
    close(ends[0]);
    close(ends[1]);
    static const gy_process_opts bad[] = {
        {.in = GY_STDIO_STDOUT}, {.out = GY_STDIO_STDOUT}, {.err = -4}, {.in = -9}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        gy_process_opts o = bad[i];
        o.argv = SH("exit");
        GY_CHECK_INT(gy_process_open(&o, &p, NULL, 0), GY_EINVAL);
    }
    GY_CHECK(!has_children());
}

/* A program whose own three are closed, as a daemon's may be. */
GY_TEST(what_is_closed_here_is_empty_there)
{
    int how;
    pid_t pid = fork();
    if (pid == 0) {
        gy_process *p;
        gy_exit end = {.status = 9};
        gy_loop *loop = gy_loop_new();
        for (int i = 0; i < 3; i++)
            close(i);
        if (gy_process_open(&(gy_process_opts){.argv = SH("test -e /proc/self/fd/0 -a "
                                                          "-e /proc/self/fd/1 -a "
                                                          "-e /proc/self/fd/2 && cat && exit 4")},
                            &p, NULL, 0) ||
            gy_process_wait(p, GY_FOREVER, &end))
            _exit(1);
        gy_process_close(p);
        gy_loop_free(loop);
        _exit(end.status);
    }
    GY_CHECK_INT(waitpid(pid, &how, 0), pid);
    GY_CHECK_INT(WIFEXITED(how) ? WEXITSTATUS(how) : -1, 4);
    (void)t;
}

GY_TEST(why_it_could_not_start_is_a_sentence)
{
    static const struct {
        const char *program, *cwd;
        int code;
        const char *why;
    } cases[] = {
        {"no-such-program", NULL, -ENOENT,
         "cannot start \"no-such-program\": there is no such program along PATH"},
        {"/no/such", NULL, -ENOENT, "cannot start \"/no/such\": No such file or directory"},
        {"/etc/passwd", NULL, -EACCES, "cannot start \"/etc/passwd\": Permission denied"},
        {"true", "/no/such", -ENOENT,
         "cannot start \"true\" in \"/no/such\": No such file or directory"},
        {NULL, NULL, GY_EINVAL, "no program was named"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gy_process *p = NULL;
        char why[256] = "";
        const char *const argv[] = {cases[i].program, NULL};
        gy_process_opts o = {.argv = argv, .cwd = cases[i].cwd, .out = GY_STDIO_PIPE};
        GY_CHECK_INT(gy_process_open(&o, &p, why, sizeof why), cases[i].code);
        GY_CHECK_TEXT(gy_str_of(why), cases[i].why);
        GY_CHECK(!p);
    }
    GY_CHECK(!has_children());
    (void)t;
}

static int read_to_the_end(void *arg)
{
    gy_str got;
    return gy_stream_read_all(arg, 100, &got);
}

GY_TEST(a_close_kills_it_with_its_group)
{
    int ends[2];
    GY_CHECK_INT(pipe2(ends, O_CLOEXEC), 0);
    gy_process *p =
        open_sh(&(gy_process_opts){.argv = SH("trap '' TERM; sleep 1000 & echo up; wait"),
                                   .out = ends[1],
                                   .in = GY_STDIO_PIPE});
    close(ends[1]);
    gy_stream *out = gy_pipe_open(ends[0], -1, NULL);
    char byte[3];
    while (read(ends[0], byte, 3) != 3)
        ;
    gy_task *task = gy_task_new(gy_test_loop(t), read_to_the_end, out, NULL);
    gy_process_close(p);
    GY_CHECK_INT(gy_task_join(task), 0); /* the last of the group has gone */
    gy_stream_close(out);
    let_them_end(t);
    gy_process_close(NULL);
}

GY_TEST(a_signal_may_go_to_its_group)
{
    gy_exit how;
    gy_process *p = open_sh(&(gy_process_opts){.argv = SH("sleep 1000"), .err = GY_STDIO_NULL});
    GY_CHECK_INT(getpgid(gy_process_id(p)), gy_process_id(p));
    GY_CHECK_INT(gy_process_signal_group(p, 0), 0);
    GY_CHECK_INT(gy_process_signal_group(p, SIGTERM), 0);
    GY_CHECK_INT(gy_process_wait(p, GY_FOREVER, &how), 0);
    GY_CHECK_INT(how.signo, SIGTERM);
    gy_process_close(p);
    (void)t;
}

GY_TEST(a_loop_that_ends_takes_them_along)
{
    gy_process *p = NULL;
    gy_loop *loop;
    (void)t;
    pid_t pid = fork();
    if (pid == 0) {
        loop = gy_loop_new();
        int before = count_descriptors();
        if (gy_process_open(&(gy_process_opts){.argv = SH("sleep 1000"),
                                               .in = GY_STDIO_PIPE,
                                               .out = GY_STDIO_PIPE,
                                               .err = GY_STDIO_PIPE},
                            &p, NULL, 0))
            _exit(1);
        int more = count_descriptors() - before;
        gy_loop_free(loop);
        if (has_children())
            _exit(2);
        if (gy_process_signal(p, SIGKILL) != GY_ENOTFOUND || gy_process_out(p))
            _exit(3);
        gy_process_close(p);
        _exit(more == 4 ? 0 : 4);
    }
    int how;
    GY_CHECK_INT(waitpid(pid, &how, 0), pid);
    GY_CHECK_INT(how, 0);
}

/* -- From start to end --------------------------------------------------------------------------- */

struct ran {
    gy_process_opts opts;
    gy_str input;
    gy_arena *arena;
    gy_run_result res;
};

static int run_it(void *arg)
{
    struct ran *r = arg;
    return gy_process_run(r->arena, &r->opts, r->input, &r->res);
}

/* However long it takes: a program is not hurried by the patience of a test. */
static int run_long(gy_test *t, struct ran *r)
{
    r->arena = gy_test_arena(t);
    gy_test_clock_real(t);
    int e = gy_task_join(gy_task_new(gy_test_loop(t), run_it, r, NULL));
    GY_CHECK(!has_children());
    return e;
}

static int run_sh(gy_test *t, struct ran *r)
{
    r->arena = gy_test_arena(t);
    int e = gy_test_run(t, run_it, r);
    GY_CHECK(!has_children());
    return e;
}

GY_TEST(all_it_writes_is_read_and_how_it_ends)
{
    struct ran r = {.opts.argv = SH("cat; echo err >&2; exit 5"), .input = GY_STR("some input")};
    GY_CHECK_INT(run_sh(t, &r), 0);
    GY_CHECK_TEXT(r.res.out, "some input");
    GY_CHECK_TEXT(r.res.err, "err\n");
    GY_CHECK_INT(r.res.exit.status, 5);
    r = (struct ran){.opts.argv = SH("cat; kill -SEGV $$")}; /* no input: its end at once */
    GY_CHECK_INT(run_sh(t, &r), 0);
    GY_CHECK_TEXT(r.res.out, "");
    GY_CHECK_INT(r.res.exit.signo, SIGSEGV);
    GY_CHECK_INT(gy_process_run(r.arena, &r.opts, r.input, &r.res), GY_ENOTASK);
}

GY_TEST(arguments_environment_and_directory_arrive_as_they_are)
{
    const char *const argv[] = {"sh",
                                "-c",
                                "printf '%s|' \"$@\" \"$A\" \"$PWD\"",
                                "sh",
                                "two words",
                                "",
                                "$A 'quoted' \"*\"",
                                "\xc3\xa4",
                                NULL};
    const char *const env[] = {"A=b c", "PATH=/usr/bin:/bin", NULL};
    struct ran r = {.opts = {.argv = argv, .env = env, .cwd = "/usr"}};
    GY_CHECK_INT(run_sh(t, &r), 0);
    GY_CHECK_TEXT(r.res.out, "two words||$A 'quoted' \"*\"|\xc3\xa4|b c|/usr|");
}

GY_TEST(err_may_go_with_out)
{
    struct ran r = {.opts = {.argv = SH("echo a; echo b >&2; echo c"), .err = GY_STDIO_STDOUT}};
    GY_CHECK_INT(run_sh(t, &r), 0);
    GY_CHECK_TEXT(r.res.out, "a\nb\nc\n");
    GY_CHECK_TEXT(r.res.err, "");
}

GY_TEST(much_goes_in_and_out_at_the_same_time)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    enum { MUCH = 20000000 };
#else
    enum { MUCH = 100000000 };
#endif
    unsigned *numbers = malloc(MUCH);
    for (unsigned i = 0; i < MUCH / sizeof *numbers; i++)
        numbers[i] = i * 2654435761U;
    struct ran r = {.opts = {.argv = SH("tee /dev/stderr")},
                    .input = gy_str_n((char *)numbers, MUCH)};
    GY_CHECK_INT(run_long(t, &r), 0);
    GY_CHECK_INT(r.res.out.len, MUCH);
    GY_CHECK_INT(r.res.err.len, MUCH);
    GY_CHECK(r.res.out.len == MUCH && memcmp(r.res.out.ptr, numbers, MUCH) == 0);
    GY_CHECK(r.res.err.len == MUCH && memcmp(r.res.err.ptr, numbers, MUCH) == 0);
    free(numbers);
}

GY_TEST(input_that_nobody_reads_is_no_failure)
{
    static char much[1000000];
    struct ran r = {.opts.argv = SH("exec <&-; echo done"), .input = gy_str_n(much, sizeof much)};
    GY_CHECK_INT(run_sh(t, &r), 0);
    GY_CHECK_TEXT(r.res.out, "done\n");
    r.opts.argv = SH("true");
    GY_CHECK_INT(run_sh(t, &r), 0);
    r.opts.in = GY_STDIO_NULL;
    GY_CHECK_INT(run_sh(t, &r), GY_EINVAL);
}

GY_TEST(too_much_output_is_an_end)
{
    struct ran r = {.opts = {.argv = SH("printf 12345"), .max_output = 5}};
    GY_CHECK_INT(run_long(t, &r), 0);
    GY_CHECK_TEXT(r.res.out, "12345");
    r.opts.argv = SH("printf 123456");
    GY_CHECK_INT(run_long(t, &r), GY_ETOOBIG);
    GY_CHECK_TEXT(r.res.out, "");
    r.opts.argv = SH("exec yes");
    GY_CHECK_INT(run_long(t, &r), GY_ETOOBIG);
    r.opts.argv = SH("exec yes >&2");
    GY_CHECK_INT(run_long(t, &r), GY_ETOOBIG);
}

GY_TEST(too_much_time_is_an_end_for_all_of_them)
{
    int ends[2];
    char byte;
    GY_CHECK_INT(pipe2(ends, O_CLOEXEC), 0);
    gy_test_clock_auto(t);
    struct ran r = {.opts = {.argv = SH("sleep 1000 & wait"), .err = ends[1], .timeout = 5}};
    GY_CHECK_INT(run_sh(t, &r), GY_ETIMEDOUT);
    close(ends[1]);
    GY_CHECK_INT(read(ends[0], &byte, 1), 0); /* nobody of the group is left */
    close(ends[0]);
}

static int run_with_a_deadline(void *arg)
{
    gy_deadline d;
    gy_deadline_begin(&d, 3);
    int e = run_it(arg);
    return gy_deadline_end(&d) ? e : 1;
}

GY_TEST(a_deadline_or_a_cancellation_ends_it)
{
    struct ran r = {.opts = {.argv = SH("sleep 1000 & wait")}, .arena = gy_test_arena(t)};
    gy_task *task = gy_task_new(gy_test_loop(t), run_it, &r, NULL);
    gy_test_settle(t);
    gy_task_cancel(task);
    GY_CHECK_INT(gy_task_join(task), GY_ECANCELED);
    GY_CHECK(!has_children());
    gy_test_clock_auto(t);
    GY_CHECK_INT(gy_test_run(t, run_with_a_deadline, &r), GY_ETIMEDOUT);
    GY_CHECK(!has_children());
}

GY_TEST(who_is_left_behind_and_holds_the_pipes_is_not_waited_for)
{
    gy_test_clock_auto(t);
    struct ran r = {.opts.argv = SH("sleep 1000 & echo $!; exit 2"), .input = GY_STR("ignored")};
    GY_CHECK_INT(run_sh(t, &r), 0);
    GY_CHECK_INT(r.res.exit.status, 2);
    char *end;
    long pid = strtol(r.res.out.ptr, &end, 10);
    GY_CHECK(pid > 1 && *end == '\n');
    GY_CHECK_INT(pid > 1 ? kill((pid_t)pid, SIGKILL) : -1, 0); /* and it was left alone */
}

GY_TEST(who_comes_a_little_later_is)
{
    struct ran r = {.opts.argv = SH("(cat >/dev/null; echo last) & exec true"),
                    .input = GY_STR("x")};
    GY_CHECK_INT(run_long(t, &r), 0);
    GY_CHECK(r.res.out.len == 0 || gy_str_eq(r.res.out, gy_str_of("last\n")));
}

GY_TEST(what_cannot_start_is_a_failure)
{
    struct ran r = {.opts.argv = (const char *const[]){"no-such-program", NULL}};
    GY_CHECK_INT(run_sh(t, &r), -ENOENT);
    struct rlimit few, before;
    getrlimit(RLIMIT_NOFILE, &before);
    r.opts.argv = SH("echo");
    for (rlim_t n = 3;; n++) { /* too few descriptors, one more each time */
        few = (struct rlimit){.rlim_cur = n, .rlim_max = before.rlim_max};
        setrlimit(RLIMIT_NOFILE, &few);
        int e = run_sh(t, &r);
        if (e == 0)
            break;
        GY_CHECK_INT(e, -EMFILE);
    }
    setrlimit(RLIMIT_NOFILE, &before);
}

/* -- How it ended, as text ------------------------------------------------------------------------ */

GY_TEST(an_end_is_a_text)
{
    static const struct {
        gy_exit how;
        const char *text;
    } cases[] = {
        {{0, 0, false}, "exited with status 0"},
        {{255, 0, false}, "exited with status 255"},
        {{-1, SIGSEGV, true}, "killed by SIGSEGV (core dumped)"},
        {{-1, SIGKILL, false}, "killed by SIGKILL"},
        {{-1, 50, false}, "killed by signal 50"},
        {{-1, 0, false}, "ended, and nobody knows how"},
    };
    char text[64];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gy_exit_text(&cases[i].how, text, sizeof text);
        GY_CHECK_TEXT(gy_str_of(text), cases[i].text);
    }
    gy_exit_text(&cases[0].how, text, 7);
    GY_CHECK_TEXT(gy_str_of(text), "exited");
    (void)t;
}

/* -- Sweeps -------------------------------------------------------------------------------------- */

static int run_cat(void *arg)
{
    (void)arg;
    static char much[200000];
    gy_arena arena = {0};
    gy_run_result res;
    int e = gy_process_run(&arena, &(gy_process_opts){.argv = SH("cat; echo err >&2")},
                           gy_str_n(much, sizeof much), &res);
    if (!e && (res.out.len != sizeof much || res.err.len != 4))
        e = -EIO;
    gy_arena_done(&arena);
    return e;
}

static int hear(void *arg)
{
    gy_str got;
    return gy_stream_read_all(gy_process_out(arg), 100, &got);
}

static int tell(void *arg)
{
    int e = gy_stream_write(gy_process_in(arg), "hello", 5);
    return e ? e : gy_stream_shutdown(gy_process_in(arg));
}

/* Who listens does so before anything is said: it waits, however quick the program is. */
static int open_and_wait(void *arg)
{
    (void)arg;
    gy_process *p;
    gy_group g = {0};
    int e = gy_process_open(
        &(gy_process_opts){.argv = SH("cat"), .in = GY_STDIO_PIPE, .out = GY_STDIO_PIPE}, &p, NULL,
        0);
    if (e)
        return e;
    gy_group_spawn(&g, hear, p);
    gy_group_spawn(&g, tell, p);
    e = gy_group_wait(&g);
    if (!e)
        e = gy_process_wait(p, GY_FOREVER, NULL);
    gy_process_close(p);
    return e;
}

GY_TEST(every_wait_may_be_cancelled_and_every_allocation_fail)
{
    GY_CHECK(sweep_waits(run_cat, NULL) > 1);
    GY_CHECK(sweep_waits(open_and_wait, NULL) > 1);
    sweep_task_allocations(run_cat, NULL);
    sweep_task_allocations(open_and_wait, NULL);
    let_them_end(t);
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
