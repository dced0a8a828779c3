/* SPDX-License-Identifier: MIT */
/* resolver_table.h - names that stand for what the program says. */
#ifndef GYRE_NET_RESOLVER_TABLE_H
#define GYRE_NET_RESOLVER_TABLE_H

#include <gyre/resolver.h>

#include "net/addr.h"

struct gy__resolver_row {
    char *name, *to;   /* plain names, or IP addresses without brackets */
    int port, to_port; /* -1: any, and the one that was asked for */
};

struct gy__resolver_table {
    struct gy__resolver_row *rows;
    size_t count;
};

/* Copy [entries], which end with a NULL name; NULL is none. 0, GY_ENOMEM, or GY_EINVAL with a line in
 * the log. */
GY_CHECKED int gy__resolver_table_init(struct gy__resolver_table *t,
                                       const gy_resolver_entry *entries);
void gy__resolver_table_done(struct gy__resolver_table *t);

/* The first row for [host] (plain, or an IP address) and [port], or NULL. */
const struct gy__resolver_row *gy__resolver_table_find(const struct gy__resolver_table *t,
                                                       const char *host, int port);

#endif
