/* SPDX-License-Identifier: MIT */
/* resolver_ares.c - names asked of name servers by c-ares, on the loop. */
#include "net/resolver_ares.h"

#include <ares.h>
#include <errno.h>
#include <gyre/error.h>
#include <gyre/future.h>
#include <poll.h>
#include <string.h>

#include "base/alloc.h"
#include "loop/state.h"
#include "loop/task.h"
#include "net/ares_library.h"

/* A socket of c-ares. */
struct channel_socket {
    gy_list link;
    gy_watch *watch; /* NULL until there is a loop */
    ares_socket_t fd;
    int events;
};

struct gy__ares {
    ares_channel channel; /* NULL once its loop has ended */
    gy_loop *loop;        /* that of the first question; NULL until then */
    struct gy__loop_end end;
    gy_list sockets;
    gy_timer timer;
    bool wanted; /* somebody waits */
    int failed;  /* 0, or why the questions under way cannot be waited for */
};

/* One question, of the task that waits for it and of c-ares: whoever lets go last frees it. */
struct question {
    gy_future done;
    struct gy__ares *ares;
    struct gy__query *query; /* NULL: nobody waits any more */
    unsigned users;
};

/* -- Time and sockets ---------------------------------------------------------------------------- */

static void on_time(void *arg);

/* When c-ares wants to look at its questions again. */
static void set_timer(struct gy__ares *a)
{
    struct timeval tv;
    if (!a->loop || !a->channel)
        return;
    if (a->failed)
        gy_timer_set(a->loop, &a->timer, 0, on_time, a);
    else if (a->wanted && gy__ares_library.timeout(a->channel, NULL, &tv))
        gy_timer_set(a->loop, &a->timer, (double)tv.tv_sec + (double)tv.tv_usec / 1e6, on_time, a);
    else
        gy_timer_cancel(a->loop, &a->timer);
}

static void on_time(void *arg)
{
    struct gy__ares *a = arg;
    if (a->failed)
        gy__ares_library.cancel(a->channel);
    a->failed = 0;
    gy__ares_library.process_fd(a->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    set_timer(a);
}

static void on_ready(void *arg, int fd, int events)
{
    struct gy__ares *a = arg;
    gy__ares_library.process_fd(a->channel, events & GY_READABLE ? fd : ARES_SOCKET_BAD,
                                events & GY_WRITABLE ? fd : ARES_SOCKET_BAD);
    set_timer(a);
}

static struct channel_socket *find_socket(struct gy__ares *a, ares_socket_t fd)
{
    gy_list_each (it, &a->sockets) {
        struct channel_socket *s = gy_of(it, struct channel_socket, link);
        if (s->fd == fd)
            return s;
    }
    return NULL;
}

static void forget_socket(struct channel_socket *s)
{
    gy_watch_free(s->watch);
    gy_list_del(&s->link);
    gy__free(s);
}

static int watch_socket(struct gy__ares *a, struct channel_socket *s)
{
    if (s->watch)
        return gy_watch_set(s->watch, s->events);
    s->watch = gy_watch_new(a->loop, s->fd, s->events, on_ready, a);
    return s->watch ? 0 : -errno;
}

static struct channel_socket *note_socket(struct gy__ares *a, ares_socket_t fd)
{
    struct channel_socket *s = gy__zalloc(sizeof *s);
    if (!s)
        return NULL;
    s->fd = fd;
    gy_list_add(&a->sockets, &s->link);
    return s;
}

/* Told by c-ares what a socket is to be watched for; nothing, before it closes it. */
static void on_socket(void *arg, ares_socket_t fd, int readable, int writable)
{
    struct gy__ares *a = arg;
    struct channel_socket *s = find_socket(a, fd);
    int e = 0, events = (readable ? GY_READABLE : 0) | (writable ? GY_WRITABLE : 0);
    if (events && !s && !(s = note_socket(a, fd)))
        e = GY_ENOMEM;
    if (s)
        s->events = events;
    if (s && !events)
        forget_socket(s);
    else if (s && a->loop)
        e = watch_socket(a, s);
    if (e)
        a->failed = e; /* the timer gives up: c-ares must not be called from here */
}

/* -- Answers ------------------------------------------------------------------------------------- */

static int code_of(const struct gy__ares *a, int status)
{
    switch (status) {
    case ARES_SUCCESS:
        return 0;
    case ARES_ENODATA:
    case ARES_ENOTFOUND:
        return GY_ENOTFOUND;
    case ARES_ENOMEM:
        return GY_ENOMEM;
    case ARES_EDESTRUCTION:
        return GY_ESHUTDOWN;
    case ARES_ECANCELLED:
        return a->failed ? a->failed : GY_ECANCELED;
    default: /* a later try may have more luck */
        return -EAGAIN;
    }
}

static void shorten(double *ttl, int seconds)
{
    if (*ttl < 0 || seconds < *ttl)
        *ttl = seconds > 0 ? seconds : 0;
}

/* The way to an address holds no longer than the shortest of its parts. */
static int take_answer(struct gy__query *q, const struct ares_addrinfo *found)
{
    double ttl = -1;
    q->count = 0;
    for (const struct ares_addrinfo_cname *c = found->cnames; c; c = c->next)
        shorten(&ttl, c->ttl);
    for (const struct ares_addrinfo_node *n = found->nodes; n; n = n->ai_next) {
        if (q->count < GY__IPS_MAX && gy__inet_of_sockaddr(n->ai_addr, &q->ips[q->count]))
            q->count++;
        shorten(&ttl, n->ai_ttl);
    }
    q->ttl = ttl;
    return q->count ? 0 : GY_ENOTFOUND;
}

static void release(struct question *k)
{
    if (--k->users == 0)
        gy__free(k);
}

static void on_answer(void *arg, int status, int timeouts, struct ares_addrinfo *found)
{
    struct question *k = arg;
    (void)timeouts;
    int e = code_of(k->ares, status);
    if (!e && k->query)
        e = found ? take_answer(k->query, found) : -EAGAIN;
    if (found)
        gy__ares_library.freeaddrinfo(found);
    gy_future_set(&k->done, e, NULL);
    release(k);
}

/* -- Questions ----------------------------------------------------------------------------------- */

/* It ends with the loop that it asks on. */
static void end_with_loop(struct gy__loop_end *e)
{
    struct gy__ares *a = gy_of(e, struct gy__ares, end);
    gy__ares_library.destroy(a->channel);
    gy_timer_cancel(a->loop, &a->timer);
    a->channel = NULL;
    a->loop = NULL;
}

static int settle(struct gy__ares *a, gy_loop *loop)
{
    if (!a->channel)
        return GY_ESHUTDOWN;
    if (a->loop)
        return a->loop == loop ? 0 : GY_EINVAL;
    a->loop = loop;
    a->end = (struct gy__loop_end){.next = loop->ends, .fn = end_with_loop};
    loop->ends = &a->end;
    gy_list_each (it, &a->sockets)
        if (watch_socket(a, gy_of(it, struct channel_socket, link)))
            a->failed = GY_ENOMEM;
    return 0;
}

void gy__ares_want(struct gy__ares *a, bool wanted)
{
    if (a->wanted == wanted)
        return;
    a->wanted = wanted;
    set_timer(a);
}

/* Gives NULL when out of memory. The answer may be there already. */
static struct question *begin(struct gy__ares *a, struct gy__query *q)
{
    struct ares_addrinfo_hints hints = {.ai_family = q->family ? q->family : AF_UNSPEC,
                                        .ai_socktype = SOCK_STREAM};
    struct question *k = gy__zalloc(sizeof *k);
    if (!k)
        return NULL;
    *k = (struct question){.ares = a, .query = q, .users = 2};
    gy__ares_library.getaddrinfo(a->channel, q->name, NULL, &hints, on_answer, k);
    set_timer(a);
    return k;
}

int gy__ares_ask(struct gy__ares *a, struct gy__query *q)
{
    int e = settle(a, gy__self()->loop);
    if (e)
        return e;
    struct question *k = begin(a, q);
    if (!k)
        return GY_ENOMEM;
    e = gy_future_wait(&k->done, GY_FOREVER);
    k->query = NULL;
    release(k);
    return e;
}

/* Wait for what c-ares waits for. */
static void block(struct gy__ares *a)
{
    ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
    struct pollfd fds[ARES_GETSOCK_MAXNUM];
    struct timeval tv = {.tv_sec = 1};
    nfds_t count = 0;
    /* A bit for each that is read from, and 16 further up for each that is written to. */
    unsigned mask = (unsigned)gy__ares_library.getsock(a->channel, sockets, ARES_GETSOCK_MAXNUM);
    for (int i = 0; i < ARES_GETSOCK_MAXNUM; i++) {
        short events = (short)((mask >> i & 1 ? POLLIN : 0) |
                               (mask >> (i + ARES_GETSOCK_MAXNUM) & 1 ? POLLOUT : 0));
        if (events)
            fds[count++] = (struct pollfd){.fd = sockets[i], .events = events};
    }
    gy__ares_library.timeout(a->channel, &tv, &tv);
    int n = poll(fds, count, (int)(tv.tv_sec * 1000 + tv.tv_usec / 1000 + 1));
    for (nfds_t i = 0; n > 0 && i < count; i++)
        if (fds[i].revents)
            gy__ares_library.process_fd(a->channel,
                                        fds[i].events & POLLIN ? fds[i].fd : ARES_SOCKET_BAD,
                                        fds[i].events & POLLOUT ? fds[i].fd : ARES_SOCKET_BAD);
    gy__ares_library.process_fd(a->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

int gy__ares_ask_here(struct gy__ares *a, struct gy__query *q)
{
    if (!a->channel)
        return GY_ESHUTDOWN;
    struct question *k = begin(a, q);
    if (!k)
        return GY_ENOMEM;
    while (!k->done.done)
        block(a);
    int e = k->done.result;
    release(k);
    set_timer(a);
    return e;
}

/* -- The channel --------------------------------------------------------------------------------- */

int gy__ares_new(const gy_cares_opts *opts, struct gy__ares **out)
{
    *out = NULL;
    if (!gy__ares_library_load())
        return -ENOTSUP;
    struct gy__ares *a = gy__zalloc(sizeof *a);
    if (!a)
        return GY_ENOMEM;
    gy_list_init(&a->sockets);
    int e = gy__ares_channel(opts, on_socket, a, &a->channel);
    if (e)
        gy__free(a);
    else
        *out = a;
    return e;
}

static void leave_loop(struct gy__ares *a)
{
    struct gy__loop_end **at = &a->loop->ends;
    while (*at != &a->end)
        at = &(*at)->next;
    *at = a->end.next;
    gy_timer_cancel(a->loop, &a->timer);
}

void gy__ares_free(struct gy__ares *a)
{
    if (!a)
        return;
    if (a->channel)
        gy__ares_library.destroy(a->channel);
    if (a->loop)
        leave_loop(a);
    gy__free(a);
}
