/* SPDX-License-Identifier: MIT */
/* backoff.c - how long to pause before a worker that died is replaced. */
#include "serve/backoff.h"

#include "base/clock.h"

static const int64_t healthy = INT64_C(1) * GY__NS_PER_S;
static const int64_t shortest = INT64_C(100) * GY__NS_PER_MS;
static const int64_t longest = INT64_C(30) * GY__NS_PER_S;

int64_t gy__backoff_next(struct gy__backoff *b, int64_t lived)
{
    if (lived >= healthy)
        b->pause = 0;
    else if (b->pause == 0)
        b->pause = shortest;
    else
        b->pause = b->pause > longest / 2 ? longest : b->pause * 2;
    return b->pause;
}
