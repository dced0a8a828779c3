/* SPDX-License-Identifier: MIT */
/* args.c - arguments of the query and of urlencoded bodies. */
#include "web/request.h"

#include "codec/query.h"

#include <gyre/error.h>

enum { ARGS_MAX = 10000 };

struct arg {
    gy_str name, value;
    bool in_body, malformed;
};

struct gy__args {
    struct arg *items; /* the query's first */
    size_t count;
    int status; /* not 0: nothing could be read, answer with this */
};

enum where { IN_QUERY = 1, IN_BODY = 2, ANYWHERE = 3 };

/* -- Reading ----------------------------------------------------------------------------------- */

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool has_controls(gy_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if ((c < ' ' && !is_space((char)c)) || c == 0x7f)
            return true;
    }
    return false;
}

/* Without outer spaces. The bytes are ours, in the arena, so a NUL may be put behind. */
static gy_str strip(gy_str s)
{
    while (s.len && is_space(s.ptr[0]))
        s = gy_str_n(s.ptr + 1, s.len - 1);
    while (s.len && is_space(s.ptr[s.len - 1]))
        s.len--;
    ((char *)(uintptr_t)s.ptr)[s.len] = '\0';
    return s;
}

static bool is_form(gy_request *r)
{
    static const gy_str form = GY_STR("application/x-www-form-urlencoded");
    gy_str type = gy_headers_get(&r->headers, "Content-Type");
    if (type.len < form.len || !gy_str_ieq(gy_str_n(type.ptr, form.len), form) ||
        gy_headers_has(&r->headers, "Content-Encoding"))
        return false;
    return type.len == form.len || type.ptr[form.len] == ';' || is_space(type.ptr[form.len]);
}

static int parse_status(int e)
{
    return e == 0 ? 0 : e == GY_ENOMEM ? 503 : 400;
}

static void add(struct gy__args *args, const struct gy__query *from, bool in_body)
{
    for (size_t i = 0; i < from->len; i++) {
        const struct gy__pair *pair = &from->pairs[i];
        struct arg *arg = &args->items[args->count++];
        /* Looked at before strip() puts its NUL into it. */
        arg->malformed = has_controls(pair->value) || has_controls(pair->name);
        arg->in_body = in_body;
        arg->name = pair->name;
        arg->value = strip(pair->value);
    }
}

static int read_args(gy_request *r, struct gy__args *args)
{
    struct gy__query query = {.len = 0}, body = {.len = 0};
    int e = r->query.len ? gy__query_parse(r->arena, r->query, ARGS_MAX, &query) : 0;
    if (!e && r->body.len && is_form(r))
        e = gy__query_parse(r->arena, r->body, ARGS_MAX, &body);
    if (e)
        return parse_status(e);
    size_t count = query.len + body.len;
    args->items = gy_alloc(r->arena, (count + 1) * sizeof *args->items);
    if (!args->items)
        return 503;
    add(args, &query, false);
    add(args, &body, true);
    return 0;
}

/* Remember that the answer must be [status], whatever the handler goes on to do. */
static void refuse(struct gy__request *q, int status)
{
    if (!q->refused)
        q->refused = status;
}

/* NULL when they could not be read; the request is then refused. */
static const struct gy__args *args_of(struct gy__request *q)
{
    if (!q->args) {
        q->args = gy_zalloc(q->front.arena, sizeof *q->args);
        if (!q->args) {
            refuse(q, 503);
            return NULL;
        }
        q->args->status = read_args(&q->front, q->args);
    }
    if (q->args->status == 400)
        gy_fail(&q->front, 400, "arguments that are not UTF-8, or too many of them");
    if (q->args->status)
        refuse(q, q->args->status);
    return q->args->status ? NULL : q->args;
}

/* -- Asking ------------------------------------------------------------------------------------ */

static void refuse_controls(gy_request *r, gy_str name)
{
    gy_fail(r, 400, "argument %.*s holds control characters", GY_FMT(name));
    refuse(gy__request_of(r), 400);
}

/* The last of that name, NULL when there is none or it is malformed. */
static const struct arg *find(gy_request *r, const char *name, enum where where)
{
    struct gy__request *q = gy__request_of(r);
    const struct gy__args *args = args_of(q);
    gy_str wanted = gy_str_of(name);
    for (size_t i = args ? args->count : 0; i > 0; i--) {
        const struct arg *a = &args->items[i - 1];
        if (!(where & (a->in_body ? IN_BODY : IN_QUERY)) || !gy_str_eq(a->name, wanted))
            continue;
        if (!a->malformed)
            return a;
        refuse_controls(r, wanted);
        return NULL;
    }
    return NULL;
}

static const char *text_of(const struct arg *a, const char *fallback)
{
    return a ? a->value.ptr : fallback;
}

const char *gy_arg(gy_request *r, const char *name, const char *fallback)
{
    return text_of(find(r, name, ANYWHERE), fallback);
}

const char *gy_query_arg(gy_request *r, const char *name, const char *fallback)
{
    return text_of(find(r, name, IN_QUERY), fallback);
}

const char *gy_body_arg(gy_request *r, const char *name, const char *fallback)
{
    return text_of(find(r, name, IN_BODY), fallback);
}

int gy_need_arg(gy_request *r, const char *name, const char **out)
{
    const struct arg *a = find(r, name, ANYWHERE);
    if (a) {
        *out = a->value.ptr;
        return 0;
    }
    int refused = gy__request_of(r)->refused;
    return refused ? refused : gy_fail(r, 400, "missing argument %s", name);
}

/* 0 with [*a] NULL when it is absent. */
static int find_or_refuse(gy_request *r, const char *name, const struct arg **a)
{
    *a = find(r, name, ANYWHERE);
    return *a ? 0 : gy__request_of(r)->refused;
}

int gy_arg_int(gy_request *r, const char *name, long fallback, long *out)
{
    const struct arg *a;
    int64_t value = fallback;
    int e = find_or_refuse(r, name, &a);
    if (e)
        return e;
    if (a && (gy_str_int(a->value, &value) || value != (long)value))
        return gy_fail(r, 400, "argument %s is no whole number", name);
    *out = (long)value;
    return 0;
}

int gy_arg_double(gy_request *r, const char *name, double fallback, double *out)
{
    const struct arg *a;
    double value = fallback;
    int e = find_or_refuse(r, name, &a);
    if (e)
        return e;
    if (a && gy_str_double(a->value, &value))
        return gy_fail(r, 400, "argument %s is no number", name);
    *out = value;
    return 0;
}

int gy_arg_bool(gy_request *r, const char *name, bool fallback, bool *out)
{
    static const gy_str words[][2] = {{GY_STR("false"), GY_STR("true")},
                                      {GY_STR("0"), GY_STR("1")},
                                      {GY_STR("off"), GY_STR("on")},
                                      {GY_STR("no"), GY_STR("yes")}};
    const struct arg *a;
    int e = find_or_refuse(r, name, &a);
    if (e)
        return e;
    if (!a) {
        *out = fallback;
        return 0;
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        for (int value = 0; value < 2; value++) {
            if (!gy_str_ieq(a->value, words[i][value]))
                continue;
            *out = value;
            return 0;
        }
    }
    return gy_fail(r, 400, "argument %s is neither true nor false", name);
}

const gy_str *gy_args(gy_request *r, const char *name, size_t *count)
{
    struct gy__request *q = gy__request_of(r);
    const struct gy__args *args = args_of(q);
    gy_str wanted = gy_str_of(name);
    size_t found = 0;
    *count = 0;
    for (size_t i = 0; args && i < args->count; i++)
        found += gy_str_eq(args->items[i].name, wanted);
    gy_str *values = found ? gy_alloc(r->arena, found * sizeof *values) : NULL;
    if (found && !values)
        refuse(q, 503);
    for (size_t i = 0; values && i < args->count; i++) {
        if (!gy_str_eq(args->items[i].name, wanted))
            continue;
        if (args->items[i].malformed) {
            refuse_controls(r, wanted);
            *count = 0;
            return NULL;
        }
        values[(*count)++] = args->items[i].value;
    }
    return values;
}

static const gy_field *list(gy_request *r, bool in_body, size_t *count)
{
    struct gy__request *q = gy__request_of(r);
    const struct gy__args *args = args_of(q);
    *count = 0;
    if (!args || !args->items || args->count == 0)
        return NULL;
    gy_field *fields = gy_alloc(r->arena, args->count * sizeof *fields);
    if (!fields) {
        refuse(q, 503);
        return NULL;
    }
    for (size_t i = 0; i < args->count; i++) {
        const struct arg *a = &args->items[i];
        if (a->in_body != in_body)
            continue;
        if (a->malformed) {
            refuse_controls(r, a->name);
            *count = 0;
            return NULL;
        }
        fields[(*count)++] = (gy_field){.name = a->name, .value = a->value};
    }
    return *count ? fields : NULL;
}

const gy_field *gy_query_args(gy_request *r, size_t *count)
{
    return list(r, false, count);
}

const gy_field *gy_body_args(gy_request *r, size_t *count)
{
    return list(r, true, count);
}
