/* SPDX-License-Identifier: MIT */
/* resolver_ares_none.c - a build without c-ares: no resolver asks by it. */
#include <errno.h>
#include <gyre/error.h>

#include "net/resolver_ares.h"

int gy__ares_new(const gy_cares_opts *opts, struct gy__ares **out)
{
    (void)opts;
    *out = NULL;
    return -ENOTSUP;
}

void gy__ares_free(struct gy__ares *a)
{
    (void)a;
}

int gy__ares_ask(struct gy__ares *a, struct gy__query *q)
{
    (void)a;
    (void)q;
    return -ENOTSUP;
}

void gy__ares_want(struct gy__ares *a, bool wanted)
{
    (void)a;
    (void)wanted;
}

int gy__ares_ask_here(struct gy__ares *a, struct gy__query *q)
{
    (void)a;
    (void)q;
    return -ENOTSUP;
}
