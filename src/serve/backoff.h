/* SPDX-License-Identifier: MIT */
/* backoff.h - how long to pause before a worker that died is replaced. */
#ifndef GYRE_SERVE_BACKOFF_H
#define GYRE_SERVE_BACKOFF_H

#include <stdint.h>

/* {0} is that of a worker that never died. */
struct gy__backoff {
    int64_t pause; /* ns, the last one */
};

/* The pause in ns after a worker that lived [lived] ns: none after a second or more, else 100 ms
 * and twice as long each time, up to 30 s. */
int64_t gy__backoff_next(struct gy__backoff *b, int64_t lived);

#endif
