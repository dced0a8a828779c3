/* SPDX-License-Identifier: MIT */
/* test_switch.c - tasks keep their registers and stacks over a switch, on whatever machine this is
 * compiled for. A program without a test library, so that it cross-compiles alone. */
#include <gyre/error.h>
#include <gyre/inspect.h>
#include <gyre/task.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TASKS = 200, ROUNDS = 50, DEPTH = 20 };

#define CHECK(that_) check((that_), #that_, __LINE__)

static void check(int holds, const char *what, int line)
{
    if (holds)
        return;
    printf("line %d: not so: %s\n", line, what);
    exit(1);
}

/* More live integers and doubles than there are registers that a call must keep. */
static uint64_t mix(uint64_t seed, int yields)
{
    uint64_t a = seed, b = seed + 1, c = seed + 2, d = seed + 3, e = seed + 4, f = seed + 5;
    uint64_t g = seed + 6, h = seed + 7, i = seed + 8, j = seed + 9, k = seed + 10, l = seed + 11;
    double p = (double)seed, q = p + 1, r = p + 2, s = p + 3, t = p + 4, u = p + 5, v = p + 6;
    double w = p + 7, x = p + 8, y = p + 9;
    for (int n = 0; n < ROUNDS; n++) {
        if (n < yields)
            CHECK(gy_yield() == 0);
        a += b, b ^= c, c += d, d ^= e, e += f, f ^= g, g += h, h ^= i, i += j, j ^= k, k += l,
            l ^= a;
        p += q, q -= r, r += s, s -= t, t += u, u -= v, v += w, w -= x, x += y, y -= p * 0.25;
    }
    double sum = p + q + r + s + t + u + v + w + x + y;
    uint64_t bits;
    memcpy(&bits, &sum, sizeof bits);
    return (a ^ b ^ c ^ d ^ e ^ f ^ g ^ h ^ i ^ j ^ k ^ l) + bits;
}

static int finished;

/* The same numbers whether others ran in between or not. */
static int keeps_registers(void *arg)
{
    uint64_t seed = (uint64_t)(uintptr_t)arg;
    CHECK(mix(seed, ROUNDS) == mix(seed, 0));
    finished++;
    return 0;
}

static int descend(int depth, unsigned char fill)
{
    volatile unsigned char frame[1000];
    for (size_t i = 0; i < sizeof frame; i++)
        frame[i] = fill;
    CHECK(gy_yield() == 0);
    int below = depth > 0 ? descend(depth - 1, (unsigned char)(fill + 1)) : 0;
    for (size_t i = 0; i < sizeof frame; i++)
        CHECK(frame[i] == fill);
    return below + 1;
}

static int keeps_stack(void *arg)
{
    CHECK(descend(DEPTH, (unsigned char)(uintptr_t)arg) == DEPTH + 1);
    CHECK((uintptr_t)__builtin_frame_address(0) % 16 == 0);
    finished++;
    return 0;
}

static int sleeps_for_long(void *arg)
{
    (void)arg;
    CHECK(gy_sleep(3600) == GY_ECANCELED);
    finished++;
    return 0;
}

static int fails(void *arg)
{
    (void)arg;
    int e = gy_sleep(0.01);
    return e ? e : -71;
}

/* -- Backtraces of tasks that wait --------------------------------------------------------------- */

__attribute__((noinline)) static int waits_here(double seconds)
{
    int e = gy_sleep(seconds);
    __asm__ volatile("" : : "r"(e) : "memory");
    return e;
}

static int waits(void *arg)
{
    (void)arg;
    int e = waits_here(3600);
    CHECK(e == GY_ECANCELED);
    return 0;
}

static int places;

static void look_for_place(void *arg, const gy_task_info *info)
{
    const char *begin = (const char *)(uintptr_t)waits_here;
    (void)arg;
    for (int i = 0; i < info->frame_count; i++) {
        const char *at = info->frames[i];
        places += at > begin && at < begin + 100;
    }
}

static int shows_where_it_waits(void)
{
    gy_task *t = gy_task_new(gy_loop_current(), waits, NULL, NULL);
    CHECK(gy_yield() == 0);
    CHECK(gy_yield() == 0);
    gy_tasks_each(gy_loop_current(), look_for_place, NULL);
    CHECK(places > 0);
    gy_task_cancel(t);
    return gy_task_join(t);
}

static int all(void *arg)
{
    (void)arg;
    CHECK(shows_where_it_waits() == 0);
    gy_group many = {0};
    for (uintptr_t i = 0; i < TASKS; i++)
        gy_group_spawn(&many, i % 2 ? keeps_registers : keeps_stack, (void *)i);
    CHECK(gy_group_wait(&many) == 0);
    CHECK(finished == TASKS);

    finished = 0;
    gy_group one_fails = {0};
    gy_group_spawn(&one_fails, sleeps_for_long, NULL);
    gy_group_spawn(&one_fails, fails, NULL);
    gy_group_spawn(&one_fails, sleeps_for_long, NULL);
    CHECK(gy_group_wait(&one_fails) == -71);
    CHECK(finished == 2);
    return 0;
}

int main(void)
{
    CHECK(gy_run(all, NULL) == 0);
    puts("tasks keep their registers and stacks");
    return 0;
}
