/* SPDX-License-Identifier: MIT */
/* option_setting.c - options get their values from a source, or a sentence tells why not. */
#include "serve/option_setting.h"

#include <gyre/error.h>
#include <gyre/str.h>
#include <stdarg.h>
#include <string.h>

#include "serve/option_name.h"
#include "serve/option_value.h"
#include "serve/option_walk.h"

int gy__complain(struct gy__complaint *c, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    if (c->size > 0)
        vsnprintf(c->why, c->size, fmt, ap);
    va_end(ap);
    return GY_EINVAL;
}

const char *gy__option_shown(const char *text, char out[64])
{
    size_t len = 0;
    for (; text[len] && len < 60; len++)
        out[len] = (unsigned char)text[len] < ' ' || text[len] == 127 ? '?' : text[len];
    memcpy(out + len, text[len] ? "..." : "", text[len] ? 4 : 1);
    return out;
}

struct gy__option_note *gy__option_note(const gy_options *p, const gy_option *o)
{
    struct gy__option_walk w = gy__option_walk(p->table);
    for (const gy_option *at; (at = gy__option_next(&w));)
        if (at == o)
            return &p->state->notes[w.index];
    return NULL;
}

static bool is_list(const gy_option *o)
{
    return o->kind == GY_OPTION_TEXTS || o->kind == GY_OPTION_INTS || o->kind == GY_OPTION_PATHS;
}

int gy__option_assign(struct gy__option_source *source, const gy_option *o, const char *from,
                      const char *value)
{
    struct gy__option_note *note = gy__option_note(source->parser, o);
    struct gy__option_reading how = {.state = source->parser->state,
                                     .folder = source->folder,
                                     .join = is_list(o) && note->origin == source->origin &&
                                             source->origin != GY__FROM_CALL};
    union gy__option_bytes before;
    char expected[GY__OPTION_TEXT], quoted[64];
    const char *wanted = NULL;

    gy__option_copy_out(o, &before);
    int e = gy__option_set(o, value, &how);
    if (!e && o->check && (wanted = o->check(o))) {
        gy__option_copy_in(o, &before);
        e = GY_EINVAL;
    }
    if (!e) {
        note->origin = source->origin;
        return 0;
    }
    if (e == GY_ENOMEM) {
        gy__complain(&source->complaint, "%s: out of memory", from);
        return e;
    }
    gy__option_expects(o, expected);
    return gy__complain(&source->complaint, "%s: '%s' is not %s", from,
                        gy__option_shown(value, quoted), wanted ? wanted : expected);
}

int gy__option_assign_bool(struct gy__option_source *source, const gy_option *o, bool off,
                           const char *from, const char *value)
{
    if (off && value)
        return gy__complain(&source->complaint, "%s takes no value", from);
    return gy__option_assign(source, o, from, value ? value : off ? "false" : "true");
}

int gy__option_unknown(struct gy__option_source *source, const char *where, const char *typed)
{
    char shown[64];
    const char *name = typed + strspn(typed, "-");
    const gy_option *near =
        gy__option_nearest(source->parser->table, gy_str_n(name, strcspn(name, "=")));
    gy__option_shown(typed, shown);
    shown[strcspn(shown, "=")] = 0;
    if (near)
        return gy__complain(&source->complaint, "%sunknown option %s; did you mean %s%s?", where,
                            shown, *where ? "" : "--", near->name);
    bool helps = gy_options_find(source->parser->table, "help");
    return gy__complain(&source->complaint, "%sunknown option %s%s", where, shown,
                        helps ? "; --help lists them" : "");
}

void gy__option_forget_file(gy_options *p)
{
    struct gy__option_walk w = gy__option_walk(p->table);
    for (const gy_option *o; (o = gy__option_next(&w));) {
        struct gy__option_note *note = &p->state->notes[w.index];
        if (note->origin != GY__FROM_FILE)
            continue;
        gy__option_copy_in(o, &note->initial);
        note->origin = GY__FROM_DEFAULT;
    }
}

int gy__option_check_all(struct gy__option_source *source)
{
    const gy_options *p = source->parser;
    const char *wrong = p->check ? p->check(p->arg) : NULL;
    return wrong ? gy__complain(&source->complaint, "%s", wrong) : 0;
}
