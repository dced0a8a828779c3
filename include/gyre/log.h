/* SPDX-License-Identifier: MIT */
/* log.h - three channels of log lines, and where they go. */
#ifndef GYRE_LOG_H
#define GYRE_LOG_H

#include <gyre/export.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

enum gy_log_level { GY_LOG_DEBUG, GY_LOG_INFO, GY_LOG_WARNING, GY_LOG_ERROR, GY_LOG_OFF };

/* As in Tornado: a line a request, what handlers did wrong, and everything else. */
enum gy_log_channel { GY_LOG_ACCESS, GY_LOG_APP, GY_LOG_GENERAL };

/* Takes one finished line without its end: no control characters are left in [text] (they were
 * escaped as \xNN). Called on the thread that logs; must not suspend. */
typedef void gy_log_sink(void *arg, enum gy_log_channel channel, enum gy_log_level level,
                         const char *text, size_t len);

/* One or more; syslog and journald get the message itself, the others a line. */
enum gy_log_target {
    GY_LOG_TO_STDERR = 1,
    GY_LOG_TO_SYSLOG = 2,
    GY_LOG_TO_JOURNALD = 4,
    GY_LOG_TO_NONE = 8 /* but for the file */
};

/* TEXT: "[I 261122 12:00:00.123 app] message", in local time; a log id (gy_task_set_log_id) stands
 * behind the channel. JSON: an object a line with time (RFC 3339, UTC), level, channel, pid,
 * request_id when there is one, and message. */
enum gy_log_format { GY_LOG_AS_TEXT, GY_LOG_AS_JSON };

enum gy_log_color {
    GY_LOG_COLOR_AUTO, /* on a terminal, unless NO_COLOR is set */
    GY_LOG_COLOR_ALWAYS,
    GY_LOG_COLOR_NEVER
};

/* When the file becomes FILE.1 (that FILE.2, and so on) and a new one begins. */
enum gy_log_rotate {
    GY_LOG_ROTATE_SIZE,
    GY_LOG_ROTATE_MIDNIGHT, /* local time, as the weekdays: at the midnight they begin with */
    GY_LOG_ROTATE_MONDAY,
    GY_LOG_ROTATE_TUESDAY,
    GY_LOG_ROTATE_WEDNESDAY,
    GY_LOG_ROTATE_THURSDAY,
    GY_LOG_ROTATE_FRIDAY,
    GY_LOG_ROTATE_SATURDAY,
    GY_LOG_ROTATE_SUNDAY,
    GY_LOG_ROTATE_INTERVAL, /* whole multiples of rotate_every since 1970, UTC */
    GY_LOG_ROTATE_NEVER     /* somebody else does: it is noticed within a second */
};

/* {0} is how a program begins: text on standard error. */
typedef struct gy_log_opts {
    const char
        *levels; /* "info", or "info,access=off": all channels, then some; NULL leaves them */
    unsigned to; /* of gy_log_target; 0: standard error, unless there is a file */
    enum gy_log_format format; /* on standard error and in the file */
    enum gy_log_color color;   /* on standard error */
    const char *file;          /* appended to; several processes may share it */
    enum gy_log_rotate rotate;
    double rotate_every;                         /* seconds */
    size_t file_size;                            /* bytes it may have; 0 is 100 MiB */
    int backups;                                 /* so many are kept; 0 is 10 */
    const char *name;                            /* in syslog and journald; NULL is the program's */
    const char *syslog_socket, *journald_socket; /* NULL: where they are */
} gy_log_opts;

GY_BEGIN_DECLS

/* Lines below its level are dropped before they are formatted. Every channel begins with
 * GY_LOG_INFO; gy_log_set_level is for all of them. */
GY_API void gy_log_set_level(enum gy_log_level level);
GY_API void gy_log_set_channel_level(enum gy_log_channel channel, enum gy_log_level level);
GY_API bool gy_log_enabled(enum gy_log_channel channel, enum gy_log_level level);

/* "debug", "info", "warning", "error" or "off" (or "none"); GY_EINVAL for anything else. */
GY_API GY_CHECKED int gy_log_level_parse(const char *name, enum gy_log_level *out);

/* Set the levels that gy_log_opts.levels describes. GY_EINVAL sets none. */
GY_API GY_CHECKED int gy_log_set_levels(const char *levels);

/* Decide where lines go from now on; borrows nothing. 0, or a negative code: then nothing has
 * changed, and [why], of [size] bytes, holds a sentence. Call it before there are threads.
 *
 * Later a full disk, or a log daemon that is gone, costs the lines and nothing else: standard error
 * gets one line about it, and one when it is over. Among processes that share a file one rotates it,
 * at most once a second, and no line is lost; call it before the fork, or in each. */
GY_API GY_CHECKED int gy_log_setup(const gy_log_opts *opts, char *why, size_t size);

/* Open the file anew before the next line, as after it was moved away. Safe in a signal handler. */
GY_API void gy_log_reopen(void);

/* Send lines to [sink] instead; NULL restores what gy_log_setup decided. */
GY_API void gy_log_set_sink(gy_log_sink *sink, void *arg);

GY_API void gy_log(enum gy_log_channel channel, enum gy_log_level level, const char *fmt, ...)
    GY_PRINTF(3, 4);
GY_API void gy_vlog(enum gy_log_channel channel, enum gy_log_level level, const char *fmt,
                    va_list ap) GY_PRINTF(3, 0);

GY_END_DECLS

/* For applications. */
#define gy_debug(...) gy_log(GY_LOG_APP, GY_LOG_DEBUG, __VA_ARGS__)
#define gy_info(...) gy_log(GY_LOG_APP, GY_LOG_INFO, __VA_ARGS__)
#define gy_warning(...) gy_log(GY_LOG_APP, GY_LOG_WARNING, __VA_ARGS__)
#define gy_error(...) gy_log(GY_LOG_APP, GY_LOG_ERROR, __VA_ARGS__)

#endif
