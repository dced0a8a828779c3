/* SPDX-License-Identifier: MIT */
/* resolver_table.c - names that stand for what the program says. */
#include "net/resolver_table.h"

#include <gyre/error.h>
#include <gyre/log.h>
#include <string.h>

#include "base/alloc.h"
#include "net/host_name.h"

static char *copy(const char *text)
{
    size_t size = strlen(text) + 1;
    char *p = gy__alloc(size);
    return p ? memcpy(p, text, size) : NULL;
}

/* An IP address as it is, a name plain. */
static int parse_side(const char *text, char **host, int *port)
{
    char raw[GY__HOST_ROOM], plain[GY__HOST_ROOM];
    int e = text ? gy__addr_split(text, raw, port) : GY_EINVAL;
    if (e)
        return e;
    const char *kept = raw;
    if (!gy_is_ip(raw)) {
        if (!gy__host_name_valid(gy_str_of(raw)))
            return GY_EINVAL;
        gy__host_name_plain(gy_str_of(raw), plain);
        kept = plain;
    }
    *host = copy(kept);
    return *host ? 0 : GY_ENOMEM;
}

static int add(struct gy__resolver_table *t, const gy_resolver_entry *entry)
{
    struct gy__resolver_row *row = &t->rows[t->count++];
    *row = (struct gy__resolver_row){.name = NULL};
    int e = parse_side(entry->name, &row->name, &row->port);
    return e ? e : parse_side(entry->to, &row->to, &row->to_port);
}

int gy__resolver_table_init(struct gy__resolver_table *t, const gy_resolver_entry *entries)
{
    size_t count = 0;
    *t = (struct gy__resolver_table){.rows = NULL};
    while (entries && entries[count].name)
        count++;
    if (count == 0)
        return 0;
    t->rows = gy__alloc(count * sizeof *t->rows);
    if (!t->rows)
        return GY_ENOMEM;
    int e = 0;
    for (size_t i = 0; i < count && !e; i++)
        e = add(t, &entries[i]);
    if (e == GY_EINVAL) {
        const gy_resolver_entry *bad = &entries[t->count - 1];
        gy_log(GY_LOG_GENERAL, GY_LOG_ERROR,
               "the resolver's row \"%s\" to \"%s\" is malformed: each side is a name or an IP "
               "address, with a port or without",
               bad->name, bad->to ? bad->to : "NULL");
    }
    if (e)
        gy__resolver_table_done(t);
    return e;
}

void gy__resolver_table_done(struct gy__resolver_table *t)
{
    for (size_t i = 0; i < t->count; i++) {
        gy__free(t->rows[i].name);
        gy__free(t->rows[i].to);
    }
    gy__free(t->rows);
    *t = (struct gy__resolver_table){.rows = NULL};
}

const struct gy__resolver_row *gy__resolver_table_find(const struct gy__resolver_table *t,
                                                       const char *host, int port)
{
    for (size_t i = 0; i < t->count; i++) {
        const struct gy__resolver_row *row = &t->rows[i];
        if ((row->port < 0 || row->port == port) && strcmp(row->name, host) == 0)
            return row;
    }
    return NULL;
}
