/* SPDX-License-Identifier: MIT */
/* log_setup.c - gy_log_setup: decides where log lines go. */
#include <errno.h>
#include <gyre/error.h>
#include <gyre/str.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/log_output.h"

struct setup {
    const gy_log_opts *opts;
    struct gy__log_output next; /* .to holds what is open already */
    char *why;
    size_t size;
};

static GY_PRINTF(3, 4) int refuse(struct setup *s, int code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    if (s->size > 0)
        vsnprintf(s->why, s->size, fmt, ap);
    va_end(ap);
    return code;
}

static int open_file(struct setup *s)
{
    if (!s->opts->file || !*s->opts->file)
        return 0;
    int e = gy__log_file_open(&s->next.file, s->opts);
    if (e)
        return refuse(s, e, "the log %s cannot be opened: %s", s->opts->file, gy_strerror(e));
    s->next.has_file = true;
    return 0;
}

static int open_socket(struct setup *s, enum gy_log_target target, struct gy__log_socket *socket,
                       const char *path)
{
    if (!(s->opts->to & (unsigned)target))
        return 0;
    int e = gy__log_socket_open(socket, path);
    if (e)
        return refuse(s, e, "%s does not answer at %s: %s",
                      target == GY_LOG_TO_SYSLOG ? "syslog" : "journald", path, gy_strerror(e));
    s->next.to |= (unsigned)target;
    return 0;
}

static int open_all(struct setup *s)
{
    const gy_log_opts *opts = s->opts;
    int e = open_file(s);
    if (!e)
        e = open_socket(s, GY_LOG_TO_SYSLOG, &s->next.syslog,
                        opts->syslog_socket ? opts->syslog_socket : "/dev/log");
    if (!e)
        e = open_socket(s, GY_LOG_TO_JOURNALD, &s->next.journald,
                        opts->journald_socket ? opts->journald_socket
                                              : "/run/systemd/journal/socket");
    if (!e && ((opts->to & GY_LOG_TO_STDERR) || (opts->to == 0 && !s->next.has_file)))
        s->next.to |= GY_LOG_TO_STDERR;
    return e;
}

int gy_log_setup(const gy_log_opts *opts, char *why, size_t size)
{
    struct setup s = {.opts = opts, .why = why, .size = size};
    const char *name = opts->name ? opts->name : program_invocation_short_name;
    if (size > 0)
        why[0] = 0;
    s.next.format = opts->format;
    s.next.colour = gy__log_wants_colour(opts->color);
    snprintf(s.next.name, sizeof s.next.name, "%s", name);
    int e = open_all(&s);
    if (!e && opts->levels && gy_log_set_levels(opts->levels))
        e = refuse(&s, GY_EINVAL, "'%.60s' is no list of log levels such as info,access=off",
                   opts->levels);
    if (e) {
        gy__log_close(&s.next);
        return e;
    }
    struct gy__log_output before = gy__log_exchange(&s.next);
    gy__log_close(&before);
    return 0;
}
