/* SPDX-License-Identifier: MIT */
/* option_list.c - lists of texts and of whole numbers. */
#include <gyre/error.h>
#include <limits.h>
#include <string.h>

#include "base/buf.h"
#include "serve/option_value.h"

enum { ITEMS_MAX = 4096 }; /* in a list */

/* What was collected becomes the list's memory. */
static int keep(struct gy__option_state *s, const struct gy__buf *b, const void **out)
{
    *out = b->len ? gy__option_keep(s, b->data, b->len) : NULL;
    return b->len && !*out ? GY_ENOMEM : 0;
}

static int add_text(const gy_option *o, const struct gy__option_reading *how, struct gy__buf *b,
                    gy_str part)
{
    if (part.len == 0 || !gy__option_has_choice(o, part) ||
        b->len >= ITEMS_MAX * sizeof(const char *))
        return GY_EINVAL;
    const char *text = gy__option_keep(how->state, part.ptr, part.len);
    int e = text ? 0 : GY_ENOMEM;
    if (!e && o->kind == GY_OPTION_PATHS)
        e = gy__option_path(text, how, &text);
    return e ? e : gy__buf_add(b, &text, sizeof text);
}

int gy__option_texts(const gy_option *o, gy_str text, const struct gy__option_reading *how)
{
    gy_texts *list = o->value;
    struct gy__buf b;
    gy__buf_init(&b, SIZE_MAX / 2);
    const void *items = NULL;
    int e = how->join ? gy__buf_add(&b, list->items, list->count * sizeof *list->items) : 0;
    gy_str rest = text.len ? text : gy_str_n(NULL, 0);
    for (gy_str part; !e && gy_str_cut(&rest, ',', &part);)
        e = add_text(o, how, &b, gy_str_trim(part));
    if (!e)
        e = keep(how->state, &b, &items);
    if (!e)
        *list = (gy_texts){items, b.len / sizeof *list->items};
    gy__buf_done(&b);
    return e;
}

static int read_int(const gy_option *o, gy_str text, int *out)
{
    int64_t n;
    if (gy_str_int(gy_str_trim(text), &n) || n < INT_MIN || n > INT_MAX ||
        !gy__option_within(o, (double)n))
        return GY_EINVAL;
    *out = (int)n;
    return 0;
}

/* "4" or "4:6" */
static int add_ints(const gy_option *o, struct gy__buf *b, gy_str part)
{
    int first, last;
    gy_str from;
    if (!gy_str_cut(&part, ':', &from) || read_int(o, from, &first))
        return GY_EINVAL;
    last = first;
    if (part.ptr && (read_int(o, part, &last) || last < first))
        return GY_EINVAL;
    int64_t count = (int64_t)last - first + 1;
    if (count > ITEMS_MAX || b->len / sizeof first + (size_t)count > ITEMS_MAX)
        return GY_EINVAL;
    int e = 0;
    for (int64_t n = first; !e && n <= last; n++) {
        int item = (int)n;
        e = gy__buf_add(b, &item, sizeof item);
    }
    return e;
}

int gy__option_ints(const gy_option *o, gy_str text, const struct gy__option_reading *how)
{
    gy_ints *list = o->value;
    struct gy__buf b;
    gy__buf_init(&b, SIZE_MAX / 2);
    const void *items = NULL;
    int e = how->join ? gy__buf_add(&b, list->items, list->count * sizeof *list->items) : 0;
    gy_str rest = text.len ? text : gy_str_n(NULL, 0);
    for (gy_str part; !e && gy_str_cut(&rest, ',', &part);)
        e = add_ints(o, &b, part);
    if (!e)
        e = keep(how->state, &b, &items);
    if (!e)
        *list = (gy_ints){items, b.len / sizeof *list->items};
    gy__buf_done(&b);
    return e;
}
