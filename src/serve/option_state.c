/* SPDX-License-Identifier: MIT */
/* option_state.c - what is known of the values of a table: where they came from, what they were. */
#include "serve/option_state.h"

#include <gyre/error.h>
#include <string.h>

#include "base/alloc.h"
#include "serve/option_walk.h"

struct gy__option_kept {
    struct gy__option_kept *next;
    size_t len;
    _Alignas(16) char bytes[];
};

struct gy__option_saved {
    struct gy__option_saved *next;
    struct {
        union gy__option_bytes value;
        enum gy__option_origin origin;
    } options[];
};

static gy_options *of_main;

gy_options *gy_options_main(void)
{
    return of_main;
}

void gy__options_set_main(gy_options *p)
{
    of_main = p;
}

size_t gy__option_value_size(enum gy_option_kind kind)
{
    switch (kind) {
    case GY_OPTION_TEXT:
    case GY_OPTION_PATH:
    case GY_OPTION_CONFIG:
        return sizeof(const char *);
    case GY_OPTION_INT:
    case GY_OPTION_CHOICE:
        return sizeof(int);
    case GY_OPTION_DOUBLE:
    case GY_OPTION_TIME:
    case GY_OPTION_DATE:
        return sizeof(double);
    case GY_OPTION_BOOL:
        return sizeof(bool);
    case GY_OPTION_SIZE:
        return sizeof(size_t);
    case GY_OPTION_TEXTS:
    case GY_OPTION_PATHS:
        return sizeof(gy_texts);
    case GY_OPTION_INTS:
        return sizeof(gy_ints);
    case GY_OPTION_GROUP:
        break;
    }
    return 0;
}

void gy__option_copy_out(const gy_option *o, union gy__option_bytes *to)
{
    memcpy(to, o->value, gy__option_value_size(o->kind));
}

void gy__option_copy_in(const gy_option *o, const union gy__option_bytes *from)
{
    memcpy(o->value, from, gy__option_value_size(o->kind));
}

static size_t count_options(const gy_option *table)
{
    struct gy__option_walk w = gy__option_walk(table);
    while (gy__option_next(&w)) {
    }
    return w.index + 1;
}

struct gy__option_state *gy__option_state(gy_options *p)
{
    if (p->state)
        return p->state;
    size_t count = count_options(p->table);
    struct gy__option_state *s = gy__zalloc(sizeof *s + count * sizeof s->notes[0]);
    if (!s)
        return NULL;
    s->count = count;
    struct gy__option_walk w = gy__option_walk(p->table);
    for (const gy_option *o; (o = gy__option_next(&w));)
        gy__option_copy_out(o, &s->notes[w.index].initial);
    p->state = s;
    return s;
}

const void *gy__option_keep(struct gy__option_state *s, const void *bytes, size_t len)
{
    for (struct gy__option_kept *k = s->kept; k; k = k->next)
        if (k->len == len && memcmp(k->bytes, bytes, len) == 0)
            return k->bytes;
    struct gy__option_kept *k = gy_alloc(&s->arena, sizeof *k + len + 1);
    if (!k)
        return NULL;
    *k = (struct gy__option_kept){.next = s->kept, .len = len};
    memcpy(k->bytes, bytes, len);
    k->bytes[len] = 0;
    s->kept = k;
    return k->bytes;
}

int gy_options_save(gy_options *p)
{
    struct gy__option_state *s = gy__option_state(p);
    if (!s)
        return GY_ENOMEM;
    struct gy__option_saved *saved =
        gy__zalloc(sizeof *saved + s->count * sizeof saved->options[0]);
    if (!saved)
        return GY_ENOMEM;
    struct gy__option_walk w = gy__option_walk(p->table);
    for (const gy_option *o; (o = gy__option_next(&w));) {
        gy__option_copy_out(o, &saved->options[w.index].value);
        saved->options[w.index].origin = s->notes[w.index].origin;
    }
    saved->next = s->saved;
    s->saved = saved;
    return 0;
}

void gy__option_drop_saved(struct gy__option_state *s)
{
    struct gy__option_saved *newest = s->saved;
    s->saved = newest->next;
    gy__free(newest);
}

bool gy_options_restore(gy_options *p)
{
    struct gy__option_state *s = p->state;
    if (!s || !s->saved)
        return false;
    struct gy__option_walk w = gy__option_walk(p->table);
    for (const gy_option *o; (o = gy__option_next(&w));) {
        gy__option_copy_in(o, &s->saved->options[w.index].value);
        s->notes[w.index].origin = s->saved->options[w.index].origin;
    }
    gy__option_drop_saved(s);
    return true;
}

void gy_options_done(gy_options *p)
{
    struct gy__option_state *s = p->state;
    if (!s)
        return;
    struct gy__option_walk w = gy__option_walk(p->table);
    for (const gy_option *o; (o = gy__option_next(&w));)
        gy__option_copy_in(o, &s->notes[w.index].initial);
    while (s->saved)
        gy__option_drop_saved(s);
    gy_arena_done(&s->arena);
    gy__free(s);
    p->state = NULL;
}
