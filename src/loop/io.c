/* SPDX-License-Identifier: MIT */
/* io.c - readiness: what a descriptor, or a pipe in memory, is ready for and who waits for it. */

#include "loop/io.h"

#include <gyre/error.h>

#include "loop/state.h"
#include "loop/wait.h"

int gy__io_watch(gy_loop *loop, struct gy__io *io)
{
    int e = loop->poller.ops->watch(&loop->poller, io);
    io->watched = e == 0;
    if (!e)
        io->ready &= (uint8_t)~GY__GONE;
    return e;
}

void gy__io_unwatch(gy_loop *loop, struct gy__io *io)
{
    if (io->watched)
        loop->poller.ops->unwatch(&loop->poller, io);
    io->watched = false;
    io->on_event = NULL;
    io->ready |= GY__GONE;
    if (io->reader)
        gy__wake(io->reader, GY_ECLOSED);
    if (io->writer)
        gy__wake(io->writer, GY_ECLOSED);
}

void gy__io_fire(struct gy__io *io, unsigned events)
{
    io->ready |= (uint8_t)events;
    if (io->reader && (events & (GY__IN | GY__HUP | GY__ERR)))
        gy__wake(io->reader, 0);
    if (io->writer && (events & (GY__OUT | GY__ERR)))
        gy__wake(io->writer, 0);
    if (!io->on_event)
        return;
    if (gy__loop_tls)
        gy__beat(&gy__loop_tls->beat);
    io->on_event(io, events);
}

void gy__io_fire_later(gy_loop *loop, struct gy__fired *f, unsigned events)
{
    if (!f->events)
        gy_list_add(&loop->fired, &f->link);
    f->events |= events;
}

int gy__io_wait(struct gy__io *io, unsigned bit, int64_t deadline, const char *what)
{
    unsigned enough = bit | GY__ERR | (bit == GY__IN ? (unsigned)GY__HUP : 0U);
    gy_task **slot = bit == GY__IN ? &io->reader : &io->writer;
    if (io->ready & enough)
        return 0;
    if (io->ready & GY__GONE)
        return GY_ECLOSED;
    if (*slot)
        return GY_EBUSY;
    *slot = gy__self();
    int e = gy__park(what, deadline);
    *slot = NULL;
    return e;
}
