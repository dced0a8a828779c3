/* SPDX-License-Identifier: MIT */
/* router.h - from a path to what answers it.
 *
 * Invariants:
 *   R1. The answer is that of trying the rows in order, nested tables in the place of their row.
 *   R2. A router does not change once it is made.
 *   R3. Apart from the parts of a path, and regular expressions, a match takes no memory. */
#ifndef GYRE_WEB_ROUTER_H
#define GYRE_WEB_ROUTER_H

#include <gyre/arena.h>
#include <gyre/web.h>

#include "web/pattern.h"

enum { GY__PARTS_MAX = 32, GY__VERBS = GY_METHOD_OTHER + 1 };

/* What a row comes to: its handler with everything that the bases give. */
struct gy__target {
    gy_handler_fn *verbs[GY__VERBS]; /* by enum gy_method; HEAD is get where there is no head */
    gy_handler handler;              /* merged; .base is NULL */
    const gy_route *route;           /* NULL for the target of what no row matches */
    const char *name;                /* "/story/{id:int}", its host before it; for reports */
    const struct gy__target *also;   /* the next row of this very pattern and host */
    gy_str allow;                    /* "GET, HEAD, OPTIONS", of the rows of [also] too */
    const gy_str *names;             /* of the parts: in the path, then in the host */
    unsigned parts, path_parts;      /* an unnamed group has a name with ptr NULL */
};

struct gy__match {
    const struct gy__target *target;
    const gy_str *parts; /* [target->parts], decoded; ptr NULL: the group took no part */
};

struct gy__router;

/* NULL when the table is wrong or memory is exhausted, and then a sentence in [why] that names the
 * row. Borrows [app] and all it points to. */
struct gy__router *gy__router_new(const gy_app *app, struct gy__fault *why);
void gy__router_free(struct gy__router *router);

/* 0 with [out], or the status to answer with: 404; 400 for a path whose %-escapes are no UTF-8
 * text; 500 when a regular expression gave up (logged); 503 without memory. [host] is the authority
 * or Host field, with its port. Views in [out] live in the arena. */
int gy__router_match(const struct gy__router *router, gy_str path, gy_str host, gy_arena *a,
                     struct gy__match *out);

/* The row that has the verb, among those that share the pattern of [target]; NULL when none has. */
const struct gy__target *gy__target_for(const struct gy__target *target, enum gy_method verb);

/* What answers when no row matches: app->not_found, or hooks of app->base without verbs. */
const struct gy__target *gy__router_default(const struct gy__router *router);

/* The path of the row called [name] with its parts filled by [texts]; ptr NULL and a log line when
 * that cannot be. In the arena. */
gy_str gy__router_url(const struct gy__router *router, gy_arena *a, const char *name,
                      const char *const *texts, size_t count);

#endif
