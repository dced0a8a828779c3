/* SPDX-License-Identifier: MIT */
/* client_early.c - servers that answer before they have been told all. */

#include <gyre/error.h>
#include <gyre/task.h>
#include <string.h>

#include "http/client.h"
#include "loop/task.h"
#include "net/stream.h"

enum { STATUS_AT = 9, STATUS_END = 12 }; /* in "HTTP/1.1 200" */

bool gy__peer_has_answer(const struct gy__peer *p)
{
    const char *at = p->in + p->in_at;
    for (size_t have = p->in_len - p->in_at; have;) {
        if (have > STATUS_AT && at[STATUS_AT] != '1')
            return true;
        if (have >= STATUS_END && memcmp(at + STATUS_AT, "101", 3) == 0)
            return true;
        size_t head = gy__head_scan(at, 0, have);
        if (!head)
            return false;
        at += head;
        have -= head;
    }
    return false;
}

/* A call of the body's reader, which may wait for something that never comes while the server has long
 * decided. */
struct call {
    struct gy__peer *peer;
    gy_deadline limit; /* passes when the server speaks */
};

static void on_event(struct gy__io *io, unsigned events)
{
    struct call *c = gy_of(io, struct gy__transport, io)->owner;
    (void)events;
    if (gy__peer_has_spoken(c->peer))
        gy__deadline_pass(&c->limit);
}

ssize_t gy__fetch_call_reader(struct gy__fetch *f, void *buf, size_t size, bool *answered)
{
    struct call c = {.peer = f->peer};
    struct gy__transport *t = f->peer->stream->t;
    int e = gy__peer_has_spoken(f->peer);
    *answered = e > 0;
    if (e)
        return e < 0 ? e : 0;
    gy_deadline_begin(&c.limit, GY_FOREVER);
    t->owner = &c;
    t->io.on_event = on_event;
    ssize_t n = f->o.read_body(f->o.read_arg, buf, size);
    t->io.on_event = NULL;
    t->owner = NULL;
    *answered = gy_deadline_end(&c.limit);
    return *answered ? 0 : n;
}
