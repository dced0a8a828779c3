/* SPDX-License-Identifier: MIT */
/* log_options.c - the options about the log. */
#include "serve/log_options.h"

#include <string.h>

#include "base/log_output.h"
#include "serve/option_value.h"

static const char *const targets[] = {"stderr", "syslog", "journald", "none", NULL};

static const gy_option_name formats[] = {
    {"text", GY_LOG_AS_TEXT}, {"json", GY_LOG_AS_JSON}, {NULL, 0}};

static const gy_option_name colors[] = {{"auto", GY_LOG_COLOR_AUTO},
                                        {"always", GY_LOG_COLOR_ALWAYS},
                                        {"never", GY_LOG_COLOR_NEVER},
                                        {NULL, 0}};

static const char *check_levels(const gy_option *o)
{
    enum gy_log_level levels[GY__LOG_CHANNELS];
    return gy__log_levels_read(*(const char **)o->value, levels)
               ? "one of debug, info, warning, error or off, for all channels or as in "
                 "info,access=off,app=debug (there is general, too)"
               : NULL;
}

/* "size", "midnight", "monday" ..., "never", or a time: every so often. */
static bool read_rotate(const char *text, gy_log_opts *out)
{
    static const struct {
        const char *name;
        enum gy_log_rotate rotate;
    } words[] = {
        {"size", GY_LOG_ROTATE_SIZE},           {"midnight", GY_LOG_ROTATE_MIDNIGHT},
        {"monday", GY_LOG_ROTATE_MONDAY},       {"tuesday", GY_LOG_ROTATE_TUESDAY},
        {"wednesday", GY_LOG_ROTATE_WEDNESDAY}, {"thursday", GY_LOG_ROTATE_THURSDAY},
        {"friday", GY_LOG_ROTATE_FRIDAY},       {"saturday", GY_LOG_ROTATE_SATURDAY},
        {"sunday", GY_LOG_ROTATE_SUNDAY},       {"never", GY_LOG_ROTATE_NEVER},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (gy_str_ieq(gy_str_of(text), gy_str_of(words[i].name))) {
            out->rotate = words[i].rotate;
            return true;
        }
    }
    out->rotate = GY_LOG_ROTATE_INTERVAL;
    return gy__option_time(gy_str_of(text), &out->rotate_every) == 0 && out->rotate_every >= 1 &&
           out->rotate_every <= 366 * 86400.0;
}

static const char *check_rotate(const gy_option *o)
{
    gy_log_opts ignored;
    return read_rotate(*(const char **)o->value, &ignored)
               ? NULL
               : "size, midnight, a weekday such as monday, a time from 1s on such as 6h, or never";
}

void gy__log_options_init(struct gy__log_options *s)
{
    *s = (struct gy__log_options){
        .levels = "info", .rotate = "size", .backups = 10, .size = (size_t)100 << 20};
    const gy_option rows[] = {
        GY_OPT_TEXT("log-level", &s->levels,
                    "log what matters so much or more: debug, info, warning, error or off; for "
                    "single channels as in info,access=off",
                    .meta = "LEVEL", .check = check_levels),
        GY_OPT_TEXTS("log-to", &s->to,
                     "where to log; stderr when not given, or nowhere else when there is a file",
                     .meta = "WHERE", .choices = targets),
        GY_OPT_PATH("log-file", &s->file, "append the log to this file"),
        GY_OPT_TEXT("log-rotate", &s->rotate,
                    "begin a new file at a size, at midnight, on monday (tuesday ...), every 6h or "
                    "another time, or never",
                    .meta = "WHEN", .check = check_rotate),
        GY_OPT_SIZE("log-file-size", &s->size, "the size at which a new file begins", .min = 1024,
                    .max = (double)((size_t)1 << 40)),
        GY_OPT_INT("log-file-backups", &s->backups, "keep so many of the files before", .min = 1,
                   .max = 1000),
        GY_OPT_CHOICE("log-format", &s->format, formats, "lines for people or for programs"),
        GY_OPT_CHOICE("log-color", &s->color, colors, "colour lines on standard error",
                      .meta = "WHEN"),
        GY_OPT_END,
    };
    _Static_assert(sizeof rows == sizeof s->rows, "a row for each");
    memcpy(s->rows, rows, sizeof rows);
}

static unsigned targets_of(const gy_texts *list)
{
    unsigned bits = 0;
    for (size_t i = 0; i < list->count; i++)
        for (unsigned bit = 0; targets[bit]; bit++)
            if (strcmp(list->items[i], targets[bit]) == 0)
                bits |= 1u << bit;
    return bits;
}

int gy__log_options_apply(const struct gy__log_options *s, const char *name, char *why, size_t size)
{
    gy_log_opts opts = {.levels = s->levels,
                        .to = targets_of(&s->to),
                        .format = (enum gy_log_format)s->format,
                        .color = (enum gy_log_color)s->color,
                        .file = s->file,
                        .file_size = s->size,
                        .backups = s->backups,
                        .name = name};
    read_rotate(s->rotate, &opts);
    return gy_log_setup(&opts, why, size);
}
