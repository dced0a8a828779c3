/* SPDX-License-Identifier: MIT */
/* log_line.h - what a log line holds and what it looks like. */
#ifndef GYRE_BASE_LOG_LINE_H
#define GYRE_BASE_LOG_LINE_H

#include <gyre/log.h>
#include <stdint.h>

enum {
    GY__LOG_CHANNELS = GY_LOG_GENERAL + 1,
    GY__LOG_TEXT = 4096,                   /* the longest text, with the mark that it was cut */
    GY__LOG_ID = 128,                      /* the longest id that is shown */
    GY__LOG_PREFIX = 200,                  /* the longest prefix, with its colour and id */
    GY__LOG_JSON = 6 * GY__LOG_TEXT + 1024 /* the longest object, with its line end */
};

/* Gives the id of what is running now, such as a request's, or NULL; set by the floor that knows
 * what runs. */
extern const char *(*gy__log_id)(void);

struct gy__log_line {
    enum gy_log_channel channel;
    enum gy_log_level level;
    int64_t wall_ns;
    const char *id;  /* or NULL */
    const char *raw; /* as it was given, but for its length */
    size_t raw_len;
    bool cut;   /* there was more */
    char *text; /* made printable; there is room for a prefix before it and for a byte behind */
    size_t len;
};

/* [text] into [out] as one printable line: control characters and what is not UTF-8 become \xNN.
 * What goes beyond GY__LOG_TEXT bytes, or [more] being set, leaves a mark at the end. Gives the
 * length; no NUL. */
size_t gy__log_escape(char out[GY__LOG_TEXT], const char *text, size_t len, bool more);

/* "[I 261122 12:00:00.123 access 5f0c] " in local time into [out]; gives the length. No NUL. */
size_t gy__log_prefix(char out[GY__LOG_PREFIX], const struct gy__log_line *line, bool colour);

/* The line as a JSON object with its line end; gives the length. No NUL. */
size_t gy__log_json(char out[GY__LOG_JSON], const struct gy__log_line *line);

/* "access", "info"; of [id] no more than GY__LOG_ID bytes, visible ASCII or else '?'; gives the
 * length. */
const char *gy__log_channel_name(enum gy_log_channel channel);
const char *gy__log_level_name(enum gy_log_level level);
size_t gy__log_plain_id(char out[GY__LOG_ID], const char *id);

#endif
