/* SPDX-License-Identifier: MIT */
/* host.c - reads and matches the host that a route is for. */
#include "web/host.h"

#include <gyre/error.h>

/* Of each label one part at most, so that there is one way only to match. */
static int check_pieces(struct gy__host *h, struct gy__fault *why)
{
    bool in_label = false;
    for (size_t i = 0; i < h->pattern.count; i++) {
        const struct gy__piece *p = &h->pattern.pieces[i];
        if (!p->is_part) {
            if (memchr(p->text.ptr, ':', p->text.len) && p->text.ptr[0] != '[')
                return gy__fault_say(why, "a host is written without its port");
            in_label &= !memchr(p->text.ptr, '.', p->text.len);
            continue;
        }
        if (p->type == GY__PART_REST || p->type == GY__PART_RE || p->type == GY__PART_FLOAT)
            return gy__fault_say(why, "a part of a host cannot be of type %s",
                                 gy__part_type_name(p->type));
        if (in_label)
            return gy__fault_say(why, "two parts in one label of a host");
        in_label = true;
        h->parts++;
    }
    return 0;
}

int gy__host_parse(gy_arena *a, gy_str text, struct gy__host *out, struct gy__fault *why)
{
    *out = (struct gy__host){.parts = 0};
    if (gy_str_starts(text, (gy_str)GY_STR("*."))) {
        out->any_below = true;
        text = gy_str_n(text.ptr + 1, text.len - 1);
    }
    if (text.len == 0)
        return gy__fault_say(why, "an empty host");
    if (memchr(text.ptr, '*', text.len))
        return gy__fault_say(why, "'*' stands only at the start of a host, before a dot");
    int e = gy__pattern_parse(a, text, &out->pattern, why);
    return e ? e : check_pieces(out, why);
}

gy_str gy__host_name(gy_str authority)
{
    gy_str name = authority;
    const char *end = NULL;
    if (name.len && name.ptr[0] == '[')
        end = memchr(name.ptr, ']', name.len);
    if (end)
        name.len = (size_t)(end - name.ptr) + 1;
    else if (name.len && (end = memchr(name.ptr, ':', name.len)))
        name.len = (size_t)(end - name.ptr);
    if (name.len && name.ptr[name.len - 1] == '.')
        name.len--;
    return name;
}

/* The length of the label that begins [s], less the bytes that [next] has in it. */
static bool cut_label(gy_str s, const struct gy__piece *next, size_t *len)
{
    const char *dot = s.len ? memchr(s.ptr, '.', s.len) : NULL;
    size_t label = dot ? (size_t)(dot - s.ptr) : s.len;
    if (next) {
        const char *end = memchr(next->text.ptr, '.', next->text.len);
        size_t own = end ? (size_t)(end - next->text.ptr) : next->text.len;
        if (own > label)
            return false;
        label -= own;
    }
    *len = label;
    return true;
}

static bool match_pieces(const struct gy__host *h, gy_str rest, gy_str *parts)
{
    for (size_t i = 0; i < h->pattern.count; i++) {
        const struct gy__piece *p = &h->pattern.pieces[i];
        size_t len = p->text.len;
        if (p->is_part) {
            if (!cut_label(rest, i + 1 < h->pattern.count ? p + 1 : NULL, &len) ||
                !gy__part_fits(p->type, gy_str_n(rest.ptr, len)))
                return false;
            if (parts)
                *parts++ = gy_str_n(rest.ptr, len);
        } else if (len > rest.len || !gy_str_ieq(gy_str_n(rest.ptr, len), p->text)) {
            return false;
        }
        rest = gy_str_n(rest.ptr + len, rest.len - len);
    }
    return rest.len == 0;
}

/* With "*." in front the labels that the pattern has are the last ones. */
static bool skip_below(const struct gy__host *h, gy_str *name)
{
    size_t dots = 0, at = name->len;
    for (size_t i = 0; i < h->pattern.count; i++)
        for (size_t j = 0; !h->pattern.pieces[i].is_part && j < h->pattern.pieces[i].text.len; j++)
            dots += h->pattern.pieces[i].text.ptr[j] == '.';
    while (dots && at)
        dots -= name->ptr[--at] == '.';
    if (dots || at == 0)
        return false;
    *name = gy_str_n(name->ptr + at, name->len - at);
    return true;
}

bool gy__host_match(const struct gy__host *h, gy_str name, gy_str *parts)
{
    if (h->any_below && !skip_below(h, &name))
        return false;
    return match_pieces(h, name, parts);
}
