/* SPDX-License-Identifier: MIT */
/* happy_eyeballs.c - connecting to the first that answers of several addresses (RFC 8305). */
#include "net/happy_eyeballs.h"

#include <gyre/error.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "loop/state.h"
#include "loop/task.h"
#include "loop/wait.h"
#include "net/lookup.h"

struct race {
    const struct gy__targets *to;
    const struct gy__race_opts *opts;
    size_t next;     /* of the targets */
    int64_t next_at; /* when it is tried although others are under way */
    struct gy__transport *running[GY__IPS_MAX];
    size_t count; /* of those */
    int error;    /* of the last that failed */
};

/* -- Order --------------------------------------------------------------------------------------- */

/* Move the one at [from] to [to], before it, and those between one further. */
static void move_forward(struct gy__inet *ips, size_t from, size_t to)
{
    struct gy__inet it = ips[from];
    memmove(ips + to + 1, ips + to, (from - to) * sizeof *ips);
    ips[to] = it;
}

void gy__interleave(struct gy__inet *ips, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        size_t other = i;
        while (other < count && ips[other].family == ips[i - 1].family)
            other++;
        if (other == count)
            return;
        move_forward(ips, other, i);
    }
}

/* -- The race ------------------------------------------------------------------------------------ */

static void begin(struct race *r)
{
    struct gy__addr a;
    struct gy__transport *t;
    gy__addr_of_inet(&r->to->ips[r->next++], r->to->port, &a);
    int fd = gy__connect_start(&a, r->opts->source);
    int e = fd < 0 ? fd : gy__transport_socket_new(gy__self()->loop, fd, &t);
    if (e < 0) {
        if (fd >= 0)
            close(fd);
        r->error = e;
        r->next_at = 0;
        return;
    }
    t->io.writer = gy__self();
    r->running[r->count++] = t;
    int64_t now = gy__clock_now();
    r->next_at = r->opts->delay < INT64_MAX - now ? now + r->opts->delay : INT64_MAX;
}

static bool may_begin(const struct race *r)
{
    return r->next < r->to->count && (r->count == 0 || gy__clock_now() >= r->next_at);
}

static struct gy__transport *take_out(struct race *r, size_t i)
{
    struct gy__transport *t = r->running[i];
    t->io.writer = NULL;
    memmove(r->running + i, r->running + i + 1, (--r->count - i) * sizeof *r->running);
    return t;
}

/* Gives the one that is connected, of several the first that was tried; closes those that failed. */
static struct gy__transport *find_winner(struct race *r)
{
    for (size_t i = 0; i < r->count;) {
        const struct gy__io *io = &r->running[i]->io;
        if (!(io->ready & (GY__OUT | GY__ERR | GY__HUP))) {
            i++;
            continue;
        }
        int e = gy__connect_result(io->fd);
        struct gy__transport *t = take_out(r, i);
        if (!e)
            return t;
        t->ops->close(t);
        r->error = e;
        r->next_at = 0; /* the next need not wait any more */
    }
    return NULL;
}

/* Until one of them has got somewhere or the next may begin. */
static int wait_for_news(const struct race *r)
{
    int64_t until = r->opts->until;
    if (r->next < r->to->count && r->next_at < until)
        until = r->next_at;
    int e = gy__park("connect", until);
    if (e != GY_ETIMEDOUT || gy__task_refusal(gy__self()))
        return e;
    return gy__clock_now() >= r->opts->until ? GY_ETIMEDOUT : 0;
}

static int run(struct race *r, struct gy__transport **out)
{
    for (;;) {
        while (may_begin(r))
            begin(r);
        if (r->count == 0)
            return r->error;
        int e = wait_for_news(r);
        *out = e ? NULL : find_winner(r);
        if (e || *out)
            return e;
    }
}

int gy__race(const struct gy__targets *to, const struct gy__race_opts *opts,
             struct gy__transport **out)
{
    struct race r = {.to = to, .opts = opts, .error = GY_ENOTFOUND};
    int e = run(&r, out);
    while (r.count) {
        struct gy__transport *t = take_out(&r, r.count - 1);
        t->ops->close(t);
    }
    return e;
}
