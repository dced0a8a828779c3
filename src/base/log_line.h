/* SPDX-License-Identifier: MIT */
/* log_line.h - what a log line looks like. */
#ifndef GYRE_BASE_LOG_LINE_H
#define GYRE_BASE_LOG_LINE_H

#include <gyre/log.h>
#include <stdint.h>

enum {
    GY__LOG_TEXT = 4096, /* the longest text, with the mark that it was cut */
    GY__LOG_PREFIX = 64, /* the longest prefix, with its colour */
};

/* [text] into [out] as one printable line: control characters and what is not UTF-8 become \xNN.
 * What goes beyond GY__LOG_TEXT bytes, or [more] being set, leaves a mark at the end. Gives the
 * length; no NUL. */
size_t gy__log_escape(char out[GY__LOG_TEXT], const char *text, size_t len, bool more);

/* "[I 261122 12:00:00.123 access] " in local time into [out]; gives the length. No NUL. */
size_t gy__log_prefix(char out[GY__LOG_PREFIX], enum gy_log_channel channel,
                      enum gy_log_level level, int64_t wall_ns, bool colour);

#endif
