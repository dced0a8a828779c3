/* SPDX-License-Identifier: MIT */
/* securing.c - what a process that serves TLS does from time to time. */
#include "serve/securing.h"

#include "base/clock.h"
#include "serve/serving.h"

static void rotate(void *arg)
{
    struct gy__securing *x = arg;
    int64_t next = gy__certificates_rotate(&x->serving->certificates);
    if (next == INT64_MAX)
        return;
    double seconds = (double)(next - gy__clock_now()) / GY__NS_PER_S;
    gy_timer_set(x->loop, &x->rotate, seconds, rotate, x);
}

/* Under a master it is the master who looks at the files. Its signal comes sooner than this, unless the
 * application has taken that for itself. */
static void look(void *arg)
{
    struct gy__securing *x = arg;
    struct gy__serving *s = x->serving;
    bool changed = s->under_master ? s->certificates.renewals != atomic_load(&s->start->renewals)
                                   : gy__certificates_look(&s->certificates);
    if (changed)
        gy__serving_renew(s);
    gy_timer_set(x->loop, &x->look, s->opts.tls_check, look, x);
}

void gy__securing_begin(struct gy__securing *x, struct gy__serving *s, gy_loop *loop)
{
    *x = (struct gy__securing){.serving = s, .loop = loop};
    if (!s->certificates.tls)
        return;
    rotate(x);
    if (s->opts.tls_check > 0)
        gy_timer_set(loop, &x->look, s->opts.tls_check, look, x);
}

void gy__securing_end(struct gy__securing *x)
{
    gy_timer_cancel(x->loop, &x->rotate);
    gy_timer_cancel(x->loop, &x->look);
}
