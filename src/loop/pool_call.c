/* SPDX-License-Identifier: MIT */
/* pool_call.c - one job on a process of a pool: the request, the answer, and every way to get none. */

#include <errno.h>
#include <gyre/error.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "loop/pool_processes.h"
#include "loop/pool_wire.h"
#include "loop/state.h"
#include "loop/task.h"
#include "loop/wait.h"
#include "loop/waiters.h"

enum { CHUNK = 256 * 1024 };

struct call {
    gy_pool *pool;
    struct gy__process *process;
    gy_task_fn *fn;
    void *arg;
    const gy_offload_opts *o;
    struct gy__io io;
    int64_t until;
    unsigned epoch;
    int result;
};

enum outcome {
    RETURNED, /* the process can be used again */
    FAILED,   /* the job was not sent; the process can be used again */
    DIED,     /* or has to */
    NOT_MADE,
    NOT_BEGUN /* another process may try */
};

static bool in_file(const struct call *c)
{
    return c->o->size > GY__WIRE_INLINE;
}

/* -- Large bytes ---------------------------------------------------------------------------------- */

/* Copies a piece at a time, and lets others run in between. 0 or a negative code. */
static int copy_in(struct call *c, int file)
{
    const char *from = c->arg;
    for (size_t done = 0; done < c->o->size;) {
        size_t rest = c->o->size - done;
        ssize_t n = pwrite(file, from + done, rest < CHUNK ? rest : CHUNK, (off_t)done);
        if (n < 0 && errno != EINTR)
            return -errno;
        done += n > 0 ? (size_t)n : 0;
        int e = gy__park_polled();
        if (e)
            return e;
        if (gy__clock_now() >= c->until)
            return GY_ETIMEDOUT;
    }
    return 0;
}

/* What has come is taken, whatever happens to the task meanwhile. */
static int copy_out(int file, char *to, size_t len)
{
    bool was = gy_task_shield(true);
    int e = 0;
    for (size_t done = 0; done < len && !e;) {
        size_t rest = len - done;
        ssize_t n = pread(file, to + done, rest < CHUNK ? rest : CHUNK, (off_t)done);
        if (n == 0)
            e = GY_EPROTO;
        else if (n < 0 && errno != EINTR)
            e = -errno;
        done += n > 0 ? (size_t)n : 0;
        gy__park_polled();
    }
    gy_task_shield(was);
    return e;
}

static int make_file(struct call *c)
{
    int file = memfd_create("gyre-job", MFD_CLOEXEC);
    if (file < 0)
        return -errno;
    c->process->file = file;
    int e = copy_in(c, file);
    if (e) {
        c->process->file = -1;
        close(file);
    }
    return e == -ENOSPC ? GY_ENOMEM : e;
}

/* -- The request ---------------------------------------------------------------------------------- */

/* 0 or a negative errno; there is always room: the process has nothing else to read. */
static int send_request(struct call *c)
{
    struct gy__request q = {.fn = (uintptr_t)c->fn,
                            .arg = (uintptr_t)c->arg,
                            .size = c->o->size,
                            .in_file = in_file(c),
                            .reply_wanted = c->o->reply != NULL};
    struct iovec iov[2] = {{&q, sizeof q}, {c->arg, in_file(c) ? 0 : c->o->size}};
    return gy__wire_send(c->process->fd, iov, 2, c->process->file, MSG_DONTWAIT) < 0 ? -errno : 0;
}

/* -- The answer ----------------------------------------------------------------------------------- */

static int death(int64_t status)
{
    int s = (int)status;
    return WIFSIGNALED(s) ? GY_EJOB_SIGNAL - WTERMSIG(s) : GY_EJOB_EXIT - WEXITSTATUS(s);
}

/* The connection ended without a word: with the server, or with the pool. */
static enum outcome cut_off(struct call *c)
{
    pthread_mutex_lock(&c->pool->lock);
    bool closed = c->pool->epochs != c->epoch;
    pthread_mutex_unlock(&c->pool->lock);
    c->result = closed ? GY_ESHUTDOWN : GY_EJOB_SIGNAL - SIGKILL;
    return closed ? NOT_MADE : DIED;
}

static enum outcome broken(struct call *c, int file)
{
    if (file >= 0)
        close(file);
    c->result = GY_EPROTO;
    return DIED;
}

static int reply_from_file(struct call *c, int file, size_t len)
{
    struct stat st;
    if (file < 0 || fstat(file, &st) || len != (uint64_t)st.st_size)
        return GY_EPROTO;
    char *to = gy_alloc(c->o->arena, len + 1);
    if (!to)
        return GY_ENOMEM;
    int e = copy_out(file, to, len);
    to[len] = '\0';
    *c->o->reply = gy_str_n(to, e ? 0 : len);
    return e;
}

/* Receive what was found to be the job's answer: straight to where it belongs. */
static enum outcome take_return(struct call *c, const struct gy__answer *head)
{
    struct gy__answer a;
    size_t inline_arg = in_file(c) ? 0 : c->o->size;
    size_t inline_reply = head->reply_in_file ? 0 : (size_t)head->reply_len;
    char *reply = NULL;
    int file, e = 0;
    if (head->reply_len > (head->reply_in_file ? (uint64_t)PTRDIFF_MAX : GY__WIRE_INLINE))
        return broken(c, -1);
    if (inline_reply && c->o->reply && !(reply = gy_alloc(c->o->arena, inline_reply + 1)))
        e = GY_ENOMEM;
    struct iovec iov[3] = {{&a, sizeof a}, {c->arg, inline_arg}, {reply, reply ? inline_reply : 0}};
    ssize_t got = gy__wire_receive(c->process->fd, iov, 3, &file, MSG_DONTWAIT);
    if (got < 0 || (size_t)got != sizeof a + inline_arg + (reply ? inline_reply : 0))
        return broken(c, file);
    if (reply) {
        reply[inline_reply] = '\0';
        *c->o->reply = gy_str_n(reply, inline_reply);
    } else if (head->reply_in_file && c->o->reply) {
        e = reply_from_file(c, file, (size_t)head->reply_len);
    }
    if (file >= 0)
        close(file);
    if (!e && in_file(c))
        e = copy_out(c->process->file, c->arg, c->o->size);
    c->result = e ? e : (int)head->result;
    return RETURNED;
}

/* Gives false when nothing has come yet. */
static bool take_answer(struct call *c, enum outcome *out)
{
    struct gy__answer head;
    ssize_t got = gy__wire_peek(c->process->fd, &head, sizeof head);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (got < 0 && errno == ECONNRESET) /* the server went, and the request had not been read */
        *out = NOT_BEGUN;
    else if (got <= 0)
        *out = cut_off(c);
    else if (got < (ssize_t)sizeof head)
        *out = broken(c, -1);
    else if (head.kind == GY__ANSWER_RETURNED)
        *out = take_return(c, &head);
    else if (head.kind == GY__ANSWER_NOT_MADE)
        c->result = -(int)head.result, *out = NOT_MADE;
    else
        c->result = death(head.result), *out = head.begun ? DIED : NOT_BEGUN;
    return true;
}

static enum outcome wait_for_answer(struct call *c)
{
    enum outcome out;
    for (;;) {
        int e = gy__io_wait(&c->io, GY__IN, c->until, "offload");
        if (take_answer(c, &out))
            return out;
        if (e) {
            c->result = e;
            return DIED;
        }
        c->io.ready = 0;
    }
}

/* -- A job ---------------------------------------------------------------------------------------- */

static enum outcome try_process(struct call *c)
{
    gy_loop *loop = gy_loop_current();
    c->result = in_file(c) && c->process->file < 0 ? make_file(c) : 0;
    if (c->result)
        return FAILED;
    gy__io_init(&c->io, c->process->fd);
    c->io.input_only = true;
    c->io.ready = 0;
    if ((c->result = gy__io_watch(loop, &c->io)))
        return FAILED;
    int e = send_request(c);
    enum outcome out = FAILED;
    if (e == -EPIPE || e == -ECONNRESET)
        out = NOT_BEGUN;
    else if (e)
        c->result = e == -ENOBUFS || e == -EAGAIN ? GY_ENOMEM : e;
    else
        out = wait_for_answer(c);
    gy__io_unwatch(loop, &c->io);
    return out;
}

static void close_file(struct call *c)
{
    if (c->process->file >= 0)
        close(c->process->file);
    c->process->file = -1;
}

/* With its turn. The process may have ended while it idled: then there is another, with a job that
 * nobody has begun. */
static enum outcome try_all(struct call *c)
{
    enum { TRIES = 4 };
    enum outcome out = NOT_BEGUN;
    for (int i = 0; i < TRIES && out == NOT_BEGUN; i++) {
        if (!c->process) {
            c->result = gy__process_make(c->pool, c->epoch, c->until, &c->process);
            if (c->result)
                return NOT_MADE;
        }
        out = try_process(c);
        close_file(c);
        if (out == RETURNED || out == FAILED)
            return out;
        if (out == NOT_BEGUN)
            c->result = GY_ECLOSED;
        gy__process_drop(c->pool, c->process, out == DIED);
        c->process = NULL;
    }
    return out;
}

int gy__processes_run(gy_pool *p, gy_task_fn *fn, void *arg, const gy_offload_opts *opts)
{
    struct gy__job j;
    struct call c = {.pool = p, .fn = fn, .arg = arg, .o = opts};
    c.until = gy__wait_until(opts->timeout > 0 ? opts->timeout : GY_FOREVER);
    gy__job_init(&j, fn, arg, c.until);
    int e = gy__turn_begin(p, &j, &c.epoch);
    if (e)
        return e;
    c.process = j.process;
    enum outcome out = try_all(&c);
    gy__turn_end(p, c.process, c.epoch, out == RETURNED);
    return c.result;
}
