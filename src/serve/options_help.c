/* SPDX-License-Identifier: MIT */
/* options_help.c - the --help text of an option table. */
#include <gyre/options.h>
#include <string.h>

#include "serve/option_value.h"

enum { INDENT = 2, GAP = 2, WIDEST_LEFT = 30, NARROWEST_RIGHT = 20 };

/* What stands on the left: "  --port=PORT". Gives its length, as snprintf. */
static int left(const gy_option *o, char *out, size_t size)
{
    static const char *const metas[] = {
        [GY_OPTION_TEXT] = "TEXT", [GY_OPTION_INT] = "N",     [GY_OPTION_DOUBLE] = "NUMBER",
        [GY_OPTION_BOOL] = "",     [GY_OPTION_SIZE] = "SIZE", [GY_OPTION_TIME] = "TIME",
    };
    const char *meta = o->meta ? o->meta : metas[o->kind];
    bool help = strcmp(o->name, "help") == 0;
    bool off = o->kind == GY_OPTION_BOOL && *(bool *)o->value;
    return snprintf(out, size, "%*s--%s%s%s%s%s", INDENT, "", off ? "no-" : "", o->name,
                    *meta ? "=" : "", meta, help ? ", -h" : "");
}

static int left_width(const gy_option *options)
{
    int width = 0;
    for (const gy_option *o = options; o->name; o++) {
        int len = o->help ? left(o, NULL, 0) : 0;
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
    if (o->kind == GY_OPTION_TEXT && o->choices)
        gy__option_expects(o, choices);
    gy__option_print(o, now);
    if (!*choices && !*now)
        return;
    snprintf(text, sizeof text, "(%s%s%s%s)", choices, *choices && *now ? "; " : "",
             *now ? "default " : "", now);
    put_text(w, text);
}

void gy_options_help(const gy_option *options, int width, FILE *out)
{
    int margin = left_width(options);
    if (width < margin + NARROWEST_RIGHT)
        width = margin + NARROWEST_RIGHT;
    for (const gy_option *o = options; o->name; o++) {
        if (!o->help)
            continue;
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
}
