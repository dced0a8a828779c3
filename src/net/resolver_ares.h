/* SPDX-License-Identifier: MIT */
/* resolver_ares.h - names asked of name servers by c-ares, on the loop. */
#ifndef GYRE_NET_RESOLVER_ARES_H
#define GYRE_NET_RESOLVER_ARES_H

#include <gyre/resolver.h>

#include "net/lookup.h"

struct gy__ares;

/* 0; -ENOTSUP where c-ares is missing; GY_EINVAL for an option that it does not understand; GY_ENOMEM. */
GY_CHECKED int gy__ares_new(const gy_cares_opts *opts, struct gy__ares **out);

/* Questions under way end with GY_ESHUTDOWN. NULL is fine. */
void gy__ares_free(struct gy__ares *a);

/* The answer into [q]: 0, and at least one address; GY_ENOTFOUND; -EAGAIN when no name server gave an
 * answer; GY_ENOMEM; or what ended the wait: then [q] is as it was. [a] may go away meanwhile. */
GY_SUSPENDS GY_CHECKED int gy__ares_ask(struct gy__ares *a, struct gy__query *q);

/* Whether somebody waits for an answer: else no timer keeps the loop turning. */
void gy__ares_want(struct gy__ares *a, bool wanted);

/* As gy__ares_ask, blocking, outside of a task. */
GY_CHECKED int gy__ares_ask_here(struct gy__ares *a, struct gy__query *q);

#endif
