/* SPDX-License-Identifier: MIT */
/* Pools of processes: what comes back, every way to die, and that nothing is inherited. */
#include "loop/instrument.h"
#include "loop/pool_processes.h"
#include "support/sweep.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <gyre/error.h>
#include <gyre/offload.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static gy_pool *new_pool(unsigned size)
{
    gy_pool *p = gy_pool_new(
        &(gy_pool_opts){.name = "calc", .kind = GY_POOL_PROCESSES, .size = size, .idle_time = -1});
    assert_non_null(p);
    return p;
}

/* A task with a pool of [size] processes. */
static void with_pool(gy_task_fn *fn, unsigned size)
{
    int before = count_descriptors();
    gy_pool *p = new_pool(size);
    assert_int_equal(gy_run(fn, p), 0);
    gy_pool_free(p);
    assert_int_equal(count_descriptors(), before);
}

static int add_one(void *arg)
{
    *(int *)arg += 1;
    return -31;
}

static int give_pid(void *arg)
{
    *(pid_t *)arg = getpid();
    return 0;
}

static pid_t pid_of(gy_pool *p)
{
    pid_t pid = 0;
    gy_offload_opts o = {.pool = p, .size = sizeof pid};
    assert_int_equal(gy_offload(give_pid, &pid, &o), 0);
    assert_true(pid > 0 && pid != getpid());
    return pid;
}

/* -- What comes back ------------------------------------------------------------------------------ */

static int results(void *arg)
{
    int n = 41;
    gy_offload_opts o = {.pool = arg, .size = sizeof n};
    assert_int_equal(gy_offload(add_one, &n, &o), -31);
    assert_int_equal(n, 42);
    pid_t first = pid_of(arg);
    assert_int_equal(pid_of(arg), first); /* it is used again */
    return 0;
}

static void a_job_works_on_a_copy_elsewhere(void **state)
{
    (void)state;
    with_pool(results, 1);
}

static int count_up(void *arg)
{
    static int jobs;
    return arg ? GY_EINVAL : ++jobs;
}

static int nothing_to_give(void *arg)
{
    gy_offload_opts o = {.pool = arg};
    assert_int_equal(gy_offload(count_up, NULL, &o), 1);
    assert_int_equal(gy_offload(count_up, NULL, &o), 2); /* its memory is its own */
    return 0;
}

static void nothing_goes_along(void **state)
{
    (void)state;
    with_pool(nothing_to_give, 1);
}

static size_t its_size; /* as the job's process was told, byte by byte */

static int tell_size(void *arg)
{
    memcpy(&its_size, arg, sizeof its_size);
    return 0;
}

static int turn_round(void *arg)
{
    unsigned char *b = arg;
    for (size_t i = 0; i < its_size; i++)
        b[i] = (unsigned char)~b[i];
    return gy_job_reply(b, its_size);
}

static void one_size(gy_pool *p, size_t size)
{
    gy_arena arena = {0};
    gy_str reply;
    unsigned char *b = malloc(size + 1);
    assert_non_null(b);
    for (size_t i = 0; i < size; i++)
        b[i] = (unsigned char)(i * 7 + i / 1000);
    assert_int_equal(
        gy_offload(tell_size, &size, &(gy_offload_opts){.pool = p, .size = sizeof size}), 0);
    gy_offload_opts o = {.pool = p, .size = size, .arena = &arena, .reply = &reply};
    assert_int_equal(gy_offload(turn_round, b, &o), 0);
    size_t wrong = 0;
    for (size_t i = 0; i < size; i++)
        wrong += b[i] != (unsigned char)~(i * 7 + i / 1000);
    assert_int_equal(wrong, 0);
    assert_int_equal(reply.len, size);
    assert_memory_equal(reply.ptr, b, size);
    assert_int_equal(reply.ptr[size], '\0');
    gy_arena_done(&arena);
    free(b);
}

static int sizes(void *arg)
{
    static const size_t all[] = {0,     1,     4096,       65535,   65536,
                                 65537, 70000, 262144 + 1, 1 << 20, 100000000};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        one_size(arg, all[i]);
    return 0;
}

static void any_size(void **state)
{
    (void)state;
    with_pool(sizes, 1);
}

/* While 100 MB are on their way others run. */
static int beat(void *arg)
{
    for (int e = 0; !e; e = gy_yield())
        ++*(long *)arg;
    return 0;
}

static int others_run(void *arg)
{
    long beats = 0;
    char *bytes = calloc(1, 10 << 20);
    assert_non_null(bytes);
    gy_task *t = gy_task_new(gy_loop_current(), beat, &beats, NULL);
    gy_offload_opts o = {.pool = arg, .size = 10 << 20};
    assert_int_equal(gy_offload(add_one, bytes, &o), -31);
    assert_int_equal(bytes[0], 1);
    gy_task_cancel(t);
    gy_task_join(t);
    assert_true(beats >= 40);
    free(bytes);
    return 0;
}

static void large_bytes_let_others_run(void **state)
{
    (void)state;
    with_pool(others_run, 1);
}

static int outside(void)
{
    return gy_offload(count_up, NULL, &(gy_offload_opts){.pool = gy_process_pool()});
}

static void only_in_a_task(void **state)
{
    (void)state;
    assert_int_equal(outside(), GY_ENOTASK);
}

/* -- Every way to die ----------------------------------------------------------------------------- */

static int die_by(void *arg)
{
    raise(*(int *)arg);
    return 0;
}

static int call_abort(void *arg)
{
    (void)arg;
    abort();
}

static int call_exit(void *arg)
{
    exit(*(int *)arg);
}

static int call__exit(void *arg)
{
    _exit(*(int *)arg);
}

static volatile char *volatile nowhere = (char *)64;

static int write_nowhere(void *arg)
{
    (void)arg;
    *nowhere = 1;
    return 0;
}

static int deeper(volatile char *outer, int n)
{
    volatile char room[4096];
    room[0] = (char)(*outer + 1);
    return n ? deeper(room, n - 1) + room[0] : 0;
}

static int overflow(void *arg)
{
    volatile char c = 0;
    (void)arg;
    return deeper(&c, 1000000000);
}

/* As the kernel does when memory runs out: a kill that nobody announces. */
static int out_of_memory(void *arg)
{
    (void)arg;
    kill(getpid(), SIGKILL);
    return 0;
}

static volatile int never;
static atomic_bool *begun; /* seen by all processes */

static int for_ever(void *arg)
{
    (void)arg;
    atomic_store(begun, true);
    while (!never)
        ;
    return 0;
}

static void dies(gy_pool *p, gy_task_fn *fn, int n, int signo, int status, const char *text)
{
    gy_offload_opts o = {.pool = p, .size = sizeof n};
    int e = gy_offload(fn, &n, &o);
    assert_int_equal(gy_job_signal(e), signo);
    assert_int_equal(gy_job_status(e), status);
    assert_string_equal(gy_strerror(e), text);
    assert_string_equal(gy_error_name(e), signo ? "GY_EJOB_SIGNAL" : "GY_EJOB_EXIT");
}

static int deaths(void *arg)
{
    gy_pool_stats s;
    pid_t first = pid_of(arg);
    dies(arg, die_by, SIGSEGV, SIGSEGV, -1, "the job was killed by SIGSEGV");
    dies(arg, die_by, SIGFPE, SIGFPE, -1, "the job was killed by SIGFPE");
    dies(arg, die_by, SIGTERM, SIGTERM, -1, "the job was killed by SIGTERM");
    dies(arg, call_abort, 0, SIGABRT, -1, "the job was killed by SIGABRT");
    dies(arg, out_of_memory, 0, SIGKILL, -1, "the job was killed by SIGKILL");
    dies(arg, call_exit, 3, 0, 3, "the job exited with status 3");
    dies(arg, call_exit, 0, 0, 0, "the job exited with status 0");
    dies(arg, call__exit, 255, 0, 255, "the job exited with status 255");
    assert_int_not_equal(pid_of(arg), first); /* and there is one again */
    gy_pool_stats_get(arg, &s);
    assert_int_equal(s.died, 8);
    assert_int_equal(s.done, 2);
    assert_int_equal(s.workers, 1);
    assert_int_equal(s.busy, 0);
    return 0;
}

static void a_death_is_an_error_for_its_caller(void **state)
{
    (void)state;
    with_pool(deaths, 1);
}

/* What the sanitizers look for is theirs to report. */
static int faults(void *arg)
{
    dies(arg, write_nowhere, 0, SIGSEGV, -1, "the job was killed by SIGSEGV");
    dies(arg, overflow, 0, SIGSEGV, -1, "the job was killed by SIGSEGV");
    return 0;
}

static void a_fault_too(void **state)
{
    (void)state;
#ifdef __SANITIZE_THREAD__
    skip();
#endif
    with_pool(faults, 1);
}

static int not_about_jobs(int code)
{
    return gy_job_signal(code) == 0 && gy_job_status(code) == -1;
}

static void other_results_tell_nothing(void **state)
{
    (void)state;
    assert_true(not_about_jobs(0));
    assert_true(not_about_jobs(GY_ECANCELED));
    assert_true(not_about_jobs(GY_EJOB_SIGNAL));
    assert_true(not_about_jobs(GY_EJOB_SIGNAL - 65));
    assert_true(not_about_jobs(GY_EJOB_EXIT - 256));
    assert_int_equal(gy_job_status(GY_EJOB_EXIT), 0);
}

static int offload_for_ever(void *arg)
{
    return gy_offload(for_ever, NULL, &(gy_offload_opts){.pool = arg, .timeout = 0.05});
}

static void wait_busy(gy_pool *p, unsigned n)
{
    gy_pool_stats s;
    for (gy_pool_stats_get(p, &s); s.busy != n; gy_pool_stats_get(p, &s))
        assert_int_equal(gy_sleep(0.001), 0);
}

static int hang(void *arg)
{
    gy_pool_stats s;
    assert_int_equal(offload_for_ever(arg), GY_ETIMEDOUT);
    pid_of(arg);
    gy_pool_stats_get(arg, &s);
    assert_int_equal(s.workers, 1);
    assert_int_equal(s.died, 1);
    return 0;
}

static void an_endless_job_is_killed_in_time(void **state)
{
    (void)state;
    with_pool(hang, 1);
}

static int hang_without_limit(void *arg)
{
    return gy_offload(for_ever, NULL, &(gy_offload_opts){.pool = arg});
}

static int cancel_them(void *arg)
{
    gy_task *running = gy_task_new(gy_loop_current(), hang_without_limit, arg, NULL);
    wait_busy(arg, 1);
    gy_task *queued = gy_task_new(gy_loop_current(), hang_without_limit, arg, NULL);
    gy_task *timed = gy_task_new(gy_loop_current(), offload_for_ever, arg, NULL);
    gy_yield();
    gy_task_cancel(queued);
    assert_int_equal(gy_task_join(queued), GY_ECANCELED);
    assert_int_equal(gy_task_join(timed), GY_ETIMEDOUT); /* in the queue */
    gy_task_cancel(running);
    assert_int_equal(gy_task_join(running), GY_ECANCELED);
    pid_of(arg);
    return 0;
}

static void cancelled_in_the_queue_and_in_the_job(void **state)
{
    (void)state;
    with_pool(cancel_them, 1);
}

static int crash_or_not(void *arg, size_t i)
{
    int n = i % 3 == 0 ? SIGSEGV : (int)i;
    gy_offload_opts o = {.pool = arg, .size = sizeof n};
    int e = gy_offload(i % 3 == 0 ? die_by : add_one, &n, &o);
    if (i % 3 == 0)
        return gy_job_signal(e) == SIGSEGV ? 0 : e - 1;
    return e == -31 && n == (int)i + 1 ? 0 : e - 1;
}

static int many_crash(void *arg)
{
    gy_pool_stats s;
    assert_int_equal(gy_map(90, 10, crash_or_not, arg), 0);
    gy_pool_stats_get(arg, &s);
    assert_int_equal(s.died, 30);
    assert_int_equal(s.done, 60);
    assert_true(s.workers <= 3);
    return 0;
}

static void other_jobs_do_not_notice(void **state)
{
    (void)state;
    with_pool(many_crash, 3);
}

/* -- The server, and processes that idle ---------------------------------------------------------- */

static int lose_server(void *arg)
{
    gy_pool *p = arg;
    pid_of(p);
    atomic_store(begun, false);
    gy_task *t = gy_task_new(gy_loop_current(), hang_without_limit, p, NULL);
    while (!atomic_load(begun)) /* else another process would do it */
        assert_int_equal(gy_sleep(0.001), 0);
    pid_t server = p->server;
    assert_int_equal(kill(server, SIGKILL), 0);
    assert_int_equal(gy_job_signal(gy_task_join(t)), SIGKILL);
    pid_of(p);
    assert_int_not_equal(p->server, server);
    return 0;
}

static void a_dead_server_is_replaced(void **state)
{
    (void)state;
    with_pool(lose_server, 2);
}

/* Nobody had given it a job: so nobody gets an error. */
static int kill_idle(void *arg)
{
    for (int i = 0; i < 20; i++) {
        pid_t pid = pid_of(arg);
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_not_equal(pid_of(arg), pid);
    }
    return 0;
}

static void an_idle_process_that_dies_is_replaced(void **state)
{
    (void)state;
    with_pool(kill_idle, 1);
}

static int idle_out(void *arg)
{
    gy_pool_stats s;
    for (int i = 0; i < 3; i++) {
        pid_of(arg);
        do {
            gy_sleep(0.001);
            gy_pool_stats_get(arg, &s);
        } while (s.workers > 0);
        assert_int_equal(s.died, 0);
    }
    return 0;
}

static void idle_processes_end_and_come_again(void **state)
{
    (void)state;
    gy_pool *p =
        gy_pool_new(&(gy_pool_opts){.kind = GY_POOL_PROCESSES, .size = 2, .idle_time = 0.002});
    assert_int_equal(gy_run(idle_out, p), 0);
    gy_pool_free(p);
}

static int less_and_less_idle(void *arg)
{
    for (int i = 0; i < 100; i++) {
        pid_of(arg);
        if (i % 3 == 0)
            gy_sleep(0.0005);
    }
    return 0;
}

static void a_job_meets_a_process_that_ends(void **state)
{
    (void)state;
    gy_pool *p =
        gy_pool_new(&(gy_pool_opts){.kind = GY_POOL_PROCESSES, .size = 2, .idle_time = 0.0002});
    assert_int_equal(gy_run(less_and_less_idle, p), 0);
    gy_pool_free(p);
}

/* -- What is inherited ---------------------------------------------------------------------------- */

/* Descriptors from 3 on that the job's process has: its socket. Those beyond the limit are valgrind's. */
static int count_open(void *arg)
{
    int n = 0;
    DIR *d = opendir("/proc/self/fd");
    struct rlimit limit;
    (void)arg;
    if (!d || getrlimit(RLIMIT_NOFILE, &limit))
        return -1;
    for (struct dirent *e; (e = readdir(d));) {
        int fd = atoi(e->d_name);
        n += e->d_name[0] != '.' && fd > 2 && fd != dirfd(d) && (rlim_t)fd < limit.rlim_cur;
    }
    closedir(d);
    return n;
}

static int default_signals(void *arg)
{
    struct sigaction a;
    sigset_t set;
    (void)arg;
    sigprocmask(SIG_BLOCK, NULL, &set);
    for (int i = 1; i < 32; i++)
        if (i != SIGKILL && i != SIGSTOP &&
            (sigaction(i, NULL, &a) || a.sa_handler != SIG_DFL || sigismember(&set, i)))
            return -i;
    return 0;
}

static int bind_to(int port)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((uint16_t)port),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    if (bind(fd, (struct sockaddr *)&a, sizeof a) || listen(fd, 1)) {
        close(fd);
        return -1;
    }
    return fd;
}

static int port_of(int fd)
{
    struct sockaddr_in a;
    socklen_t len = sizeof a;
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
    return ntohs(a.sin_port);
}

static int listening(void *arg)
{
    int fd = bind_to(0);
    assert_true(fd >= 0);
    int port = port_of(fd);
    gy_offload_opts o = {.pool = arg};
    pid_t pid = pid_of(arg);
    assert_int_equal(gy_offload(count_open, NULL, &o), 1);
    assert_int_equal(gy_offload(default_signals, NULL, &o), 0);
    close(fd);
    assert_int_equal(kill(pid, 0), 0); /* it is still there, the port is free */
    fd = bind_to(port);
    assert_true(fd >= 0);
    close(fd);
    return 0;
}

static void no_descriptor_and_no_handler_is_inherited(void **state)
{
    (void)state;
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
    sigaction(SIGUSR1, &ignore, &before);
    with_pool(listening, 1);
    sigaction(SIGUSR1, &before, NULL);
}

static int listen_and_leave(void *arg)
{
    gy_pool *p = new_pool(1);
    int fd = bind_to(0);
    pid_t pid = pid_of(p);
    int port = port_of(fd);
    if (write(*(int *)arg, &port, sizeof port) < 0 || write(*(int *)arg, &pid, sizeof pid) < 0)
        _exit(2);
    raise(SIGKILL);
    return 0;
}

/* A program that is killed takes its processes along, and its port is free. */
static void they_end_with_the_program(void **state)
{
    (void)state;
    int ends[2], port, status;
    pid_t pid;
    assert_int_equal(pipe(ends), 0);
    pid_t program = fork();
    if (program == 0) {
        close(ends[0]);
        gy_run(listen_and_leave, &ends[1]);
        _exit(1);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], &port, sizeof port), sizeof port);
    assert_int_equal(read(ends[0], &pid, sizeof pid), sizeof pid);
    assert_int_equal(waitpid(program, &status, 0), program);
    assert_true(WIFSIGNALED(status));
    int fd = bind_to(port);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(read(ends[0], &port, 1), 0); /* nobody holds the other end any more */
    close(ends[0]);
    /* It may stay a zombie until somebody asks for it; more than that it is not. */
    char path[64], line[256] = "";
    for (;;) {
        snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
        FILE *f = fopen(path, "r");
        if (!f)
            break;
        char *got = fgets(line, sizeof line, f);
        fclose(f);
        if (!got || strstr(line, ") Z "))
            break;
        usleep(1000);
    }
}

/* -- Forks ---------------------------------------------------------------------------------------- */

static int in_the_child(void *arg)
{
    gy_pool *p = arg;
    gy_pool_stats s;
    gy_pool_stats_get(p, &s);
    if (s.workers || s.busy || s.queued || p->control >= 0)
        return 1;
    return pid_of(p) > 0 ? 7 : 2;
}

static int fork_under_way(void *arg)
{
    int status;
    pid_t idle = pid_of(arg);
    gy_task *running = gy_task_new(gy_loop_current(), hang_without_limit, arg, NULL);
    wait_busy(arg, 1);
    pid_t child = fork();
    if (child == 0) {
        int result = gy_run(in_the_child, arg);
        gy_pool_free(arg);
        _exit(result);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 7);
    gy_task_cancel(running);
    assert_int_equal(gy_task_join(running), GY_ECANCELED);
    assert_int_not_equal(pid_of(arg), idle);
    return 0;
}

static void a_child_has_processes_of_its_own(void **state)
{
    (void)state;
#ifdef GY__TSAN
    skip(); /* its runtime has no threads after a fork, and a server is forked on one */
#endif
    with_pool(fork_under_way, 1);
}

static int fork_and_return(void *arg)
{
    int status;
    (void)arg;
    pid_t child = fork();
    if (child == 0)
        return 1;
    return waitpid(child, &status, 0) == child && WIFEXITED(status) ? 100 + WEXITSTATUS(status)
                                                                    : -1;
}

static int fork_in_a_job(void *arg)
{
    gy_offload_opts o = {.pool = arg};
    assert_int_equal(gy_offload(fork_and_return, NULL, &o), 101);
    assert_int_equal(gy_offload(count_up, NULL, &o), 1);
    return 0;
}

static void what_a_job_forks_does_not_answer(void **state)
{
    (void)state;
    with_pool(fork_in_a_job, 1);
}

/* -- The queue, several loops, the end ------------------------------------------------------------ */

static int fill_up(void *arg)
{
    gy_task *t[3];
    int n = 1;
    for (int i = 0; i < 3; i++)
        t[i] = gy_task_new(gy_loop_current(), hang_without_limit, arg, NULL);
    wait_busy(arg, 2);
    gy_offload_opts o = {.pool = arg, .size = sizeof n};
    assert_int_equal(gy_offload(add_one, &n, &o), GY_EBUSY);
    for (int i = 0; i < 3; i++) {
        gy_task_cancel(t[i]);
        assert_int_equal(gy_task_join(t[i]), GY_ECANCELED);
    }
    assert_int_equal(gy_offload(add_one, &n, &o), -31);
    return 0;
}

static void a_full_queue_is_busy(void **state)
{
    (void)state;
    gy_pool *p =
        gy_pool_new(&(gy_pool_opts){.kind = GY_POOL_PROCESSES, .size = 2, .queue_limit = 1});
    assert_int_equal(gy_run(fill_up, p), 0);
    gy_pool_free(p);
}

enum { LOOPS = 3, JOBS = 300 };

static int offload_one(void *arg, size_t i)
{
    int n = (int)i;
    gy_offload_opts o = {.pool = arg, .size = sizeof n};
    int e = gy_offload(add_one, &n, &o);
    return e == -31 && n == (int)i + 1 ? 0 : e - 1;
}

static int offload_many(void *arg)
{
    return gy_map(JOBS, 10, offload_one, arg);
}

static void *run_loop(void *arg)
{
    return gy_run(offload_many, arg) ? "failed" : NULL;
}

static void several_loops_share_a_pool(void **state)
{
    (void)state;
    gy_pool_stats s;
    pthread_t threads[LOOPS];
    gy_pool *p = new_pool(2);
    for (int i = 0; i < LOOPS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run_loop, p), 0);
    for (int i = 0; i < LOOPS; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    gy_pool_stats_get(p, &s);
    assert_int_equal(s.done, LOOPS * JOBS);
    assert_int_equal(s.busy, 0);
    assert_int_equal(s.died, 0);
    gy_pool_free(p);
}

static int free_under_way(void *arg)
{
    gy_task *running = gy_task_new(gy_loop_current(), hang_without_limit, arg, NULL);
    wait_busy(arg, 1);
    gy_task *queued = gy_task_new(gy_loop_current(), hang_without_limit, arg, NULL);
    gy_yield();
    gy_pool_free(arg);
    assert_int_equal(gy_task_join(running), GY_ESHUTDOWN);
    assert_int_equal(gy_task_join(queued), GY_ESHUTDOWN);
    return 0;
}

static void freed_with_jobs_waiting_and_running(void **state)
{
    (void)state;
    int before = count_descriptors();
    assert_int_equal(gy_run(free_under_way, new_pool(1)), 0);
    assert_int_equal(count_descriptors(), before);
}

static int use_always(void *arg)
{
    pid_t first = pid_of(arg);
    gy_task *t = gy_task_new(gy_loop_current(), hang_without_limit, arg, NULL);
    wait_busy(arg, 1);
    gy_pool_free(arg);
    assert_int_equal(gy_task_join(t), GY_ESHUTDOWN);
    assert_int_not_equal(pid_of(arg), first);
    gy_pool_free(arg);
    return 0;
}

static void the_one_that_is_always_there_begins_anew(void **state)
{
    (void)state;
    int before = count_descriptors();
    assert_int_equal(gy_run(use_always, gy_process_pool()), 0);
    assert_int_equal(count_descriptors(), before);
}

/* -- Sweeps --------------------------------------------------------------------------------------- */

static int reply_long(void *arg)
{
    static const char line[1000];
    int e = 0;
    for (int i = 0; i < 100 && !e; i++)
        e = gy_job_reply(line, sizeof line);
    (void)arg;
    return e;
}

static int offload_two(void *arg)
{
    gy_arena arena = {0};
    gy_str reply;
    int n = 1;
    int e = gy_offload(add_one, &n, &(gy_offload_opts){.pool = arg, .size = sizeof n});
    if (e == -31)
        e = gy_offload(reply_long, NULL,
                       &(gy_offload_opts){.pool = arg, .arena = &arena, .reply = &reply});
    gy_arena_done(&arena);
    return e;
}

static int all_of_it(void *arg)
{
    gy_group g = {0};
    (void)arg;
    gy_pool *p = gy_pool_new(&(gy_pool_opts){.kind = GY_POOL_PROCESSES, .size = 1});
    if (!p)
        return GY_ENOMEM;
    for (int i = 0; i < 2; i++)
        gy_group_spawn(&g, offload_two, p);
    int e = gy_group_wait(&g);
    gy_pool_free(p);
    return e;
}

static void cancelled_anywhere(void **state)
{
    (void)state;
    assert_true(sweep_waits(all_of_it, NULL) >= 5);
}

static void without_memory(void **state)
{
    (void)state;
    sweep_task_allocations(all_of_it, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_works_on_a_copy_elsewhere),
        cmocka_unit_test(nothing_goes_along),
        cmocka_unit_test(any_size),
        cmocka_unit_test(large_bytes_let_others_run),
        cmocka_unit_test(only_in_a_task),
        cmocka_unit_test(a_death_is_an_error_for_its_caller),
        cmocka_unit_test(a_fault_too),
        cmocka_unit_test(other_results_tell_nothing),
        cmocka_unit_test(an_endless_job_is_killed_in_time),
        cmocka_unit_test(cancelled_in_the_queue_and_in_the_job),
        cmocka_unit_test(other_jobs_do_not_notice),
        cmocka_unit_test(a_dead_server_is_replaced),
        cmocka_unit_test(an_idle_process_that_dies_is_replaced),
        cmocka_unit_test(idle_processes_end_and_come_again),
        cmocka_unit_test(a_job_meets_a_process_that_ends),
        cmocka_unit_test(no_descriptor_and_no_handler_is_inherited),
        cmocka_unit_test(they_end_with_the_program),
        cmocka_unit_test(a_child_has_processes_of_its_own),
        cmocka_unit_test(what_a_job_forks_does_not_answer),
        cmocka_unit_test(a_full_queue_is_busy),
        cmocka_unit_test(several_loops_share_a_pool),
        cmocka_unit_test(freed_with_jobs_waiting_and_running),
        cmocka_unit_test(the_one_that_is_always_there_begins_anew),
        cmocka_unit_test(cancelled_anywhere),
        cmocka_unit_test(without_memory),
    };
    begun = mmap(NULL, sizeof *begun, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return begun == MAP_FAILED ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
