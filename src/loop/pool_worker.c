/* SPDX-License-Identifier: MIT */
/* pool_worker.c - one process of a pool: takes a request, runs the job, answers. */

#include "loop/pool_worker.h"

#include <errno.h>
#include <gyre/error.h>
#include <gyre/task.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loop/job.h"

/* As close_range, also where there is no such call. */
static void close_all(unsigned first, unsigned last)
{
    if (close_range(first, last, 0) == 0)
        return;
    long most = sysconf(_SC_OPEN_MAX);
    for (unsigned fd = first; fd <= last && (long)fd < most; fd++)
        close((int)fd);
}

void gy__close_all_but(int fd)
{
    enum { FIRST = STDERR_FILENO + 1 };
    if (fd > FIRST)
        close_all(FIRST, (unsigned)fd - 1);
    close_all(fd < FIRST ? FIRST : (unsigned)fd + 1, ~0U);
}

/* What a job that calls exit leaves with: not through what the program has registered for its own
 * end, of which this is none. */
static void leave(int status, void *unused)
{
    (void)unused;
    fflush(stdout);
    _exit(status);
}

/* True when there is a request, or the end. Apart from the reading of it: a process that is killed while
 * it idles must not have taken the request that comes next, so that another one can have it. */
static bool wait_for_request(int fd, int64_t idle_ns)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    struct timespec idle = {.tv_sec = (time_t)(idle_ns / 1000000000),
                            .tv_nsec = (long)(idle_ns % 1000000000)};
    int n;
    do
        n = ppoll(&p, 1, idle_ns < 0 ? NULL : &idle, NULL);
    while (n < 0 && errno == EINTR);
    return n > 0;
}

static void *map(int file, size_t size)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    return p == MAP_FAILED ? NULL : p;
}

/* A file with the bytes of a reply; -1 when it cannot be made. */
static int file_of(const struct gy__reply *r)
{
    int file = memfd_create("gyre-reply", MFD_CLOEXEC);
    for (size_t done = 0; file >= 0 && done < r->len;) {
        ssize_t n = write(file, r->ptr + done, r->len - done);
        if (n < 0 && errno != EINTR) {
            close(file);
            return -1;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    return file;
}

static int send_answer(int fd, int result, void *arg, size_t size, struct gy__reply *r)
{
    struct gy__answer a = {.kind = GY__ANSWER_RETURNED, .result = result, .reply_len = r->len};
    int file = r->len > GY__WIRE_INLINE ? file_of(r) : -1;
    a.reply_in_file = file >= 0;
    if (file < 0 && r->len > GY__WIRE_INLINE) {
        a.result = GY_ENOMEM;
        a.reply_len = 0;
    }
    struct iovec iov[3] = {
        {&a, sizeof a}, {arg, size}, {r->ptr, a.reply_in_file ? 0 : (size_t)a.reply_len}};
    ssize_t sent = gy__wire_send(fd, iov, 3, file, 0);
    if (file >= 0)
        close(file);
    return sent < 0 ? -1 : 0;
}

/* -1 when there is nothing more to do. */
static int do_one(int fd)
{
    static _Alignas(64) char small[GY__WIRE_INLINE];
    struct gy__request q;
    struct iovec iov[2] = {{&q, sizeof q}, {small, sizeof small}};
    int file;
    ssize_t got = gy__wire_receive(fd, iov, 2, &file, 0);
    if (got < (ssize_t)sizeof q)
        return -1;
    void *arg = !q.size ? (void *)q.arg : q.in_file ? map(file, (size_t)q.size) : small;
    struct gy__reply r = {.wanted = q.reply_wanted != 0};
    int result = GY_ENOMEM;
    pid_t me = getpid();
    if (arg || !q.size) {
        gy__reply_begin(&r);
        result = ((gy_task_fn *)q.fn)(arg);
        gy__reply_begin(NULL);
    }
    if (getpid() != me) /* a child that the job made, and that came out of it */
        _exit(1);
    if (q.in_file && arg)
        munmap(arg, (size_t)q.size);
    fflush(stdout);
    int e = send_answer(fd, result, small, q.in_file ? 0 : (size_t)q.size, &r);
    gy__reply_done(&r);
    return e;
}

_Noreturn void gy__pool_work(int fd, int spare, int64_t idle_ns)
{
    /* A FILE of the program may still hold bytes for a descriptor that is closed here: the socket must
     * not have its number. */
    if (fd != spare && dup2(fd, spare) < 0)
        _exit(1);
    gy__close_all_but(spare);
    on_exit(leave, NULL);
    while (wait_for_request(spare, idle_ns) && do_one(spare) == 0)
        ;
    _exit(0);
}
