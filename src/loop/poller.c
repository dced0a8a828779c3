/* SPDX-License-Identifier: MIT */
/* poller.c - which poller a loop waits with. */

#include "loop/poller.h"

#include <gyre/error.h>
#include <gyre/log.h>
#include <gyre/loop.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "loop/state.h"

/* The best first. The last one is everywhere. */
static const struct gy__poller_ops *const pollers[] = {
    &gy__poller_epoll,
    &gy__poller_kqueue,
    &gy__poller_poll,
};

enum { POLLERS = sizeof pollers / sizeof pollers[0] };

static _Atomic(const struct gy__poller_ops *) chosen; /* NULL: the environment's, or the best */

/* The first that is there, of any name or of this. */
static const struct gy__poller_ops *find(const char *name)
{
    for (int i = 0; i < POLLERS; i++)
        if (pollers[i]->open && (!name || strcmp(pollers[i]->name, name) == 0))
            return pollers[i];
    return NULL;
}

static const struct gy__poller_ops *find_default(void)
{
    const char *name = getenv("GYRE_POLLER");
    const struct gy__poller_ops *ops = name && *name ? find(name) : NULL;
    const struct gy__poller_ops *best = find(NULL);
    if (name && *name && !ops)
        gy_log(GY_LOG_GENERAL, GY_LOG_WARNING, "GYRE_POLLER is %s, which is not here; using %s",
               name, best->name);
    return ops ? ops : best;
}

int gy_loop_use_poller(const char *name)
{
    const struct gy__poller_ops *ops = name ? find(name) : NULL;
    if (name && !ops)
        return GY_ENOTFOUND;
    atomic_store(&chosen, ops);
    return 0;
}

const char *gy_loop_poller(const gy_loop *loop)
{
    return loop->poller.ops->name;
}

int gy__poller_open(struct gy__poller *p)
{
    const struct gy__poller_ops *ops = atomic_load(&chosen);
    return (ops ? ops : find_default())->open(p);
}
