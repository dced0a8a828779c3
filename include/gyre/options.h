/* SPDX-License-Identifier: MIT */
/* options.h - typed options from the command line and the environment. */
#ifndef GYRE_OPTIONS_H
#define GYRE_OPTIONS_H

#include <gyre/export.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum gy_option_kind {
    GY_OPTION_TEXT,   /* const char *; borrowed from argv or the environment */
    GY_OPTION_INT,    /* int */
    GY_OPTION_DOUBLE, /* double */
    GY_OPTION_BOOL,   /* bool: --name, --no-name, --name=true (yes, on, 1) */
    GY_OPTION_SIZE,   /* size_t: 64, 64K, 10M, 1G, 1T; K is 1024 */
    GY_OPTION_TIME    /* double, seconds: 1.5, 250ms, 2m, 1h30m, 7d */
};

/* A row of an option table: what --name is called, where its value goes, what --help says. */
typedef struct gy_option {
    const char *name; /* without dashes: "log-level" */
    enum gy_option_kind kind;
    void *value;                /* holds the default; is set */
    const char *help;           /* NULL leaves it out of --help */
    const char *meta;           /* in --help: --port=PORT; NULL is by kind */
    double min, max;            /* for numbers, sizes and times, when max > min */
    const char *const *choices; /* for texts: NULL-terminated */
    bool no_env;                /* only on the command line */
} gy_option;

/* The rows; designated members may follow the help text: .meta = "PORT", .max = 65535. A table ends
 * with GY_OPT_END. */
#define GY_OPT_TEXT(name_, value_, ...)                                                            \
    {                                                                                              \
        .name = (name_), .kind = GY_OPTION_TEXT, .value = (value_), .help = __VA_ARGS__            \
    }
#define GY_OPT_INT(name_, value_, ...)                                                             \
    {                                                                                              \
        .name = (name_), .kind = GY_OPTION_INT, .value = (value_), .help = __VA_ARGS__             \
    }
#define GY_OPT_DOUBLE(name_, value_, ...)                                                          \
    {                                                                                              \
        .name = (name_), .kind = GY_OPTION_DOUBLE, .value = (value_), .help = __VA_ARGS__          \
    }
#define GY_OPT_BOOL(name_, value_, ...)                                                            \
    {                                                                                              \
        .name = (name_), .kind = GY_OPTION_BOOL, .value = (value_), .help = __VA_ARGS__            \
    }
#define GY_OPT_SIZE(name_, value_, ...)                                                            \
    {                                                                                              \
        .name = (name_), .kind = GY_OPTION_SIZE, .value = (value_), .help = __VA_ARGS__            \
    }
#define GY_OPT_TIME(name_, value_, ...)                                                            \
    {                                                                                              \
        .name = (name_), .kind = GY_OPTION_TIME, .value = (value_), .help = __VA_ARGS__            \
    }
#define GY_OPT_END                                                                                 \
    {                                                                                              \
        .name = NULL                                                                               \
    }

GY_BEGIN_DECLS

/* Set the values of [options] from argv and, where argv is silent, from the environment as
 * PREFIX_NAME ("GYRE" and "log-level" make GYRE_LOG_LEVEL; [prefix] NULL reads none; an empty
 * variable counts as absent). Values are written --name=value or --name value, a dash in a name may
 * be an underscore, -h is --help, and "--" ends the options; of a repeated option the last counts.
 *
 * Gives the count of arguments that are no options, moved to the front of argv behind argv[0]; argc
 * is then one more. On a bad option GY_EINVAL, and [why], of [size] bytes, holds a sentence: which
 * option, which value, what would do. */
GY_API GY_CHECKED int gy_options_parse(const gy_option *options, const char *prefix, int *argc,
                                       char **argv, char *why, size_t size);

/* Set one option from a text, as if it had been given as --name=value. 0, GY_ENOTFOUND, or
 * GY_EINVAL; [why] as above. */
GY_API GY_CHECKED int gy_options_set(const gy_option *options, const char *name, const char *value,
                                     char *why, size_t size);

/* The --help text of the table, a row or more for each option, wrapped to [width] columns, with the
 * values that they have now as their defaults. */
GY_API void gy_options_help(const gy_option *options, int width, FILE *out);

GY_END_DECLS

#endif
