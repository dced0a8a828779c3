/* SPDX-License-Identifier: MIT */
/* options_help.c - the --help text of an option table. */
#include <gyre/options.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "serve/option_value.h"
#include "serve/option_walk.h"

enum { INDENT = 2, GAP = 2, WIDEST_LEFT = 30, NARROWEST_RIGHT = 20, NARROWEST = 60, WIDEST = 100 };

/* What stands on the left: "  --port=PORT". Gives its length, as snprintf. */
static int left(const gy_option *o, char *out, size_t size)
{
    static const char *const metas[] = {
        [GY_OPTION_TEXT] = "TEXT",      [GY_OPTION_INT] = "N",      [GY_OPTION_DOUBLE] = "NUMBER",
        [GY_OPTION_BOOL] = "",          [GY_OPTION_SIZE] = "SIZE",  [GY_OPTION_TIME] = "TIME",
        [GY_OPTION_CHOICE] = "WORD",    [GY_OPTION_PATH] = "PATH",  [GY_OPTION_DATE] = "DATE",
        [GY_OPTION_TEXTS] = "TEXT,...", [GY_OPTION_INTS] = "N,...", [GY_OPTION_CONFIG] = "PATH",
        [GY_OPTION_PATHS] = "PATH,...",
    };
    const char *meta = o->meta ? o->meta : metas[o->kind];
    bool help = strcmp(o->name, "help") == 0;
    bool off = o->kind == GY_OPTION_BOOL && *(bool *)o->value;
    return snprintf(out, size, "%*s--%s%s%s%s%s", INDENT, "", off ? "no-" : "", o->name,
                    *meta ? "=" : "", meta, help ? ", -h" : "");
}

static int left_width(const gy_option *table, const char *group)
{
    int width = 0;
    struct gy__option_walk w = gy__option_walk(table);
    for (const gy_option *o; (o = gy__option_next(&w));) {
        int len = o->help && strcmp(w.group, group) == 0 ? left(o, NULL, 0) : 0;
        if (len > width && len <= WIDEST_LEFT)
            width = len;
    }
    return width + GAP;
}

/* A paragraph in words, each line after the first set in by [margin]. */
struct wrap {
    FILE *out;
    int margin, width, column;
};

static void put_word(struct wrap *w, const char *word, int len)
{
    bool first = w->column == w->margin;
    if (!first && w->column + 1 + len > w->width) {
        fprintf(w->out, "\n%*s", w->margin, "");
        w->column = w->margin;
        first = true;
    }
    fprintf(w->out, "%s%.*s", first ? "" : " ", len, word);
    w->column += len + !first;
}

static void put_text(struct wrap *w, const char *text)
{
    while (*text) {
        text += strspn(text, " \n");
        int len = (int)strcspn(text, " \n");
        if (len > 0)
            put_word(w, text, len);
        text += len;
    }
}

/* "(one of red or blue; default red)" */
static void put_value(struct wrap *w, const gy_option *o)
{
    char choices[GY__OPTION_TEXT] = "", now[GY__OPTION_TEXT], text[2 * GY__OPTION_TEXT + 16];
    if (o->kind == GY_OPTION_BOOL)
        return;
    if (o->choices || o->names)
        gy__option_expects(o, choices);
    gy__option_print(o, now);
    if (!*choices && !*now)
        return;
    snprintf(text, sizeof text, "(%s%s%s%s)", choices, *choices && *now ? "; " : "",
             *now ? "default " : "", now);
    put_text(w, text);
}

static void put_option(const gy_option *o, int margin, int width, FILE *out)
{
    char name[128];
    int len = left(o, name, sizeof name);
    fprintf(out, "%s", name);
    if (len > margin - GAP)
        fprintf(out, "\n%*s", margin, "");
    else
        fprintf(out, "%*s", margin - len, "");
    struct wrap w = {out, margin, width, margin};
    put_text(&w, o->help);
    put_value(&w, o);
    fputc('\n', out);
}

static int terminal_width(void)
{
    const char *columns = getenv("COLUMNS");
    struct winsize size;
    int64_t width = 80;
    if (!columns || gy_str_int(gy_str_of(columns), &width)) {
        if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
            width = size.ws_col;
    }
    return width < NARROWEST ? NARROWEST : width > WIDEST ? WIDEST : (int)width;
}

void gy_options_help(const gy_option *table, int width, FILE *out)
{
    const char *group = NULL;
    int margin = 0;
    if (width == 0)
        width = terminal_width();
    struct gy__option_walk w = gy__option_walk(table);
    for (const gy_option *o; (o = gy__option_next(&w));) {
        if (!o->help)
            continue;
        if (!group || strcmp(w.group, group) != 0) {
            fprintf(out, "%s%s%s", group ? "\n" : "", w.group, *w.group ? ":\n" : "");
            group = w.group;
            margin = left_width(table, group);
        }
        int least = margin + NARROWEST_RIGHT;
        put_option(o, margin, width < least ? least : width, out);
    }
}
