/* SPDX-License-Identifier: MIT */
/* router.c - compiles a table and finds the first row that matches. */
#include "web/router.h"

#include "base/alloc.h"
#include "base/map.h"
#include "web/path.h"
#include "web/reverse.h"
#include "web/shortcut.h"
#include "web/table.h"
#include "web/tree.h"

#include <gyre/error.h>
#include <gyre/log.h>

struct gy__router {
    gy_arena arena; /* everything below lies here */
    struct gy__table table;
    struct gy__shortcut shortcut; /* from a path as it was sent */
    struct gy__tree tree;
    struct gy__row **regexes; /* rows that the tree does not hold, in their order */
    size_t regex_count;
    struct gy__map names; /* of rows that have one */
    struct gy__target fallback;
    bool has_hosts;
};

/* -- Making ------------------------------------------------------------------------------------ */

static int add_name(struct gy__row *row, gy_str *names, unsigned *count, gy_str name,
                    struct gy__fault *why)
{
    if (*count == GY__PARTS_MAX)
        return gy__fault_say(why, "%s: more than %d parts", row->where, GY__PARTS_MAX);
    for (unsigned i = 0; name.ptr && i < *count; i++)
        if (gy_str_eq(names[i], name) && names[i].ptr)
            return gy__fault_say(why, "%s: two parts are called \"%.*s\"", row->where,
                                 GY_FMT(name));
    names[(*count)++] = name;
    return 0;
}

static int add_pattern_names(struct gy__row *row, const struct gy__pattern *pattern, gy_str *names,
                             unsigned *count, struct gy__fault *why)
{
    int e = 0;
    for (size_t i = 0; !e && i < pattern->count; i++)
        if (pattern->pieces[i].is_part)
            e = add_name(row, names, count, pattern->pieces[i].text, why);
    return e;
}

/* In their order: the parts of the path, the groups of the expression, the parts of the hosts. */
static int set_names(struct gy__router *router, struct gy__row *row, struct gy__fault *why)
{
    gy_str *names = gy_alloc(&router->arena, GY__PARTS_MAX * sizeof *names);
    unsigned count = 0;
    if (!names)
        return GY_ENOMEM;
    int e = add_pattern_names(row, &row->path, names, &count, why);
    while (!e && count < row->target.path_parts)
        e = add_name(row, names, &count, gy__regex_name(row->compiled, row->groups[count]), why);
    row->target.path_parts = count;
    for (size_t i = 0; !e && i < row->host_count; i++)
        e = add_pattern_names(row, &row->hosts[i]->pattern, names, &count, why);
    row->target.names = names;
    row->target.parts = count;
    return e;
}

static int set_url_name(struct gy__router *router, struct gy__row *row, struct gy__fault *why)
{
    void *other = NULL;
    if (!row->route->name)
        return 0;
    int e = gy__map_insert(&router->names, gy_str_of(row->route->name), row, &other);
    if (!e && other)
        return gy__fault_say(why, "%s: the name \"%s\" is taken by %s", row->where,
                             row->route->name, ((struct gy__row *)other)->where);
    return e;
}

static int place_row(struct gy__router *router, struct gy__row *row, struct gy__fault *why)
{
    struct gy__fault inner = {""};
    if (gy__tree_can_hold(row))
        return gy__tree_add(&router->tree, &router->arena, row);
    router->regexes[router->regex_count++] = row;
    int e = gy__row_compile(&router->arena, row, &inner);
    return e == GY_EINVAL ? gy__fault_say(why, "%s: %s", row->where, inner.text) : e;
}

/* Join rows of one pattern, so that GY_GET("/x", …), GY_POST("/x", …) answer as one. */
static int join_same(struct gy__router *router)
{
    struct gy__map last = {.slots = NULL};
    int e = 0;
    for (size_t i = 0; !e && i < router->table.count; i++) {
        struct gy__row *row = &router->table.rows[i];
        void *before = NULL;
        gy_str key =
            gy_strf(&router->arena, "%c%.*s", row->regex.ptr ? 'r' : 'p', GY_FMT(row->shown));
        e = key.ptr ? gy__map_insert(&last, key, row, &before) : GY_ENOMEM;
        if (before)
            ((struct gy__row *)before)->target.also = &row->target;
    }
    gy__map_done(&last);
    for (size_t i = 0; !e && i < router->table.count; i++)
        e = gy__target_set_allow(&router->arena, &router->table.rows[i].target);
    return e;
}

/* A literal row is found at once when it is what every search for its path finds: no row before it
 * asks for the host, or lies outside the tree. */
static int add_shortcuts(struct gy__router *router)
{
    gy_str parts[GY__PARTS_MAX];
    int e = gy__shortcut_init(&router->shortcut, &router->arena, router->table.count);
    for (size_t i = 0; !e && i < router->table.count; i++) {
        const struct gy__row *row = &router->table.rows[i];
        if (row->host_count || !gy__tree_can_hold(row))
            break;
        if (row->path.count != 1 || row->path.pieces[0].is_part)
            continue;
        gy_str path = row->path.pieces[0].text;
        if (gy__path_is_plain(path) &&
            gy__tree_find(&router->tree, path, (gy_str)GY_STR(""), parts) == row)
            gy__shortcut_add(&router->shortcut, path, row);
    }
    return e;
}

static int set_fallback(struct gy__router *router, const gy_app *app, struct gy__fault *why)
{
    struct gy__target *t = &router->fallback;
    struct gy__fault inner = {""};
    if (gy__target_merge(t, app->not_found, app->base, &inner))
        return gy__fault_say(why, "%s: %s", app->not_found ? "not_found" : "base", inner.text);
    if (!app->not_found)
        t->handler = (gy_handler){.write_error = t->handler.write_error,
                                  .on_finish = t->handler.on_finish,
                                  .self_size = t->handler.self_size};
    gy__target_set_verbs(t);
    return gy__target_set_allow(&router->arena, t);
}

static int compile(struct gy__router *router, const gy_app *app, struct gy__fault *why)
{
    int e = gy__table_read(&router->arena, app, &router->table, why);
    if (!e)
        e = gy__tree_init(&router->tree, &router->arena, router->table.rows);
    size_t count = router->table.count;
    router->regexes = e ? NULL : gy_alloc(&router->arena, (count + 1) * sizeof *router->regexes);
    if (!e && !router->regexes)
        e = GY_ENOMEM;
    for (size_t i = 0; !e && i < count; i++) {
        struct gy__row *row = &router->table.rows[i];
        e = place_row(router, row, why);
        if (!e)
            e = set_names(router, row, why);
        if (!e)
            e = set_url_name(router, row, why);
        router->has_hosts |= row->host_count > 0;
    }
    if (!e)
        e = join_same(router);
    if (!e)
        e = add_shortcuts(router);
    return e ? e : set_fallback(router, app, why);
}

struct gy__router *gy__router_new(const gy_app *app, struct gy__fault *why)
{
    struct gy__router *router = gy__zalloc(sizeof *router);
    int e = router ? compile(router, app, why) : GY_ENOMEM;
    if (!e)
        return router;
    if (e != GY_EINVAL)
        gy__fault_say(why, "routes: %s", gy_strerror(e));
    gy__router_free(router);
    return NULL;
}

void gy__router_free(struct gy__router *router)
{
    if (!router)
        return;
    gy__map_done(&router->names);
    gy_arena_done(&router->arena);
    gy__free(router);
}

const struct gy__target *gy__router_default(const struct gy__router *router)
{
    return &router->fallback;
}

/* -- Matching ---------------------------------------------------------------------------------- */

/* The rows of expressions that come before [best]. 0 with [*best] and its parts, or a status. Apart, so
 * that the stack of a request without them stays within a page. */
__attribute__((noinline)) static int try_regexes(const struct gy__router *router, gy_arena *a,
                                                 gy_str path, gy_str host,
                                                 const struct gy__row **best,
                                                 gy_str parts[GY__PARTS_MAX])
{
    struct gy__regex_room room = {.arena = a};
    for (size_t i = 0; i < router->regex_count; i++) {
        const struct gy__row *row = router->regexes[i];
        gy_str own[GY__PARTS_MAX];
        if (*best && (*best)->index < row->index)
            return 0;
        if (!gy__row_takes_host(row, host))
            continue;
        int found = gy__row_match(row, &room, path, own);
        if (found == GY_ENOMEM)
            return 503;
        if (found < 0) {
            gy_log(GY_LOG_GENERAL, GY_LOG_ERROR,
                   "the regular expression of %s gave up on a path of %zu bytes", row->where,
                   path.len);
            return 500;
        }
        if (found) {
            *best = row;
            memcpy(parts, own, row->target.path_parts * sizeof *parts);
            return 0;
        }
    }
    return 0;
}

static size_t add_sizes(const gy_str *parts, unsigned count)
{
    size_t size = 0;
    for (unsigned i = 0; i < count; i++)
        size += parts[i].len + 1;
    return size;
}

/* Views into path and host become texts of their own in one piece of memory. */
static int copy_parts(const struct gy__row *row, gy_arena *a, gy_str host,
                      gy_str parts[GY__PARTS_MAX], struct gy__match *out)
{
    unsigned count = row->target.parts, at = row->target.path_parts;
    for (size_t i = 0; i < row->host_count; at += row->hosts[i++]->parts)
        gy__host_match(row->hosts[i], host, parts + at);

    gy_str *copies = gy_alloc(a, count * sizeof *copies + add_sizes(parts, count));
    if (!copies)
        return 503;
    char *bytes = (char *)(copies + count);
    for (unsigned i = 0; i < count; i++) {
        copies[i] = gy_str_n(parts[i].ptr ? bytes : NULL, parts[i].len);
        if (parts[i].ptr)
            bytes = gy__path_copy(bytes, parts[i]);
    }
    out->parts = copies;
    return 0;
}

/* Apart, so that the shortcut needs no room for parts. */
__attribute__((noinline)) static int search(const struct gy__router *router, gy_str path,
                                            gy_str host, gy_arena *a, struct gy__match *out)
{
    gy_str parts[GY__PARTS_MAX];
    int status = gy__path_decode(a, path, &path);
    if (status)
        return status;
    if (router->has_hosts)
        host = gy__host_name(host);

    const struct gy__row *row = gy__tree_find(&router->tree, path, host, parts);
    if (router->regex_count) {
        status = try_regexes(router, a, path, host, &row, parts);
        if (status)
            return status;
    }
    if (!row)
        return 404;
    out->target = &row->target;
    out->parts = NULL;
    return row->target.parts ? copy_parts(row, a, host, parts, out) : 0;
}

int gy__router_match(const struct gy__router *router, gy_str path, gy_str host, gy_arena *a,
                     struct gy__match *out)
{
    const struct gy__row *row = gy__shortcut_find(&router->shortcut, path);
    if (!row)
        return search(router, path, host, a, out);
    out->target = &row->target;
    out->parts = NULL;
    return 0;
}

gy_str gy__router_url(const struct gy__router *router, gy_arena *a, const char *name,
                      const char *const *texts, size_t count)
{
    const struct gy__row *row = gy__map_find(&router->names, gy_str_of(name));
    if (!row) {
        gy_log(GY_LOG_GENERAL, GY_LOG_ERROR, "no route is called \"%s\"", name);
        return gy_str_n(NULL, 0);
    }
    return gy__row_url(row, a, texts, count);
}
