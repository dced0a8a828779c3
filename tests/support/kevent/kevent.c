/* SPDX-License-Identifier: MIT */
/* kevent.c - kqueue over epoll, as far as the poller uses it: so that its tests run on Linux too. */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/event.h>
#include <sys/stat.h>

enum { READ, WRITE, FILTERS, BATCH = 256 };

/* A descriptor in a queue. */
struct watched {
    void *udata[FILTERS];
    bool on[FILTERS], clear;
    bool known; /* to epoll */
    bool socket;
};

/* Of each queue, by its descriptor, what it watches, by its descriptor. A queue is closed with close,
 * of which nothing is heard here: its storage waits for the next queue of that number. */
static struct queue {
    struct watched *all;
    size_t cap;
} * queues;
static size_t queue_cap;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *grow(void *old, size_t *cap, size_t need, size_t size)
{
    size_t more = *cap ? *cap : 64;
    while (more < need)
        more *= 2;
    char *p = realloc(old, more * size);
    if (!p)
        abort();
    memset(p + *cap * size, 0, (more - *cap) * size);
    *cap = more;
    return p;
}

int kqueue(void)
{
    int kq = epoll_create1(EPOLL_CLOEXEC);
    if (kq < 0)
        return -1;
    pthread_mutex_lock(&lock);
    if ((size_t)kq >= queue_cap)
        queues = grow(queues, &queue_cap, (size_t)kq + 1, sizeof *queues);
    if (queues[kq].all)
        memset(queues[kq].all, 0, queues[kq].cap * sizeof *queues[kq].all);
    pthread_mutex_unlock(&lock);
    return kq;
}

static int tell_epoll(int kq, int fd, struct watched *w)
{
    struct epoll_event ev = {.events = w->clear ? (uint32_t)EPOLLET : 0, .data.fd = fd};
    if (w->on[READ])
        ev.events |= EPOLLIN | EPOLLRDHUP;
    if (w->on[WRITE])
        ev.events |= EPOLLOUT;
    bool any = w->on[READ] || w->on[WRITE];
    int op = !any ? EPOLL_CTL_DEL : w->known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    int e = epoll_ctl(kq, op, fd, &ev);
    if (e < 0 && errno == ENOENT && op == EPOLL_CTL_MOD) /* it was closed, and is another one now */
        e = epoll_ctl(kq, EPOLL_CTL_ADD, fd, &ev);
    w->known = any && e == 0;
    return e;
}

static int apply(int kq, const struct kevent *change)
{
    struct queue *q = &queues[kq];
    int fd = (int)change->ident, filter = change->filter == EVFILT_READ ? READ : WRITE;
    struct stat st;
    if (fstat(fd, &st) < 0)
        return -1;
    if ((size_t)fd >= q->cap)
        q->all = grow(q->all, &q->cap, (size_t)fd + 1, sizeof *q->all);
    struct watched *w = &q->all[fd];
    bool was = w->on[filter];
    if ((change->flags & EV_DELETE) && !was)
        return errno = ENOENT, -1;
    w->on[filter] = (change->flags & EV_ADD) != 0;
    if (change->flags & EV_ADD) {
        w->clear = (change->flags & EV_CLEAR) != 0;
        w->udata[filter] = change->udata;
    }
    w->socket = S_ISSOCK(st.st_mode);
    int e = tell_epoll(kq, fd, w);
    if (e < 0)
        w->on[filter] = was && (change->flags & EV_DELETE);
    return e;
}

static int tell(struct kevent *out, int filter, const struct watched *w,
                const struct epoll_event *ev)
{
    static const uint32_t ready[FILTERS] = {EPOLLIN | EPOLLRDHUP, EPOLLOUT};
    static const uint32_t end[FILTERS] = {EPOLLRDHUP | EPOLLHUP | EPOLLERR, EPOLLHUP | EPOLLERR};
    if (!w->on[filter] || !(ev->events & (ready[filter] | end[filter])))
        return 0;
    *out = (struct kevent){.ident = (uintptr_t)ev->data.fd,
                           .filter = filter == READ ? EVFILT_READ : EVFILT_WRITE,
                           .udata = w->udata[filter]};
    if (ev->events & end[filter])
        out->flags |= EV_EOF;
    /* Which error it is stays in the socket for who reads it. */
    if (w->socket && (ev->events & EPOLLERR))
        out->fflags = ECONNRESET;
    return 1;
}

/* Also where epoll_pwait2 is missing, as under valgrind. */
static int wait_for(int kq, struct epoll_event *come, int most, const struct timespec *timeout)
{
    int got = epoll_pwait2(kq, come, most, timeout, NULL);
    if (got >= 0 || errno != ENOSYS)
        return got;
    long long ms = timeout ? timeout->tv_sec * 1000LL + (timeout->tv_nsec + 999999) / 1000000 : -1;
    return epoll_wait(kq, come, most, ms > 3600000 ? 3600000 : (int)ms);
}

int kevent(int kq, const struct kevent *changes, int change_count, struct kevent *events,
           int event_count, const struct timespec *timeout)
{
    struct epoll_event come[BATCH];
    int n = 0, e = 0;
    pthread_mutex_lock(&lock);
    for (int i = 0; i < change_count && e == 0; i++)
        e = apply(kq, &changes[i]);
    pthread_mutex_unlock(&lock);
    if (e < 0 || event_count < FILTERS)
        return e;
    int most = event_count / FILTERS;
    int got = wait_for(kq, come, most < BATCH ? most : BATCH, timeout);
    if (got < 0)
        return -1;
    pthread_mutex_lock(&lock);
    for (int i = 0; i < got; i++) {
        const struct watched *w = &queues[kq].all[come[i].data.fd];
        n += tell(&events[n], READ, w, &come[i]);
        n += tell(&events[n], WRITE, w, &come[i]);
    }
    pthread_mutex_unlock(&lock);
    return n;
}
