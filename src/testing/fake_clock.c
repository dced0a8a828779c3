/* SPDX-License-Identifier: MIT */
/* fake_clock.c - time that passes only when a test says so. */

#include "testing/test.h"

/* A test begins on Sun, 06 Nov 1994 08:49:37 GMT, a thousand seconds after the machine started. */
#define START (1000 * (int64_t)GY__NS_PER_S)
#define WALL (784111777 * (int64_t)GY__NS_PER_S)

static int64_t now_ns(void *arg)
{
    const gy_test *t = arg;
    return t->now;
}

static int64_t wall_ns(void *arg)
{
    const gy_test *t = arg;
    return t->now - START + WALL;
}

static void put_in_force(const gy_test *t)
{
    gy__clock_set(t && t->clock != GY__CLOCK_REAL ? &t->source : NULL);
}

void gy__test_clock_begin(gy_test *t)
{
    t->now = START;
    t->source = (struct gy__clock_source){.now_ns = now_ns, .wall_ns = wall_ns, .arg = t};
    put_in_force(t);
}

void gy__test_clock_end(gy_test *t)
{
    put_in_force(t->outer);
}

void gy__test_clock_forward(gy_test *t, int64_t ns)
{
    t->now = ns > INT64_MAX - t->now ? INT64_MAX : t->now + ns;
}

void gy_test_clock_auto(gy_test *t)
{
    t->clock = GY__CLOCK_AUTO;
    put_in_force(t);
}

void gy_test_clock_real(gy_test *t)
{
    t->clock = GY__CLOCK_REAL;
    put_in_force(t);
}
