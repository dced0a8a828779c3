/* SPDX-License-Identifier: MIT */
/* tree.h - the rows whose patterns can match in one way only, as a radix tree.
 *
 * A part runs to the next '/' (less the literal that follows it in its segment) or is the rest, so
 * a path leads to each node at one place at most: a search costs no more than the tree is large. */
#ifndef GYRE_WEB_TREE_H
#define GYRE_WEB_TREE_H

#include "web/table.h"

struct gy__tree_node;

struct gy__tree {
    struct gy__tree_node *root;
    const struct gy__row *rows;
};

/* Can a tree hold this row? No regular expression, and one part in a segment at most. */
bool gy__tree_can_hold(const struct gy__row *row);

int gy__tree_init(struct gy__tree *tree, gy_arena *a, const struct gy__row *rows);

/* Rows are added in their order. 0 or GY_ENOMEM. Borrows the row. */
int gy__tree_add(struct gy__tree *tree, gy_arena *a, const struct gy__row *row);

/* The first row that matches, NULL when none does; [parts] are those of its path. [host] is what
 * gy__host_name gives. */
const struct gy__row *gy__tree_find(const struct gy__tree *tree, gy_str path, gy_str host,
                                    gy_str parts[GY__PARTS_MAX]);

/* Do all hosts of the row match? */
bool gy__row_takes_host(const struct gy__row *row, gy_str host);

#endif
