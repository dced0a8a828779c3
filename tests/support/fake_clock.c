/* SPDX-License-Identifier: MIT */
/* fake_clock.c - time that passes only when a test says so, or when a loop has nothing else to do. */
#include "support/fake_clock.h"

#include "base/clock.h"
#include "loop/state.h"

#include <errno.h>
#include <gyre/error.h>
#include <stdatomic.h>

static atomic_llong now_ns;

static int64_t read_now(void *unused)
{
    (void)unused;
    return atomic_load(&now_ns);
}

static const struct gy__clock_source source = {.now_ns = read_now, .wall_ns = read_now};

void fake_clock_start(void)
{
    atomic_store(&now_ns, 1000LL * GY__NS_PER_S);
    gy__clock_set(&source);
}

void fake_clock_stop(void)
{
    gy__clock_set(NULL);
}

int64_t fake_clock_now(void)
{
    return atomic_load(&now_ns);
}

void fake_clock_forward(double seconds)
{
    atomic_fetch_add(&now_ns, (int64_t)(seconds * 1e9));
}

static bool jump(void *unused, int64_t ns)
{
    (void)unused;
    atomic_fetch_add(&now_ns, ns);
    return true;
}

void fake_clock_drive(gy_loop *loop)
{
    gy__loop_set_idle(loop, jump, NULL);
}

struct first {
    gy_task_fn *fn;
    void *arg;
    int result;
};

static int run_first(void *arg)
{
    struct first *f = arg;
    f->result = f->fn(f->arg);
    return 0;
}

int run_in_fake_time(gy_task_fn *fn, void *arg)
{
    struct first f = {.fn = fn, .arg = arg, .result = GY_ENOMEM};
    fake_clock_start();
    gy_loop *loop = gy_loop_new();
    if (loop) {
        fake_clock_drive(loop);
        gy_task *t = gy_task_new(loop, run_first, &f, &(gy_task_opts){.name = "main"});
        int e = t ? gy_loop_run_idle(loop) : 0;
        if (t)
            gy_task_join(t);
        if (e)
            f.result = e;
        gy_loop_free(loop);
    }
    fake_clock_stop();
    return f.result;
}
