/* SPDX-License-Identifier: MIT */
/* row_regex.c - a row that only a regular expression can match. */
#include "base/buf.h"
#include "web/table.h"

#include <gyre/error.h>

enum { LONGEST = 1 << 20 };

struct writer {
    gy_arena *arena;
    struct gy__row *row;
    struct gy__fault *why;
    struct gy__buf text;
    unsigned group; /* the last that was opened */
    unsigned char groups[GY__PARTS_MAX];
    unsigned parts;
};

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '/' || (unsigned char)c >= 0x80;
}

static int put_quoted(struct gy__buf *b, gy_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        int e = is_plain(s.ptr[i]) ? 0 : gy__buf_add(b, "\\", 1);
        if (!e)
            e = gy__buf_add(b, s.ptr + i, 1);
        if (e)
            return e;
    }
    return 0;
}

static int put_group(struct gy__buf *b, const char *open, gy_str inner)
{
    int e = gy__buf_add(b, open, strlen(open));
    if (!e)
        e = gy__buf_add(b, inner.ptr, inner.len);
    return e ? e : gy__buf_add(b, ")", 1);
}

static int add_part(struct writer *w, unsigned group)
{
    if (w->parts == GY__PARTS_MAX)
        return gy__fault_say(w->why, "more than %d parts", GY__PARTS_MAX);
    w->groups[w->parts++] = (unsigned char)group;
    return 0;
}

/* An expression that becomes part of a larger one must be whole by itself, and its groups get other
 * numbers. */
static int look_inside(struct writer *w, gy_str re, unsigned *groups)
{
    struct gy__regex *alone;
    int e = gy__regex_compile(w->arena, re, &alone, w->why);
    if (e)
        return e;
    if (gy__regex_refers_back(alone) && w->group)
        return gy__fault_say(w->why, "a reference back to a group, which has another number here");
    *groups = gy__regex_groups(alone);
    return 0;
}

static int put_part(struct writer *w, const struct gy__piece *part)
{
    gy_str re = part->re;
    unsigned inner = 0;
    int e = add_part(w, ++w->group);
    if (!e && part->type == GY__PART_RE)
        e = look_inside(w, re, &inner);
    else
        re = gy_str_of(gy__part_regex(part->type));
    w->group += inner;
    return e ? e : put_group(&w->text, "(", re);
}

static int put_regex(struct writer *w, gy_str re)
{
    unsigned groups = 0;
    int e = look_inside(w, re, &groups);
    for (unsigned i = 0; !e && i < groups; i++)
        e = add_part(w, ++w->group);
    if (e)
        return e;
    return w->row->path.count ? put_group(&w->text, "(?:", re)
                              : gy__buf_add(&w->text, re.ptr, re.len);
}

static int put_row(struct writer *w)
{
    int e = 0;
    for (size_t i = 0; !e && i < w->row->path.count; i++) {
        const struct gy__piece *p = &w->row->path.pieces[i];
        e = p->is_part ? put_part(w, p) : put_quoted(&w->text, p->text);
    }
    if (!e && w->row->regex.ptr)
        e = put_regex(w, w->row->regex);
    if (e == GY_ETOOBIG)
        e = gy__fault_say(w->why, "the pattern is too long");
    return e;
}

/* The bytes at the start of an expression that stand for themselves, as far as is easily seen. */
static gy_str plain_start(gy_str re)
{
    size_t n = 0;
    if (re.len == 0 || memchr(re.ptr, '|', re.len))
        return gy_str_n(re.ptr, 0);
    while (n < re.len && is_plain(re.ptr[n]) && (unsigned char)re.ptr[n] < 0x80)
        n++;
    if (n && n < re.len && memchr("?*+{", re.ptr[n], 4))
        n--;
    return gy_str_n(re.ptr, n);
}

int gy__row_compile(gy_arena *a, struct gy__row *row, struct gy__fault *why)
{
    struct writer w = {.arena = a, .row = row, .why = why};
    gy__buf_init(&w.text, LONGEST);
    int e = put_row(&w);
    if (!e)
        e = gy__regex_compile(a, gy__buf_str(&w.text), &row->compiled, why);
    gy__buf_done(&w.text);
    if (e)
        return e;

    unsigned char *groups = gy_alloc(a, w.parts + 1);
    if (!groups)
        return GY_ENOMEM;
    memcpy(groups, w.groups, w.parts);
    row->groups = groups;
    row->target.path_parts = w.parts;
    row->start = row->path.count ? row->path.pieces[0].text : plain_start(row->regex);
    return 0;
}

/* The expressions of the types take more than the types do: numbers have a range. */
static bool parts_fit(const struct gy__row *row, const gy_str *parts)
{
    for (size_t i = 0; i < row->path.count; i++) {
        const struct gy__piece *p = &row->path.pieces[i];
        if (p->is_part && !gy__part_fits(p->type, *parts++))
            return false;
    }
    return true;
}

int gy__row_match(const struct gy__row *row, struct gy__regex_room *room, gy_str path,
                  gy_str parts[GY__PARTS_MAX])
{
    gy_str groups[GY__PARTS_MAX];
    if (!gy_str_starts(path, row->start))
        return 0;
    int found = gy__regex_match(row->compiled, room, path, groups);
    if (found <= 0)
        return found;
    for (unsigned i = 0; i < row->target.path_parts; i++)
        parts[i] = groups[row->groups[i] - 1];
    return parts_fit(row, parts);
}
