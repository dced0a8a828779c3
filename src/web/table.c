/* SPDX-License-Identifier: MIT */
/* table.c - flattens an application's route tables and checks each row. */
#include "web/table.h"

#include <gyre/error.h>
#include <stdio.h>

enum { NESTING_MAX = 16 };

struct reader {
    gy_arena *arena;
    const gy_app *app;
    struct gy__table *table;
    struct gy__fault *why;
};

/* What the tables around a row say about it. */
struct around {
    struct gy__pattern path;
    const struct gy__host *const *hosts;
    size_t host_count;
    gy_str shown;
    const char *where;
    unsigned depth;
};

static bool is_end(const gy_route *row)
{
    return !row->pattern && !row->handler && !row->routes;
}

static int count_rows(const gy_route *routes, unsigned depth, size_t *count, struct gy__fault *why)
{
    if (depth == NESTING_MAX)
        return gy__fault_say(why, "route tables are nested more than %d deep", NESTING_MAX);
    for (const gy_route *row = routes; row && !is_end(row); row++) {
        int e = 0;
        if (row->routes)
            e = count_rows(row->routes, depth + 1, count, why);
        else
            (*count)++;
        if (e)
            return e;
    }
    return 0;
}

static int wrong(const struct reader *r, const struct around *at, const char *what)
{
    return gy__fault_say(r->why, "%s: %s", at->where, what);
}

/* [piece] behind the others; a literal that follows a literal becomes one with it. */
static int join_piece(struct reader *r, const struct around *at, struct gy__pattern *path,
                      const struct gy__piece *piece)
{
    struct gy__piece *last = path->count ? &path->pieces[path->count - 1] : NULL;

    if (last && last->is_part && last->type == GY__PART_REST)
        return wrong(r, at, "nothing may follow a part of type rest");
    if (last && last->is_part && piece->is_part)
        return wrong(r, at, "nothing stands between two parts");
    if (last && !last->is_part && !piece->is_part) {
        gy_str both = gy_strf(r->arena, "%.*s%.*s", GY_FMT(last->text), GY_FMT(piece->text));
        last->text = both;
        return both.ptr ? 0 : GY_ENOMEM;
    }
    path->pieces[path->count++] = *piece;
    return 0;
}

static int join_path(struct reader *r, struct around *at, gy_str text)
{
    struct gy__pattern own;
    struct gy__fault inner = {""};
    struct gy__pattern before = at->path;
    int e = gy__pattern_parse(r->arena, text, &own, &inner);
    if (e == GY_EINVAL)
        return wrong(r, at, inner.text);
    if (e)
        return e;
    at->path.pieces = gy_alloc(r->arena, (before.count + own.count + 1) * sizeof *own.pieces);
    if (!at->path.pieces)
        return GY_ENOMEM;
    if (before.count)
        memcpy(at->path.pieces, before.pieces, before.count * sizeof *own.pieces);
    for (size_t i = 0; i < own.count; i++) {
        e = join_piece(r, at, &at->path, &own.pieces[i]);
        if (e)
            return e;
    }
    return 0;
}

static int join_host(struct reader *r, struct around *at, const char *text)
{
    struct gy__fault inner = {""};
    struct gy__host *own = gy_alloc(r->arena, sizeof *own);
    const struct gy__host **hosts = gy_alloc(r->arena, (at->host_count + 1) * sizeof *hosts);
    if (!own || !hosts)
        return GY_ENOMEM;
    int e = gy__host_parse(r->arena, gy_str_of(text), own, &inner);
    if (e)
        return e == GY_EINVAL ? wrong(r, at, inner.text) : e;
    for (size_t i = 0; i < at->host_count; i++)
        hosts[i] = at->hosts[i];
    hosts[at->host_count++] = own;
    at->hosts = hosts;
    return 0;
}

/* [in] with what [row] itself adds, but for its pattern's pieces. */
static int step_into(struct reader *r, const struct around *in, const gy_route *row, size_t index,
                     struct around *out)
{
    const char *pattern = row->pattern ? row->pattern : "";
    *out = *in;
    out->depth++;
    gy_str where = row->pattern ? gy_strf(r->arena, "%s[%zu] \"%s\"", in->where, index, pattern)
                                : gy_strf(r->arena, "%s[%zu]", in->where, index);
    /* Same pattern, same host: known by this text. */
    gy_str shown = gy_strf(r->arena, "%.*s%s%s%s%s", GY_FMT(in->shown), row->host ? "\n" : "",
                           row->host ? row->host : "", row->host ? "\n" : "", pattern);
    if (!where.ptr || !shown.ptr)
        return GY_ENOMEM;
    out->where = where.ptr;
    out->shown = shown;
    return row->host ? join_host(r, out, row->host) : 0;
}

static int check_row(struct reader *r, const struct around *at, const gy_route *row)
{
    if (row->routes && row->handler)
        return wrong(r, at, "has both a handler and a table");
    if (row->routes && row->regex)
        return wrong(r, at, "the prefix of a table cannot be a regular expression");
    if (row->routes && row->name)
        return wrong(r, at, "a table has no name");
    if (!row->routes && !row->pattern)
        return wrong(r, at, "has no pattern");
    if (!row->routes && !row->handler)
        return wrong(r, at, "has no handler");
    if (row->regex && row->pattern[0] == '^' && at->path.count)
        return wrong(r, at, "begins in the middle of the path, so '^' cannot match");
    return 0;
}

static int check_path(struct reader *r, const struct gy__row *row, const struct around *at)
{
    const struct gy__pattern *path = &row->path;
    if (row->regex.ptr && path->count == 0)
        return 0;
    if (path->count == 0 || path->pieces[0].is_part || path->pieces[0].text.ptr[0] != '/')
        return wrong(r, at, "a pattern begins with '/'");
    if (row->regex.ptr && path->pieces[path->count - 1].type == GY__PART_REST)
        return wrong(r, at, "nothing may follow a part of type rest");
    return 0;
}

/* Host and pattern in one line; NULL when memory is exhausted. */
static const char *name_of(gy_arena *a, gy_str shown)
{
    char *name = gy_alloc(a, shown.len + 1);
    char *at = name;
    for (size_t i = 0; name && i < shown.len; i++)
        if (shown.ptr[i] != '\n')
            *at++ = shown.ptr[i];
    if (name)
        *at = '\0';
    return name;
}

static int add_row(struct reader *r, const struct around *at, const gy_route *route)
{
    struct gy__row *row = &r->table->rows[r->table->count];
    *row = (struct gy__row){.route = route,
                            .path = at->path,
                            .hosts = at->hosts,
                            .host_count = at->host_count,
                            .where = at->where,
                            .shown = at->shown,
                            .index = (unsigned)r->table->count};
    if (route->regex)
        row->regex = gy_str_of(route->pattern);
    row->target.route = route;
    row->target.name = name_of(r->arena, at->shown);
    if (!row->target.name)
        return GY_ENOMEM;

    struct gy__fault inner = {""};
    int e = check_path(r, row, at);
    if (e)
        return e;
    if (gy__target_merge(&row->target, route->handler, r->app->base, &inner))
        return wrong(r, at, inner.text);
    gy__target_set_verbs(&row->target);
    r->table->count++;
    return 0;
}

static int read_rows(struct reader *r, const gy_route *routes, const struct around *in)
{
    for (const gy_route *row = routes; row && !is_end(row); row++) {
        struct around at;
        int e = step_into(r, in, row, (size_t)(row - routes), &at);
        if (!e)
            e = check_row(r, &at, row);
        if (!e && row->pattern && !row->regex)
            e = join_path(r, &at, gy_str_of(row->pattern));
        if (!e && row->routes) {
            gy_str where = gy_strf(r->arena, "%s .routes", at.where);
            at.where = where.ptr;
            e = where.ptr ? read_rows(r, row->routes, &at) : GY_ENOMEM;
        } else if (!e) {
            e = add_row(r, &at, row);
        }
        if (e)
            return e;
    }
    return 0;
}

int gy__table_read(gy_arena *a, const gy_app *app, struct gy__table *out, struct gy__fault *why)
{
    struct reader r = {.arena = a, .app = app, .table = out, .why = why};
    struct around top = {.where = "routes", .shown = GY_STR("")};
    size_t count = 0;

    *out = (struct gy__table){.count = 0};
    int e = count_rows(app->routes, 0, &count, why);
    if (e)
        return e;
    out->rows = gy_alloc(a, (count + 1) * sizeof *out->rows);
    return out->rows ? read_rows(&r, app->routes, &top) : GY_ENOMEM;
}
