/* SPDX-License-Identifier: MIT */
/* options.h - typed options from the command line, the environment and a file. */
#ifndef GYRE_OPTIONS_H
#define GYRE_OPTIONS_H

#include <gyre/export.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* What an option is, and the C type of its value. Texts, paths and lists that were given live until
 * gy_options_done. */
enum gy_option_kind {
    GY_OPTION_TEXT,   /* const char * */
    GY_OPTION_INT,    /* int */
    GY_OPTION_DOUBLE, /* double */
    GY_OPTION_BOOL,   /* bool: --name, --no-name, --name=true (yes, on, 1) */
    GY_OPTION_SIZE,   /* size_t: 64, 64K, 10M, 1G, 1T; K is 1024 */
    GY_OPTION_TIME,   /* double, seconds: 1.5, 250ms, 2m, 1h30m, 7d */
    GY_OPTION_CHOICE, /* int: the value of one of .names */
    GY_OPTION_PATH, /* const char *: "~" and "~user" are replaced; in a configuration file it counts
                         from the file's folder */
    GY_OPTION_DATE, /* double, seconds since 1970: 2026-11-22, 20261122, "2026-11-22 15:04:05.5",
                         2026-11-22T15:04Z, 15:04 (of today); local time unless a zone is given */
    GY_OPTION_TEXTS,  /* gy_texts: one,two,three */
    GY_OPTION_INTS,   /* gy_ints: 1,4:6 is 1,4,5,6 */
    GY_OPTION_PATHS,  /* gy_texts, each as a PATH */
    GY_OPTION_CONFIG, /* const char *: a path; that file is read for options */
    GY_OPTION_GROUP /* no option: .rows are those of another table, .name is its heading, maybe "" */
};

typedef struct gy_texts {
    const char *const *items;
    size_t count;
} gy_texts;

typedef struct gy_ints {
    const int *items;
    size_t count;
} gy_ints;

typedef struct gy_option_name {
    const char *name; /* NULL ends the list */
    int value;
} gy_option_name;

/* A row of an option table: what --name is called, where its value goes, what --help says. */
typedef struct gy_option gy_option;
struct gy_option {
    const char *name; /* without dashes: "log-level" */
    enum gy_option_kind kind;
    void *value;                /* holds the default; is set */
    const char *help;           /* NULL leaves it out of --help */
    const char *meta;           /* in --help: --port=PORT; NULL is by kind */
    double min, max;            /* for numbers, sizes, times and INTS, when max > min */
    const char *const *choices; /* for TEXT and TEXTS: NULL-terminated */
    const gy_option_name *names;
    const gy_option *rows;
    bool no_env; /* only on the command line */
    /* Called when the value has been set: NULL, or what would be right ("an octal mode"). */
    const char *(*check)(const gy_option *o);
};

/* The rows; designated members may follow the help text: .meta = "PORT", .max = 65535. A table ends
 * with GY_OPT_END. */
/* clang-format off */
#define GY_OPT_(kind_, name_, value_, ...)                                                         \
    {.name = (name_), .kind = (kind_), .value = (value_), .help = __VA_ARGS__}
#define GY_OPT_TEXT(name_, value_, ...) GY_OPT_(GY_OPTION_TEXT, name_, value_, __VA_ARGS__)
#define GY_OPT_INT(name_, value_, ...) GY_OPT_(GY_OPTION_INT, name_, value_, __VA_ARGS__)
#define GY_OPT_DOUBLE(name_, value_, ...) GY_OPT_(GY_OPTION_DOUBLE, name_, value_, __VA_ARGS__)
#define GY_OPT_BOOL(name_, value_, ...) GY_OPT_(GY_OPTION_BOOL, name_, value_, __VA_ARGS__)
#define GY_OPT_SIZE(name_, value_, ...) GY_OPT_(GY_OPTION_SIZE, name_, value_, __VA_ARGS__)
#define GY_OPT_TIME(name_, value_, ...) GY_OPT_(GY_OPTION_TIME, name_, value_, __VA_ARGS__)
#define GY_OPT_PATH(name_, value_, ...) GY_OPT_(GY_OPTION_PATH, name_, value_, __VA_ARGS__)
#define GY_OPT_DATE(name_, value_, ...) GY_OPT_(GY_OPTION_DATE, name_, value_, __VA_ARGS__)
#define GY_OPT_TEXTS(name_, value_, ...) GY_OPT_(GY_OPTION_TEXTS, name_, value_, __VA_ARGS__)
#define GY_OPT_INTS(name_, value_, ...) GY_OPT_(GY_OPTION_INTS, name_, value_, __VA_ARGS__)
#define GY_OPT_PATHS(name_, value_, ...) GY_OPT_(GY_OPTION_PATHS, name_, value_, __VA_ARGS__)
#define GY_OPT_CONFIG(name_, value_, ...) GY_OPT_(GY_OPTION_CONFIG, name_, value_, __VA_ARGS__)
#define GY_OPT_CHOICE(name_, value_, names_, ...)                                                  \
    {.name = (name_), .kind = GY_OPTION_CHOICE, .value = (value_), .names = (names_),              \
     .help = __VA_ARGS__}
/* The rows of another module's table, under a heading. */
#define GY_OPT_GROUP(heading_, table_)                                                             \
    {.name = (heading_), .kind = GY_OPTION_GROUP, .rows = (table_)}
#define GY_OPT_END {.name = NULL}
/* clang-format on */

/* A table and where its values came from: Tornado's OptionParser. {.table = rows} is valid. */
typedef struct gy_options {
    const gy_option *table;
    const char *prefix; /* of variables: with "GYRE", "log-level" is GYRE_LOG_LEVEL; NULL: none */
    /* Called when all have been set, by gy_options_parse and gy_options_reload: NULL, or a sentence
     * about what does not go together. */
    const char *(*check)(void *arg);
    void *arg;
    struct gy__option_state *state; /* private */
} gy_options;

/* For gy_options_each. [group] is the heading, "" when there is none. */
typedef void gy_option_visit(void *arg, const char *group, const gy_option *o, const char *value);

GY_BEGIN_DECLS

/* Set the values from argv; where that is silent from the environment; where that is too from the
 * file that an option of kind CONFIG names; else they stay.
 *
 * Values are written --name=value or --name value, a dash in a name may be an underscore, -h is
 * --help, and "--" ends the options. An empty variable counts as absent. Of a repeated option the last
 * counts, but lists that are repeated in the same place are joined. A file that nobody named (the
 * default) may be missing. It has lines `name = value`; '#' or ';' begins a line of comment, [name] a
 * section, which is for readers only; a value may stand in "" (with \" \\ \n \t) or ''.
 *
 * Gives the count of arguments that are no options, moved to the front of argv behind argv[0]; argc
 * is then one more. On a bad option GY_EINVAL, or GY_ENOMEM, and [why], of [size] bytes, holds a
 * sentence: which option, which value, what would do. */
GY_API GY_CHECKED int gy_options_parse(gy_options *p, int *argc, char **argv, char *why,
                                       size_t size);

/* Set one option from a text, as if it had been given as --name=value. 0, GY_ENOTFOUND, GY_EINVAL or
 * GY_ENOMEM; [why] as above. */
GY_API GY_CHECKED int gy_options_set(gy_options *p, const char *name, const char *value, char *why,
                                     size_t size);

/* Read the file again: what came from it is as it says now, or the default again; the rest stays. On
 * a failure nothing changes. 0, GY_EINVAL, GY_ENOMEM or what opening the file gave; [why] as above.
 * Without a file it does nothing. */
GY_API GY_CHECKED int gy_options_reload(gy_options *p, char *why, size_t size);

/* Remember all values, and bring them back, as around a test that sets some (Tornado's mockable);
 * pairs nest. Save gives 0 or GY_ENOMEM, restore gives whether there was something to restore. */
GY_API GY_CHECKED int gy_options_save(gy_options *p);
GY_API bool gy_options_restore(gy_options *p);

/* Put the defaults back and give back the memory of the values. */
GY_API void gy_options_done(gy_options *p);

/* The option of that name, or NULL. */
GY_API const gy_option *gy_options_find(const gy_option *table, const char *name);

/* Call visit(arg, ...) for every option in the order of the table, with its present value as it would
 * be written ("" for none), of which a long one is cut. */
GY_API void gy_options_each(const gy_option *table, gy_option_visit *visit, void *arg);

/* The --help text of the table under its headings, wrapped to [width] columns (0: those of the
 * terminal, COLUMNS first, within 60 and 100), with the values that they have now as their
 * defaults. */
GY_API void gy_options_help(const gy_option *table, int width, FILE *out);

/* The options that gy_main is serving with, to look at, to set or to reload; NULL outside of it. */
GY_API gy_options *gy_options_main(void);

GY_END_DECLS

#endif
