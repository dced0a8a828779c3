/* SPDX-License-Identifier: MIT */
/* pattern.c - reads a route's pattern. */
#include "web/pattern.h"

#include "codec/utf8.h"

#include <gyre/error.h>
#include <stdarg.h>
#include <stdio.h>

struct reader {
    gy_arena *arena;
    gy_str text;
    size_t at;
    struct gy__pattern *out;
    struct gy__fault *why;
};

int gy__fault_say(struct gy__fault *why, const char *fmt, ...)
{
    if (!why)
        return GY_EINVAL;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(why->text, sizeof why->text, fmt, ap);
    va_end(ap);
    return GY_EINVAL;
}

static bool at_end(const struct reader *r)
{
    return r->at == r->text.len;
}

static char peek(const struct reader *r)
{
    return at_end(r) ? '\0' : r->text.ptr[r->at];
}

static bool may_begin_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool may_be_in_name(char c)
{
    return may_begin_name(c) || (c >= '0' && c <= '9');
}

static gy_str read_name(struct reader *r)
{
    size_t from = r->at;
    if (may_begin_name(peek(r)))
        while (may_be_in_name(peek(r)))
            r->at++;
    return gy_str_n(r->text.ptr + from, r->at - from);
}

/* Up to the ')' that closes "re(", which stands before [r]. */
static int read_expression(struct reader *r, gy_str *out)
{
    size_t from = r->at, depth = 1;
    bool in_class = false;

    for (; !at_end(r); r->at++) {
        char c = peek(r);
        if (c == '\\') {
            if (++r->at == r->text.len)
                break;
        } else if (in_class) {
            /* A ']' right after the opening is a member. */
            in_class = c != ']';
        } else if (c == '[') {
            in_class = true;
            size_t next = r->at + 1;
            if (next < r->text.len && r->text.ptr[next] == '^')
                next++;
            if (next < r->text.len && r->text.ptr[next] == ']')
                r->at = next;
        } else if (c == '(') {
            depth++;
        } else if (c == ')' && --depth == 0) {
            *out = gy_str_n(r->text.ptr + from, r->at - from);
            r->at++;
            return out->len ? 0
                            : gy__fault_say(r->why, "position %zu: re() holds no expression", from);
        }
    }
    return gy__fault_say(r->why, "position %zu: re( is never closed", from);
}

static int read_type(struct reader *r, struct gy__piece *part)
{
    size_t from = r->at;
    gy_str name = read_name(r);
    if (gy_str_eq(name, (gy_str)GY_STR("re")) && peek(r) == '(') {
        r->at++;
        part->type = GY__PART_RE;
        return read_expression(r, &part->re);
    }
    if (gy__part_type_of(name, &part->type))
        return 0;
    return gy__fault_say(r->why,
                         "position %zu: no type \"%.*s\"; there are str, int, uint, float, slug, "
                         "hex, uuid, rest and re(...)",
                         from, GY_FMT(name));
}

/* Behind the '{'. */
static int read_part(struct reader *r)
{
    struct gy__piece *part = &r->out->pieces[r->out->count];
    size_t from = r->at;

    *part = (struct gy__piece){.is_part = true, .type = GY__PART_STR};
    if (r->out->count && part[-1].is_part)
        return gy__fault_say(r->why, "position %zu: nothing stands between two parts", from - 1);
    part->text = read_name(r);
    if (part->text.len == 0)
        return gy__fault_say(r->why, "position %zu: a part needs a name", from);
    if (peek(r) == ':') {
        r->at++;
        int e = read_type(r, part);
        if (e)
            return e;
    }
    if (peek(r) != '}')
        return gy__fault_say(r->why, "position %zu: '}' expected", r->at);
    r->at++;
    if (part->type == GY__PART_REST && !at_end(r))
        return gy__fault_say(r->why, "position %zu: nothing may follow a part of type rest", r->at);
    r->out->count++;
    return 0;
}

static int read_literal(struct reader *r)
{
    size_t from = r->at, len = 0;
    char *bytes = gy_alloc(r->arena, r->text.len - from + 1);
    if (!bytes)
        return GY_ENOMEM;
    while (!at_end(r) && peek(r) != '{') {
        char c = peek(r);
        if (c == '}')
            return gy__fault_say(r->why, "position %zu: '}' without '{'; write \\} for the byte",
                                 r->at);
        if (c == '\\') {
            r->at++;
            c = peek(r);
            if (c != '{' && c != '}' && c != '\\')
                return gy__fault_say(r->why, "position %zu: only \\{, \\} and \\\\ are escapes",
                                     r->at - 1);
        }
        bytes[len++] = c;
        r->at++;
    }
    bytes[len] = '\0';
    r->out->pieces[r->out->count++] = (struct gy__piece){.text = gy_str_n(bytes, len)};
    return 0;
}

/* Literals and parts take turns, and a part takes three bytes or more. */
static size_t most_pieces(gy_str text)
{
    size_t count = 1;
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] == '{')
            count += 2;
    return count;
}

int gy__pattern_parse(gy_arena *a, gy_str text, struct gy__pattern *out, struct gy__fault *why)
{
    struct reader r = {.arena = a, .text = text, .out = out, .why = why};

    if (!gy__utf8_valid(text.ptr, text.len))
        return gy__fault_say(why, "is not UTF-8");
    *out = (struct gy__pattern){.pieces = gy_alloc(a, most_pieces(text) * sizeof *out->pieces)};
    if (!out->pieces)
        return GY_ENOMEM;
    while (!at_end(&r)) {
        int e;
        if (peek(&r) == '{') {
            r.at++;
            e = read_part(&r);
        } else {
            e = read_literal(&r);
        }
        if (e)
            return e;
    }
    return 0;
}
