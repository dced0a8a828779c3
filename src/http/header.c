/* SPDX-License-Identifier: MIT */
/* header.c - the ordered multimap of header fields. */
#include "http/message.h"
#include <gyre/error.h>
#include <gyre/http.h>

static const gy_field *find(const gy_headers *h, gy_str name, const gy_field *from)
{
    for (const gy_field *f = from, *end = f ? h->items + h->count : f; f != end; f++) {
        if (f->name.len == name.len && gy_str_ieq(f->name, name)) {
            return f;
        }
    }
    return NULL;
}

gy_str gy_headers_get(const gy_headers *h, const char *name)
{
    const gy_field *f = find(h, gy_str_of(name), h->items);
    return f ? f->value : gy_str_n(NULL, 0);
}

bool gy_headers_has(const gy_headers *h, const char *name)
{
    return find(h, gy_str_of(name), h->items) != NULL;
}

const gy_field *gy_headers_next(const gy_headers *h, const char *name, const gy_field *prev)
{
    return find(h, gy_str_of(name), prev ? prev + 1 : h->items);
}

gy_str gy_headers_all(gy_arena *a, const gy_headers *h, const char *name)
{
    /* Two walks, so that many fields of one name cost no more than their bytes. */
    size_t size = 0, count = 0;
    const gy_field *f = NULL, *only = NULL;
    while ((f = gy_headers_next(h, name, f))) {
        size += f->value.len + 2;
        only = f;
        count++;
    }
    if (count <= 1) {
        return only ? gy_str_copy(a, only->value) : gy_str_n(NULL, 0);
    }
    char *text = gy_alloc(a, size), *at = text;
    if (!text) {
        return gy_str_n(NULL, 0);
    }
    while ((f = gy_headers_next(h, name, f))) {
        at = gy__put_str(at, f->value);
        at = gy__put_lit(at, ", ");
    }
    at -= 2;
    *at = '\0';
    return gy_str_n(text, (size_t)(at - text));
}

static int reserve(gy_headers *h)
{
    if (h->count < h->capacity) {
        return 0;
    }
    if (!h->arena) {
        return GY_EINVAL;
    }
    size_t capacity = h->capacity ? h->capacity * 2 : 8;
    gy_field *items = gy_alloc(h->arena, capacity * sizeof *items);
    if (!items) {
        return GY_ENOMEM;
    }
    if (h->count) {
        memcpy(items, h->items, h->count * sizeof *items);
    }
    h->items = items;
    h->capacity = capacity;
    return 0;
}

static int copy(gy_headers *h, gy_str name, gy_str value, gy_field *out)
{
    if (!h->arena || !gy__token_valid(name) || !gy__value_valid(value)) {
        return GY_EINVAL;
    }
    out->name = gy_str_copy(h->arena, name);
    out->value = gy_str_copy(h->arena, value);
    return out->name.ptr && out->value.ptr ? 0 : GY_ENOMEM;
}

int gy_headers_add_str(gy_headers *h, gy_str name, gy_str value)
{
    gy_field field;
    int e = copy(h, name, value, &field);
    if (!e) {
        e = reserve(h);
    }
    if (!e) {
        h->items[h->count++] = field;
    }
    return e;
}

/* Keep [keep] of the fields of that name, none for NULL. */
static size_t remove_but(gy_headers *h, gy_str name, const gy_field *keep)
{
    size_t to = 0, count = h->count;
    for (size_t i = 0; i < count; i++) {
        bool other = h->items[i].name.len != name.len || !gy_str_ieq(h->items[i].name, name);
        if (other || h->items + i == keep) {
            h->items[to++] = h->items[i];
        }
    }
    h->count = to;
    return count - to;
}

int gy_headers_set_str(gy_headers *h, gy_str name, gy_str value)
{
    const gy_field *first = find(h, name, h->items);
    if (!first) {
        return gy_headers_add_str(h, name, value);
    }
    gy_field field;
    int e = copy(h, name, value, &field);
    if (!e) {
        h->items[first - h->items] = field;
        remove_but(h, name, first);
    }
    return e;
}

int gy_headers_add(gy_headers *h, const char *name, const char *value)
{
    return gy_headers_add_str(h, gy_str_of(name), gy_str_of(value));
}

int gy_headers_set(gy_headers *h, const char *name, const char *value)
{
    return gy_headers_set_str(h, gy_str_of(name), gy_str_of(value));
}

size_t gy_headers_remove(gy_headers *h, const char *name)
{
    return remove_but(h, gy_str_of(name), NULL);
}
