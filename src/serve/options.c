/* SPDX-License-Identifier: MIT */
/* options.c - typed options from the command line and the environment. */
#include <gyre/error.h>
#include <gyre/options.h>
#include <gyre/str.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "serve/option_name.h"
#include "serve/option_value.h"

/* The sentence for a person. */
struct complaint {
    char *why;
    size_t size;
};

static GY_PRINTF(2, 3) int complain(struct complaint *c, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    if (c->size > 0)
        vsnprintf(c->why, c->size, fmt, ap);
    va_end(ap);
    return GY_EINVAL;
}

/* What somebody typed, fit for a line on a terminal: short, and without control characters. */
static const char *shown(const char *text, char out[64])
{
    size_t len = 0;
    for (; text[len] && len < 60; len++)
        out[len] = (unsigned char)text[len] < ' ' || text[len] == 127 ? '?' : text[len];
    memcpy(out + len, text[len] ? "..." : "", text[len] ? 4 : 1);
    return out;
}

/* [from] is what the reader has to change: --port or GYRE_PORT. */
static int set(const gy_option *o, const char *from, const char *value, struct complaint *c)
{
    if (gy__option_set(o, value) == 0)
        return 0;
    char expected[GY__OPTION_TEXT], quoted[64];
    gy__option_expects(o, expected);
    return complain(c, "%s: '%s' is not %s", from, shown(value, quoted), expected);
}

static int unknown(const gy_option *options, const char *arg, struct complaint *c)
{
    char typed[64];
    const char *name = arg + strspn(arg, "-");
    const gy_option *near = gy__option_nearest(options, gy_str_n(name, strcspn(name, "=")));
    shown(arg, typed);
    typed[strcspn(typed, "=")] = 0;
    if (near)
        return complain(c, "unknown option %s; did you mean --%s?", typed, near->name);
    return complain(c, "unknown option %s; --help lists them", typed);
}

static bool is_option(const char *arg)
{
    return arg[0] == '-' && arg[1];
}

static bool ends_options(const char *arg)
{
    return strcmp(arg, "--") == 0;
}

/* The option that "--name", "--no-name", "--name=value" or "-h" is about, or NULL. */
static const gy_option *named_by(const gy_option *options, const char *arg, bool *off)
{
    *off = false;
    if (strcmp(arg, "-h") == 0)
        return gy__option_find(options, gy_str_of("help"), off);
    if (strncmp(arg, "--", 2) != 0)
        return NULL;
    return gy__option_find(options, gy_str_n(arg + 2, strcspn(arg + 2, "=")), off);
}

/* -- The environment ----------------------------------------------------------------------------- */

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

/* The environment is silent about what the command line says, also where it would be wrong. */
static bool on_command_line(const gy_option *options, const gy_option *o, int argc, char **argv)
{
    bool off;
    for (int i = 1; i < argc && !ends_options(argv[i]); i++)
        if (is_option(argv[i]) && named_by(options, argv[i], &off) == o)
            return true;
    return false;
}

static int read_environment(const gy_option *options, const char *prefix, int argc, char **argv,
                            struct complaint *c)
{
    int e = 0;
    for (const gy_option *o = options; o->name && !e; o++) {
        char variable[128];
        if (o->no_env || !variable_name(prefix, o->name, variable, sizeof variable))
            continue;
        const char *value = getenv(variable);
        if (value && *value && !on_command_line(options, o, argc, argv))
            e = set(o, variable, value, c);
    }
    return e;
}

/* -- The command line ---------------------------------------------------------------------------- */

/* --name, --no-name, --name=value. Never takes the next argument: it would swallow --name file. */
static int set_bool(const gy_option *o, bool off, const char *value, struct complaint *c)
{
    char from[128];
    snprintf(from, sizeof from, "--%s%.100s", off ? "no-" : "", o->name);
    if (off && value)
        return complain(c, "%s takes no value", from);
    return set(o, from, value ? value : off ? "false" : "true", c);
}

/* One option at argv[*at]; moves *at past what it used. */
static int read_option(const gy_option *options, int argc, char **argv, int *at,
                       struct complaint *c)
{
    const char *arg = argv[(*at)++];
    bool off;
    const gy_option *o = named_by(options, arg, &off);
    if (!o)
        return unknown(options, arg, c);

    const char *equals = strchr(arg, '=');
    const char *value = equals ? equals + 1 : NULL;
    if (o->kind == GY_OPTION_BOOL)
        return set_bool(o, off, value, c);
    if (!value && *at < argc && strncmp(argv[*at], "--", 2) != 0)
        value = argv[(*at)++];

    char from[128];
    snprintf(from, sizeof from, "--%.100s", o->name);
    if (value)
        return set(o, from, value, c);
    char expected[GY__OPTION_TEXT];
    gy__option_expects(o, expected);
    return complain(c, "%s needs a value: %s", from, expected);
}

int gy_options_parse(const gy_option *options, const char *prefix, int *argc, char **argv,
                     char *why, size_t size)
{
    struct complaint c = {why, size};
    if (size > 0)
        why[0] = 0;
    int e = prefix ? read_environment(options, prefix, *argc, argv, &c) : 0;

    int kept = 1, at = 1;
    bool ended = false;
    while (!e && at < *argc) {
        if (!ended && ends_options(argv[at])) {
            ended = true;
            at++;
        } else if (!ended && is_option(argv[at])) {
            e = read_option(options, *argc, argv, &at, &c);
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

int gy_options_set(const gy_option *options, const char *name, const char *value, char *why,
                   size_t size)
{
    struct complaint c = {why, size};
    if (size > 0)
        why[0] = 0;
    bool off;
    const gy_option *o = gy__option_find(options, gy_str_of(name), &off);
    if (!o || off) {
        unknown(options, name, &c);
        return GY_ENOTFOUND;
    }
    return set(o, name, value, &c);
}
