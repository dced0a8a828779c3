/* SPDX-License-Identifier: MIT */
/* fuzz_route.c - two patterns and a path, one a line: the router, the same rows as regular
 * expressions, and the way back must agree. A first byte 'h' makes the first line a host, 'x' a
 * regular expression. */
#include "fuzz.h"

#include "web/path.h"
#include "web/table.h"

#include <gyre/error.h>
#include <gyre/log.h>
#include <stdlib.h>

enum { LINES = 3, LONGEST = 512 };

static int nothing(gy_request *r)
{
    (void)r;
    return 0;
}

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void ignore(void *arg, enum gy_log_channel channel, enum gy_log_level level,
                   const char *text, size_t len)
{
    (void)arg;
    (void)channel;
    (void)level;
    check(text[len] == '\0' || len > 0);
}

static void cut_lines(const uint8_t *data, size_t size, char lines[LINES][LONGEST])
{
    for (int i = 0; i < LINES; i++) {
        size_t len = 0;
        while (size && *data != '\n' && *data && len < LONGEST - 1) {
            lines[i][len++] = (char)*data++;
            size--;
        }
        lines[i][len] = '\0';
        if (size) {
            data++;
            size--;
        }
    }
}

/* The first of the rows that matches as a regular expression. */
static const gy_route *try_in_order(gy_arena *a, const gy_app *app, gy_str path, bool *gave_up)
{
    struct gy__table table;
    struct gy__regex_room room = {.arena = a};
    gy_str parts[GY__PARTS_MAX];
    check(gy__table_read(a, app, &table, NULL) == 0);
    for (size_t i = 0; i < table.count; i++) {
        struct gy__row *row = &table.rows[i];
        if (gy__row_compile(a, row, NULL) != 0) {
            *gave_up = true;
            return NULL;
        }
        int found = gy__row_match(row, &room, path, parts);
        if (found < 0)
            *gave_up = true;
        if (found)
            return row->route;
    }
    return NULL;
}

/* The parts of a match, put into the row again, make a path that leads to the same parts. */
static void check_way_back(const struct gy__router *router, gy_arena *a, const struct gy__match *m)
{
    const char *texts[GY__PARTS_MAX];
    if (!m->target->route->name)
        return;
    for (unsigned i = 0; i < m->target->path_parts; i++) {
        texts[i] = m->parts[i].ptr;
        if (!texts[i])
            return;
    }
    gy_str url = gy__router_url(router, a, m->target->route->name, texts, m->target->path_parts);
    if (!url.ptr)
        return;
    gy_str path;
    check(gy__path_decode(a, url, &path) == 0);
    struct gy__match again;
    int status = gy__router_match(router, url, (gy_str)GY_STR(""), a, &again);
    check(status == 0 || status == 500 || m->target->route->host);
}

static void match(const struct gy__router *router, const gy_app *app, gy_str path)
{
    gy_arena a = {0};
    struct gy__match m = {.target = NULL};
    gy_str decoded;
    int status = gy__router_match(router, path, (gy_str)GY_STR("a.b:1"), &a, &m);
    int malformed = gy__path_decode(&a, path, &decoded);
    check((status == 400) == (malformed == 400));
    if (status == 0) {
        for (unsigned i = 0; i < m.target->parts; i++)
            check(!m.parts[i].ptr || m.parts[i].ptr[m.parts[i].len] == '\0');
        check_way_back(router, &a, &m);
    }
    bool gave_up = status == 500, has_host = app->routes[0].host != NULL;
    if (!malformed && !gave_up && !has_host) {
        const gy_route *route = try_in_order(&a, app, decoded, &gave_up);
        check(gave_up || route == (status == 0 ? m.target->route : NULL));
    }
    gy_arena_done(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const gy_handler handler = {.get = nothing};
    char lines[LINES][LONGEST];
    char mode = size ? (char)*data : 'p';
    gy_log_set_sink(ignore, NULL);
    cut_lines(size ? data + 1 : data, size ? size - 1 : 0, lines);
    gy_route routes[] = {
        {.pattern = lines[0], .handler = &handler, .name = "first", .regex = mode == 'x'},
        {.pattern = lines[1], .handler = &handler, .name = "second"},
        GY_END,
    };
    if (mode == 'h') {
        routes[0].host = lines[0];
        routes[0].pattern = "/";
    }
    gy_app app = {.routes = routes};
    struct gy__fault why = {""};
    struct gy__router *router = gy__router_new(&app, &why);
    check((router == NULL) == (why.text[0] != '\0'));
    if (router)
        match(router, &app, gy_str_of(lines[2]));
    gy__router_free(router);
    return 0;
}
