/* SPDX-License-Identifier: MIT */
/* transport_pipe.c - the only file that reads and writes pipes, terminals and devices. */

#include <errno.h>
#include <fcntl.h>
#include <gyre/error.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "net/stream.h"
#include "net/transport.h"

/* One descriptor, and its way back: whom else it belongs to should find it as it was. */
struct side {
    struct gy__io io;
    struct pipe *pipe;
    bool was_blocking;
};

/* Two descriptors, each with a readiness of its own; the transport's is made of both. One that goes both
 * ways is [in], and [out] has none. */
struct pipe {
    struct gy__transport t;
    struct side in, out;
    bool both_ways;
};

static struct pipe *pipe_of(struct gy__transport *t)
{
    return gy_of(t, struct pipe, t);
}

static int out_fd(const struct pipe *p)
{
    return p->both_ways ? p->in.io.fd : p->out.io.fd;
}

/* -- Readiness ----------------------------------------------------------------------------------- */

/* That one is broken is not told as such: it would hold for the other one too, and a named pipe can
 * mend. */
static void on_in(struct gy__io *io, unsigned events)
{
    struct pipe *p = gy_of(io, struct side, io)->pipe;
    unsigned wanted = GY__IN | GY__HUP | (p->both_ways ? (unsigned)GY__OUT : 0U);
    if (events & wanted)
        gy__io_fire(&p->t.io, events & wanted);
}

static void on_out(struct gy__io *io, unsigned events)
{
    struct pipe *p = gy_of(io, struct side, io)->pipe;
    unsigned wanted = GY__OUT | (p->in.io.fd < 0 ? (unsigned)GY__HUP : 0U);
    if (events & wanted)
        gy__io_fire(&p->t.io, events & wanted);
}

/* What the transport takes back of its readiness counts for the descriptor too: a poller that knows only
 * levels asks by that. */
static void note_read(struct pipe *p, ssize_t n, size_t size)
{
    if (n == -EAGAIN)
        p->in.io.ready &= (uint8_t) ~(GY__IN | GY__HUP);
    else if (n > 0 && (size_t)n < size && !(p->t.io.ready & GY__HUP))
        p->in.io.ready &= (uint8_t)~GY__IN;
}

static void note_full(struct pipe *p)
{
    struct side *s = p->both_ways ? &p->in : &p->out;
    s->io.ready &= (uint8_t)~GY__OUT;
}

/* -- The four functions -------------------------------------------------------------------------- */

static ssize_t pipe_read(struct gy__transport *t, void *buf, size_t size)
{
    struct pipe *p = pipe_of(t);
    ssize_t n;
    while ((n = read(p->in.io.fd, buf, size)) < 0 && errno == EINTR)
        ;
    if (n < 0)
        n = -errno;
    note_read(p, n, size);
    /* How a terminal's master says that nobody has the other side open. */
    return n == -EIO && isatty(p->in.io.fd) ? 0 : n;
}

/* Takes back the signal that a write to nobody has raised, unless one was there before. */
static void drop_sigpipe(const sigset_t *pipe_signal, bool was_pending)
{
    const struct timespec no_time = {0};
    while (!was_pending && sigtimedwait(pipe_signal, NULL, &no_time) < 0 && errno == EINTR)
        ;
}

static ssize_t pipe_writev(struct gy__transport *t, const struct iovec *iov, int count)
{
    struct pipe *p = pipe_of(t);
    sigset_t pipe_signal, before, pending;
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    sigpending(&pending);
    pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
    ssize_t n;
    while ((n = writev(out_fd(p), iov, count)) < 0 && errno == EINTR)
        ;
    n = n < 0 ? -errno : n;
    if (n == -EPIPE)
        drop_sigpipe(&pipe_signal, sigismember(&pending, SIGPIPE) == 1);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (n == -EAGAIN)
        note_full(p);
    return n == -EIO && isatty(out_fd(p)) ? -EPIPE : n;
}

static void close_side(struct pipe *p, struct side *s)
{
    int fd = s->io.fd;
    if (fd < 0)
        return;
    gy__io_unwatch(p->t.loop, &s->io);
    s->io.fd = -1;
    if (s->was_blocking) {
        int flags = fcntl(fd, F_GETFL);
        if (flags >= 0)
            fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
    }
    close(fd);
}

static int pipe_shutdown(struct gy__transport *t)
{
    struct pipe *p = pipe_of(t);
    if (p->both_ways)
        return shutdown(p->in.io.fd, SHUT_WR) ? -errno : 0;
    if (p->out.io.fd < 0)
        return -EBADF;
    if (t->io.fd == p->out.io.fd)
        t->io.fd = -1; /* the number may soon be another's */
    close_side(p, &p->out);
    return 0;
}

static void pipe_close(struct gy__transport *t)
{
    struct pipe *p = pipe_of(t);
    close_side(p, &p->in);
    close_side(p, &p->out);
    gy__free(p);
}

static const struct gy__transport_ops ops = {
    .read = pipe_read, .writev = pipe_writev, .shutdown = pipe_shutdown, .close = pipe_close};

/* -- Opening ------------------------------------------------------------------------------------- */

/* A file on disk is always ready, and always makes the loop wait for the disk. */
static int check_kind(int fd)
{
    struct stat about;
    if (fstat(fd, &about))
        return -errno;
    return S_ISREG(about.st_mode) || S_ISDIR(about.st_mode) || S_ISBLK(about.st_mode) ? -EPERM : 0;
}

static int open_side(struct pipe *p, struct side *s, int fd,
                     void (*on_event)(struct gy__io *io, unsigned events))
{
    s->pipe = p;
    gy__io_init(&s->io, fd);
    if (fd < 0)
        return 0;
    int e = check_kind(fd);
    int flags = e ? 0 : fcntl(fd, F_GETFL);
    if (e || flags < 0)
        return e ? e : -errno;
    s->was_blocking = !(flags & O_NONBLOCK);
    if (s->was_blocking && fcntl(fd, F_SETFL, flags | O_NONBLOCK))
        return -errno;
    s->io.on_event = on_event;
    return gy__io_watch(p->t.loop, &s->io);
}

/* Takes both, also on failure. */
static int pipe_new(gy_loop *loop, int in, int out, struct gy__transport **result)
{
    struct pipe *p = gy__zalloc(sizeof *p);
    if (!p) {
        if (in >= 0)
            close(in);
        if (out >= 0 && out != in)
            close(out);
        return GY_ENOMEM;
    }
    p->t = (struct gy__transport){.ops = &ops, .loop = loop};
    p->both_ways = in >= 0 && in == out;
    gy__io_init(&p->t.io, in >= 0 ? in : out); /* to be asked for; nobody watches it */
    p->t.io.ready = 0;                         /* each side tells at once what it is ready for */
    int e = open_side(p, &p->in, in, on_in);
    int e2 = open_side(p, &p->out, p->both_ways ? -1 : out, on_out);
    if (e || e2) {
        pipe_close(&p->t);
        return e ? e : e2;
    }
    *result = &p->t;
    return 0;
}

gy_stream *gy_pipe_open(int in, int out, const gy_stream_opts *opts)
{
    struct gy__transport *t = NULL;
    gy_loop *loop = gy_loop_current();
    int e = GY_EINVAL;
    if (loop && (in >= 0 || out >= 0)) {
        e = pipe_new(loop, in, out, &t);
    } else {
        if (in >= 0)
            close(in);
        if (out >= 0 && out != in)
            close(out);
    }
    gy_stream *s = e ? NULL : gy__stream_new(t, gy_str_n(NULL, 0), opts);
    if (!s) {
        errno = e ? -e : ENOMEM;
        return NULL;
    }
    s->read_error = in < 0 ? -EBADF : 0;
    s->write_error = out < 0 ? -EBADF : 0;
    return s;
}
