/* SPDX-License-Identifier: MIT */
/* log_syslog.c - log lines for syslog, as RFC 3164 has them. */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log_output.h"

enum { DAEMON = 3 << 3 }; /* the facility */

int gy__log_severity(enum gy_log_level level)
{
    static const int severities[] = {7, 6, 4, 3};
    return severities[(size_t)level < 4 ? (size_t)level : 3];
}

/* "Nov  6 12:00:00", whatever the locale. */
static void print_time(char out[32], int64_t wall_ns)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t t = (time_t)(wall_ns / GY__NS_PER_S);
    struct tm tm = {.tm_mday = 1};
    localtime_r(&t, &tm);
    snprintf(out, 32, "%.3s %2d %02d:%02d:%02d", months + tm.tm_mon % 12 * 3, tm.tm_mday % 100,
             tm.tm_hour % 100, tm.tm_min % 100, tm.tm_sec % 100);
}

void gy__log_syslog(struct gy__log_socket *s, const char *name, const struct gy__log_line *line)
{
    char head[256], time[32], id[GY__LOG_ID];
    size_t id_len = gy__log_plain_id(id, line->id);
    print_time(time, line->wall_ns);
    int n = snprintf(head, sizeof head, "<%d>%s %.40s[%d]: [%s%s%.*s] ",
                     DAEMON | gy__log_severity(line->level), time, name, (int)getpid(),
                     gy__log_channel_name(line->channel), id_len ? " " : "", (int)id_len, id);
    struct iovec parts[] = {{head, (size_t)n}, {line->text, line->len}};
    gy__log_socket_send(s, parts, 2);
}
