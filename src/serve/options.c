/* SPDX-License-Identifier: MIT */
/* options.c - typed options from the command line, the environment and a file. */
#include <gyre/error.h>
#include <gyre/options.h>
#include <gyre/str.h>
#include <stdlib.h>
#include <string.h>

#include "serve/option_name.h"
#include "serve/option_setting.h"
#include "serve/option_value.h"
#include "serve/option_walk.h"

static bool is_option(const char *arg)
{
    return arg[0] == '-' && arg[1];
}

static bool ends_options(const char *arg)
{
    return strcmp(arg, "--") == 0;
}

/* The option that "--name", "--no-name", "--name=value" or "-h" is about, or NULL. */
static const gy_option *named_by(const gy_option *table, const char *arg, bool *off)
{
    *off = false;
    if (strcmp(arg, "-h") == 0)
        return gy__option_find(table, gy_str_of("help"), off);
    if (strncmp(arg, "--", 2) != 0)
        return NULL;
    return gy__option_find(table, gy_str_n(arg + 2, strcspn(arg + 2, "=")), off);
}

/* The value that stands behind the option at argv[at], or NULL; [next] when it is an argument of its
 * own. */
static const char *value_at(const gy_option *o, int argc, char **argv, int at, bool *next)
{
    const char *equals = strchr(argv[at], '=');
    *next = !equals && o->kind != GY_OPTION_BOOL && at + 1 < argc &&
            strncmp(argv[at + 1], "--", 2) != 0;
    return equals ? equals + 1 : *next ? argv[at + 1] : NULL;
}

/* -- Who has the say ----------------------------------------------------------------------------- */

/* "GYRE", "log-level": "GYRE_LOG_LEVEL". False when it does not fit. */
static bool variable_name(const char *prefix, const char *name, char *out, size_t size)
{
    int len = snprintf(out, size, "%s_%s", prefix, name);
    if (len < 0 || (size_t)len >= size)
        return false;
    for (char *c = out + strlen(prefix); *c; c++) {
        if (*c == '-')
            *c = '_';
        else if (*c >= 'a' && *c <= 'z')
            *c = (char)(*c - 'a' + 'A');
    }
    return true;
}

/* What the environment says, or NULL. */
static const char *variable(const gy_options *p, const gy_option *o, char name[128])
{
    if (!p->prefix || o->no_env || !variable_name(p->prefix, o->name, name, 128))
        return NULL;
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

/* Where [o] stands last on the command line, or 0. */
static int on_command_line(const gy_options *p, const gy_option *o, int argc, char **argv)
{
    bool off;
    int found = 0;
    for (int i = 1; i < argc && !ends_options(argv[i]); i++)
        if (is_option(argv[i]) && named_by(p->table, argv[i], &off) == o)
            found = i;
    return found;
}

/* What a stronger source gives, the weaker ones are not asked for, not even where they are wrong.
 * What an earlier parse gave is no longer joined to. */
static void note_speakers(gy_options *p, int argc, char **argv)
{
    char name[128];
    gy__option_forget_file(p);
    struct gy__option_walk w = gy__option_walk(p->table);
    for (const gy_option *o; (o = gy__option_next(&w));) {
        struct gy__option_note *note = &p->state->notes[w.index];
        note->spoken_for = on_command_line(p, o, argc, argv) || variable(p, o, name);
        if (note->origin != GY__FROM_DEFAULT)
            note->origin = GY__FROM_CALL;
    }
}

/* -- The environment ----------------------------------------------------------------------------- */

static int read_variable(struct gy__option_source *source, const gy_option *o)
{
    char name[128];
    const char *value = variable(source->parser, o, name);
    return value ? gy__option_assign(source, o, name, value) : 0;
}

static int read_environment(struct gy__option_source *source, int argc, char **argv)
{
    int e = 0;
    source->origin = GY__FROM_ENVIRONMENT;
    struct gy__option_walk w = gy__option_walk(source->parser->table);
    for (const gy_option *o; !e && (o = gy__option_next(&w));)
        if (o->kind != GY_OPTION_CONFIG && !on_command_line(source->parser, o, argc, argv))
            e = read_variable(source, o);
    return e;
}

/* -- The file ------------------------------------------------------------------------------------ */

/* The name of the file comes from the others, so that is looked for first. */
static int name_file(struct gy__option_source *source, const gy_option *o, int argc, char **argv)
{
    bool next;
    char from[128];
    int at = on_command_line(source->parser, o, argc, argv);
    const char *value = at ? value_at(o, argc, argv, at, &next) : NULL;
    source->origin = value ? GY__FROM_COMMAND : GY__FROM_ENVIRONMENT;
    snprintf(from, sizeof from, "--%.100s", o->name);
    if (value)
        return gy__option_assign(source, o, from, value);
    return at ? 0 : read_variable(source, o);
}

static int read_file(struct gy__option_source *source, const gy_option *o)
{
    const char *path = *(const char **)o->value;
    if (!path || !*path)
        return 0;
    bool named = gy__option_note(source->parser, o)->origin != GY__FROM_DEFAULT;
    source->origin = GY__FROM_FILE;
    return gy__option_read_file(source, path, named);
}

static int read_files(struct gy__option_source *source, int argc, char **argv)
{
    int e = 0;
    struct gy__option_walk w = gy__option_walk(source->parser->table);
    for (const gy_option *o; !e && (o = gy__option_next(&w));) {
        if (o->kind != GY_OPTION_CONFIG)
            continue;
        e = name_file(source, o, argc, argv);
        if (!e)
            e = read_file(source, o);
    }
    return e;
}

/* -- The command line ---------------------------------------------------------------------------- */

/* One option at argv[*at]; moves *at past what it used. */
static int read_option(struct gy__option_source *source, int argc, char **argv, int *at)
{
    bool off, next;
    const char *arg = argv[*at];
    const gy_option *o = named_by(source->parser->table, arg, &off);
    if (!o)
        return gy__option_unknown(source, "", arg);

    const char *value = value_at(o, argc, argv, *at, &next);
    *at += 1 + next;
    char from[128];
    snprintf(from, sizeof from, "--%s%.100s", off ? "no-" : "", o->name);
    if (o->kind == GY_OPTION_BOOL)
        return gy__option_assign_bool(source, o, off, from, value);
    if (value)
        return gy__option_assign(source, o, from, value);
    char expected[GY__OPTION_TEXT];
    gy__option_expects(o, expected);
    return gy__complain(&source->complaint, "%s needs a value: %s", from, expected);
}

static int read_command_line(struct gy__option_source *source, int *argc, char **argv)
{
    int e = 0, kept = 1, at = 1;
    bool ended = false;
    source->origin = GY__FROM_COMMAND;
    while (!e && at < *argc) {
        if (!ended && ends_options(argv[at])) {
            ended = true;
            at++;
        } else if (!ended && is_option(argv[at])) {
            e = read_option(source, *argc, argv, &at);
        } else {
            argv[kept++] = argv[at++];
        }
    }
    if (e)
        return e;
    if (kept < *argc) {
        argv[kept] = NULL;
        *argc = kept;
    }
    return kept - 1;
}

/* -- All of them --------------------------------------------------------------------------------- */

static int begin(struct gy__option_source *source)
{
    struct gy__complaint *c = &source->complaint;
    if (c->size > 0)
        c->why[0] = 0;
    if (gy__option_state(source->parser))
        return 0;
    gy__complain(c, "out of memory");
    return GY_ENOMEM;
}

int gy_options_parse(gy_options *p, int *argc, char **argv, char *why, size_t size)
{
    struct gy__option_source source = {.parser = p, .complaint = {why, size}};
    int e = begin(&source);
    if (e)
        return e;
    note_speakers(p, *argc, argv);
    e = read_files(&source, *argc, argv);
    if (!e)
        e = read_environment(&source, *argc, argv);
    int left = e ? 0 : read_command_line(&source, argc, argv);
    if (!e && left >= 0)
        e = gy__option_check_all(&source);
    return e ? e : left;
}

int gy_options_set(gy_options *p, const char *name, const char *value, char *why, size_t size)
{
    struct gy__option_source source = {
        .parser = p, .origin = GY__FROM_CALL, .complaint = {why, size}};
    int e = begin(&source);
    if (e)
        return e;
    bool off;
    const gy_option *o = gy__option_find(p->table, gy_str_of(name), &off);
    if (!o || off) {
        gy__option_unknown(&source, "", name);
        return GY_ENOTFOUND;
    }
    return gy__option_assign(&source, o, name, value);
}

static int reread(struct gy__option_source *source)
{
    int e = 0;
    gy__option_forget_file(source->parser);
    struct gy__option_walk w = gy__option_walk(source->parser->table);
    for (const gy_option *o; !e && (o = gy__option_next(&w));)
        if (o->kind == GY_OPTION_CONFIG)
            e = read_file(source, o);
    return e ? e : gy__option_check_all(source);
}

int gy_options_reload(gy_options *p, char *why, size_t size)
{
    struct gy__option_source source = {.parser = p, .complaint = {why, size}};
    int e = begin(&source);
    if (!e && (e = gy_options_save(p)))
        gy__complain(&source.complaint, "out of memory");
    if (e)
        return e;
    e = reread(&source);
    if (e)
        gy_options_restore(p);
    else
        gy__option_drop_saved(p->state);
    return e;
}

/* -- Looking at them ----------------------------------------------------------------------------- */

const gy_option *gy_options_find(const gy_option *table, const char *name)
{
    bool off;
    const gy_option *o = gy__option_find(table, gy_str_of(name), &off);
    return off ? NULL : o;
}

void gy_options_each(const gy_option *table, gy_option_visit *visit, void *arg)
{
    struct gy__option_walk w = gy__option_walk(table);
    for (const gy_option *o; (o = gy__option_next(&w));) {
        char value[GY__OPTION_TEXT];
        gy__option_print(o, value);
        bool no = o->kind == GY_OPTION_BOOL && !*value;
        visit(arg, w.group, o, no ? "false" : value);
    }
}
