/* SPDX-License-Identifier: MIT */
/* timers.c - what a timer costs, by how many there are: set, cancelled, fired. */
#include <gyre/loop.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "loop/state.h"
#include "loop/timer.h"

enum { MOST = 1000000, SPREAD_MS = 60000 };

/* Time on the loop's clock passes only between turns: here the wheel is measured, not the clock. */
static int64_t fake_now = 1000LL * GY__NS_PER_S;

static int64_t read_fake(void *unused)
{
    (void)unused;
    return fake_now;
}

static const struct gy__clock_source fake = {.now_ns = read_fake, .wall_ns = read_fake};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* whatever else the machine does */
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static gy_timer timers[MOST];
static int fired;
static int64_t last;

static void fire(void *arg)
{
    const gy_timer *t = arg;
    if (t->at < last)
        abort();
    last = t->at;
    fired++;
}

static uint64_t draw(void)
{
    static uint64_t x = 88172645463325252u;
    x ^= x << 13;
    x ^= x >> 7;
    return x ^= x << 17;
}

/* Sum over the rounds, in seconds. */
struct times {
    double set, cancel, fire;
};

typedef int64_t distance_fn(int i, int n);

static int64_t at_random(int i, int n)
{
    (void)i;
    (void)n;
    return (int64_t)(draw() % (SPREAD_MS * 1000LL)) * 1000;
}

/* All of one length, set one after the other: as the timeouts of connections are. */
static int64_t in_order(int i, int n)
{
    return (int64_t)i * (SPREAD_MS * 1000LL / n) * 1000;
}

/* Set [n], cancel every other one, let the rest fire as time goes by in steps of a millisecond. */
static void round_of(gy_loop *loop, int n, distance_fn *distance, struct times *sum)
{
    double a = now();
    for (int i = 0; i < n; i++)
        gy__timer_at(loop, &timers[i], fake_now + distance(i, n), fire, &timers[i]);
    double b = now();
    for (int i = 0; i < n; i += 2)
        gy_timer_cancel(loop, &timers[i]);
    double c = now();
    fired = 0;
    last = 0;
    int64_t end = fake_now + SPREAD_MS * (int64_t)GY__NS_PER_MS;
    while (fake_now < end) {
        int64_t ns = gy__timers_timeout(&loop->timers, fake_now);
        if (ns < 0)
            break;
        fake_now += ns > GY__NS_PER_MS ? ns : GY__NS_PER_MS;
        gy__timers_run(loop, fake_now);
    }
    if (fired != n / 2)
        abort();
    sum->set += b - a;
    sum->cancel += c - b;
    sum->fire += now() - c;
}

static void measure(const char *name, int n, distance_fn *distance)
{
    struct times sum = {0};
    int rounds = MOST / n;
    gy_loop *loop = gy_loop_new();
    if (!loop)
        abort();
    round_of(loop, n, distance, &sum); /* memory is there, and warm if it can be */
    sum = (struct times){0};
    for (int i = 0; i < rounds; i++)
        round_of(loop, n, distance, &sum);
    double each = 1e9 / ((double)n * rounds);
    printf("timer: %7d %s: set %.1f ns, cancelled %.1f ns, fired %.1f ns\n", n, name,
           sum.set * each, sum.cancel * each * 2, sum.fire * each * 2);
    gy_loop_free(loop);
}

int main(void)
{
    gy__clock_set(&fake);
    for (int n = 1000; n <= MOST; n *= 10)
        measure("at random over a minute", n, at_random);
    for (int n = 1000; n <= MOST; n *= 10)
        measure("in order over a minute", n, in_order);
    return 0;
}
