/* SPDX-License-Identifier: MIT */
/* log.h - three channels of log lines and the sink they go to. */
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

GY_BEGIN_DECLS

/* Lines below [level] are dropped before they are formatted. The default is GY_LOG_INFO. */
GY_API void gy_log_set_level(enum gy_log_level level);
GY_API bool gy_log_enabled(enum gy_log_level level);

/* "debug", "info", "warning", "error" or "off" (or "none"); GY_EINVAL for anything else. */
GY_API GY_CHECKED int gy_log_level_parse(const char *name, enum gy_log_level *out);

/* Send lines to [sink] instead of standard error; NULL restores that. */
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
