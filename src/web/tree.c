/* SPDX-License-Identifier: MIT */
/* tree.c - a radix tree that finds the first of the rows that match. */
#include "web/tree.h"

#include <gyre/error.h>
#include <limits.h>

#define NO_ROW UINT_MAX

/* Numbers of rows, ascending. */
struct ends {
    unsigned *at;
    unsigned count, capacity;
};

struct edge {
    enum gy__part_type type;
    gy_str suffix; /* what follows the part in its segment */
    struct gy__tree_node *to;
};

struct gy__tree_node {
    gy_str bytes;   /* that lead here */
    unsigned least; /* row at or below this node */
    unsigned child_count, child_capacity;
    unsigned edge_count, edge_capacity;
    char *firsts; /* first bytes of the children */
    struct gy__tree_node **children;
    struct edge *edges;
    struct ends ends, rests; /* rows that end here; rows whose rest begins here */
};

/* -- Building ---------------------------------------------------------------------------------- */

bool gy__tree_can_hold(const struct gy__row *row)
{
    bool in_segment = false;
    if (row->regex.ptr)
        return false;
    for (size_t i = 0; i < row->path.count; i++) {
        const struct gy__piece *p = &row->path.pieces[i];
        if (!p->is_part) {
            in_segment &= !memchr(p->text.ptr, '/', p->text.len);
            continue;
        }
        if (p->type == GY__PART_RE || in_segment)
            return false;
        in_segment = true;
    }
    return true;
}

static struct gy__tree_node *new_node(gy_arena *a, gy_str bytes, unsigned least)
{
    struct gy__tree_node *n = gy_zalloc(a, sizeof *n);
    if (n) {
        n->bytes = bytes;
        n->least = least;
    }
    return n;
}

/* Twice the room; the old array stays in the arena unused. */
static int grow(gy_arena *a, void **array, unsigned count, unsigned *capacity, size_t size)
{
    if (count < *capacity)
        return 0;
    unsigned wanted = *capacity ? *capacity * 2 : 2;
    void *larger = gy_alloc(a, wanted * size);
    if (!larger)
        return GY_ENOMEM;
    if (count)
        memcpy(larger, *array, count * size);
    *array = larger;
    *capacity = wanted;
    return 0;
}

static int add_end(gy_arena *a, struct ends *ends, unsigned row)
{
    void *at = ends->at;
    int e = grow(a, &at, ends->count, &ends->capacity, sizeof *ends->at);
    ends->at = at;
    if (!e)
        ends->at[ends->count++] = row;
    return e;
}

static int add_child(gy_arena *a, struct gy__tree_node *n, struct gy__tree_node *child)
{
    void *children = n->children, *firsts = n->firsts;
    unsigned capacity = n->child_capacity;
    int e = grow(a, &firsts, n->child_count, &capacity, 1);
    if (!e)
        e = grow(a, &children, n->child_count, &n->child_capacity, sizeof *n->children);
    if (e)
        return e;
    n->children = children;
    n->firsts = firsts;
    n->firsts[n->child_count] = child->bytes.ptr[0];
    n->children[n->child_count++] = child;
    return 0;
}

/* Most nodes have few children: a call of memchr would cost more. */
static struct gy__tree_node **find_child(const struct gy__tree_node *n, char first)
{
    for (unsigned i = 0; i < n->child_count; i++)
        if (n->firsts[i] == first)
            return &n->children[i];
    return NULL;
}

/* The first byte is compared apart: where it agrees, the rest mostly does. */
static inline bool begins(const char *at, const char *end, gy_str bytes)
{
    if (bytes.len == 0)
        return true;
    if ((size_t)(end - at) < bytes.len || *at != *bytes.ptr)
        return false;
    return bytes.len == 1 || memcmp(at + 1, bytes.ptr + 1, bytes.len - 1) == 0;
}

/* Put a node between [*at] and its parent, at byte [cut] of the bytes that lead to it. */
static int split(gy_arena *a, struct gy__tree_node **at, size_t cut)
{
    struct gy__tree_node *old = *at;
    struct gy__tree_node *upper = new_node(a, gy_str_n(old->bytes.ptr, cut), old->least);
    if (!upper)
        return GY_ENOMEM;
    gy_str whole = old->bytes;
    old->bytes = gy_str_n(whole.ptr + cut, whole.len - cut);
    int e = add_child(a, upper, old);
    if (e)
        old->bytes = whole;
    else
        *at = upper;
    return e;
}

static size_t common(gy_str a, gy_str b)
{
    size_t n = 0;
    while (n < a.len && n < b.len && a.ptr[n] == b.ptr[n])
        n++;
    return n;
}

/* Move [*at] down by [bytes]. */
static int go_literal(gy_arena *a, struct gy__tree_node **at, gy_str bytes, unsigned row)
{
    while (bytes.len) {
        struct gy__tree_node **slot = find_child(*at, bytes.ptr[0]);
        if (!slot) {
            struct gy__tree_node *child = new_node(a, bytes, row);
            int e = child ? add_child(a, *at, child) : GY_ENOMEM;
            *at = child;
            return e;
        }
        size_t shared = common((*slot)->bytes, bytes);
        int e = shared < (*slot)->bytes.len ? split(a, slot, shared) : 0;
        if (e)
            return e;
        *at = *slot;
        bytes = gy_str_n(bytes.ptr + shared, bytes.len - shared);
    }
    return 0;
}

static int go_part(gy_arena *a, struct gy__tree_node **at, enum gy__part_type type, gy_str suffix,
                   unsigned row)
{
    struct gy__tree_node *n = *at;
    for (unsigned i = 0; i < n->edge_count; i++) {
        if (n->edges[i].type == type && gy_str_eq(n->edges[i].suffix, suffix)) {
            *at = n->edges[i].to;
            return 0;
        }
    }
    void *edges = n->edges;
    int e = grow(a, &edges, n->edge_count, &n->edge_capacity, sizeof *n->edges);
    n->edges = edges;
    struct gy__tree_node *to = e ? NULL : new_node(a, (gy_str)GY_STR(""), row);
    if (!to)
        return GY_ENOMEM;
    n->edges[n->edge_count++] = (struct edge){.type = type, .suffix = suffix, .to = to};
    *at = to;
    return 0;
}

/* The start of the literal that belongs to the same segment as the part before it. */
static gy_str suffix_of(const struct gy__pattern *path, size_t part)
{
    if (part + 1 == path->count)
        return (gy_str)GY_STR("");
    gy_str next = path->pieces[part + 1].text;
    const char *slash = memchr(next.ptr, '/', next.len);
    return gy_str_n(next.ptr, slash ? (size_t)(slash - next.ptr) : next.len);
}

int gy__tree_init(struct gy__tree *tree, gy_arena *a, const struct gy__row *rows)
{
    tree->rows = rows;
    tree->root = new_node(a, (gy_str)GY_STR(""), NO_ROW);
    return tree->root ? 0 : GY_ENOMEM;
}

int gy__tree_add(struct gy__tree *tree, gy_arena *a, const struct gy__row *row)
{
    struct gy__tree_node *at = tree->root;
    size_t skip = 0;

    if (at->least > row->index)
        at->least = row->index;
    for (size_t i = 0; i < row->path.count; i++) {
        const struct gy__piece *p = &row->path.pieces[i];
        int e;
        if (p->is_part && p->type == GY__PART_REST)
            return add_end(a, &at->rests, row->index);
        if (p->is_part) {
            gy_str suffix = suffix_of(&row->path, i);
            e = go_part(a, &at, p->type, suffix, row->index);
            skip = suffix.len;
        } else {
            e = go_literal(a, &at, gy_str_n(p->text.ptr + skip, p->text.len - skip), row->index);
            skip = 0;
        }
        if (e)
            return e;
    }
    return add_end(a, &at->ends, row->index);
}

/* -- Searching --------------------------------------------------------------------------------- */

struct search {
    const struct gy__row *rows;
    const char *end;
    gy_str host;
    unsigned best; /* found so far */
    gy_str now[GY__PARTS_MAX];
    gy_str *found; /* the parts of [best] */
};

bool gy__row_takes_host(const struct gy__row *row, gy_str host)
{
    for (size_t i = 0; i < row->host_count; i++)
        if (!gy__host_match(row->hosts[i], host, NULL))
            return false;
    return true;
}

static void accept(struct search *s, const struct ends *ends, unsigned parts)
{
    for (unsigned i = 0; i < ends->count && ends->at[i] < s->best; i++) {
        if (!gy__row_takes_host(&s->rows[ends->at[i]], s->host))
            continue;
        s->best = ends->at[i];
        for (unsigned p = 0; p < parts; p++)
            s->found[p] = s->now[p];
        return;
    }
}

static void visit(struct search *s, const struct gy__tree_node *n, const char *at, unsigned parts);

static void visit_parts(struct search *s, const struct gy__tree_node *n, const char *at,
                        unsigned parts)
{
    const char *slash = at < s->end ? memchr(at, '/', (size_t)(s->end - at)) : NULL;
    const char *stop = slash ? slash : s->end;
    size_t segment = (size_t)(stop - at);

    for (unsigned i = 0; i < n->edge_count; i++) {
        const struct edge *edge = &n->edges[i];
        size_t suffix = edge->suffix.len;
        if (edge->to->least >= s->best || segment <= suffix)
            continue;
        gy_str value = gy_str_n(at, segment - suffix);
        if (memcmp(at + value.len, edge->suffix.ptr, suffix) != 0 ||
            (edge->type != GY__PART_STR && !gy__part_fits(edge->type, value)))
            continue;
        s->now[parts] = value;
        visit(s, edge->to, stop, parts + 1);
    }
}

static void visit(struct search *s, const struct gy__tree_node *n, const char *at, unsigned parts)
{
    while (n && n->least < s->best) {
        if (!begins(at, s->end, n->bytes))
            return;
        at += n->bytes.len;
        if (at == s->end)
            accept(s, &n->ends, parts);
        if (n->rests.count) {
            s->now[parts] = gy_str_n(at, (size_t)(s->end - at));
            accept(s, &n->rests, parts + 1);
        }
        if (at == s->end)
            return;
        if (n->edge_count)
            visit_parts(s, n, at, parts);
        struct gy__tree_node **next = find_child(n, *at);
        n = next ? *next : NULL;
    }
}

const struct gy__row *gy__tree_find(const struct gy__tree *tree, gy_str path, gy_str host,
                                    gy_str parts[GY__PARTS_MAX])
{
    struct search s;
    s.rows = tree->rows;
    s.end = path.ptr + path.len;
    s.host = host;
    s.best = NO_ROW;
    s.found = parts;
    visit(&s, tree->root, path.ptr, 0);
    return s.best == NO_ROW ? NULL : &tree->rows[s.best];
}
