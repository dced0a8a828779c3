/* SPDX-License-Identifier: MIT */
/* log_output.h - the places that log lines go to. */
#ifndef GYRE_BASE_LOG_OUTPUT_H
#define GYRE_BASE_LOG_OUTPUT_H

#include <stdatomic.h>

#include "base/log_file.h"
#include "base/log_line.h"
#include "base/log_socket.h"

struct gy__log_output {
    unsigned to;
    enum gy_log_format format;
    bool colour;
    bool has_file;
    struct gy__log_file file;
    struct gy__log_socket syslog, journald;
    char name[64];
};

/* Hand a line to each. */
void gy__log_deliver(struct gy__log_line *line);

/* From now on these; gives those before, to be closed. */
struct gy__log_output gy__log_exchange(const struct gy__log_output *next);

void gy__log_close(struct gy__log_output *o);

/* What gy_log_set_levels would set. */
GY_CHECKED int gy__log_levels_read(const char *text, enum gy_log_level levels[GY__LOG_CHANNELS]);

/* Is standard error among them? */
bool gy__log_on_stderr(void);

bool gy__log_wants_colour(enum gy_log_color color);

/* As gy_log, but only OFF keeps it back, no other level. */
void gy__log_always(enum gy_log_channel channel, enum gy_log_level level, const char *fmt, ...)
    GY_PRINTF(3, 4);

/* Does a line of that kind come out on standard error, or in a sink? */
bool gy__log_is_seen(enum gy_log_channel channel, enum gy_log_level level);

/* -- log_syslog.c, log_journal.c --------------------------------------------------------------- */

void gy__log_syslog(struct gy__log_socket *s, const char *name, const struct gy__log_line *line);
void gy__log_journal(struct gy__log_socket *s, const char *name, const struct gy__log_line *line);

/* As syslog counts: 7 debug to 3 error. */
int gy__log_severity(enum gy_log_level level);

#endif
