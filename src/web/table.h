/* SPDX-License-Identifier: MIT */
/* table.h - an application's routes as one flat list of checked rows. */
#ifndef GYRE_WEB_TABLE_H
#define GYRE_WEB_TABLE_H

#include "web/host.h"
#include "web/pattern.h"
#include "web/regex.h"
#include "web/router.h"

struct gy__row {
    const gy_route *route;
    struct gy__pattern path;     /* with the prefixes of the tables around it */
    gy_str regex;                /* a regular expression that follows [path]; ptr NULL: none */
    struct gy__regex *compiled;  /* of all of it, when a tree cannot hold it; else NULL */
    gy_str start;                /* that every path begins with which [compiled] matches */
    const unsigned char *groups; /* of [compiled], for each part of the path */
    const struct gy__host *const *hosts; /* all of them must match */
    size_t host_count;
    const char *where; /* "routes[2].routes[0] \"/x\"", for messages */
    gy_str shown;      /* the whole pattern, as written */
    unsigned index;
    struct gy__target target;
};

struct gy__table {
    struct gy__row *rows;
    size_t count;
};

/* Read the table of [app] with all nested ones. 0, GY_ENOMEM, GY_EINVAL with [why]. Everything lies
 * in the arena. */
int gy__table_read(gy_arena *a, const gy_app *app, struct gy__table *out, struct gy__fault *why);

/* Fill target->handler and the like from [handler] (NULL for none) and its bases; a chain that does
 * not hold [last] is continued by it. GY_EINVAL with [why] when the bases form a circle. */
int gy__target_merge(struct gy__target *target, const gy_handler *handler, const gy_handler *last,
                     struct gy__fault *why);

/* Work out verbs, and Allow, after gy__target_merge; target->also is set. GY_ENOMEM. */
void gy__target_set_verbs(struct gy__target *target);
int gy__target_set_allow(gy_arena *a, struct gy__target *target);

/* Set compiled, start and groups of a row that a tree cannot hold, and target.path_parts. 0,
 * GY_ENOMEM, GY_EINVAL with [why]. */
int gy__row_compile(gy_arena *a, struct gy__row *row, struct gy__fault *why);

/* 1 with the parts of the path, 0, GY_ENOMEM, or GY_ETOOBIG when the expression gave up. */
int gy__row_match(const struct gy__row *row, struct gy__regex_room *room, gy_str path,
                  gy_str parts[GY__PARTS_MAX]);

#endif
