/* SPDX-License-Identifier: MIT */
/* log_line.c - what a log line looks like. */
#include "base/log_line.h"

#include "base/clock.h"
#include "base/utf8_step.h"

#include <string.h>
#include <time.h>

static const char cut_mark[] = " [cut]";

/* How much of [text], [len] bytes, is plain ASCII text. */
static size_t plain_run(const char *text, size_t len)
{
    size_t n = 0;
    while (n < len && (unsigned char)text[n] - 0x20u < 0x5fu)
        n++;
    return n;
}

static size_t escape_byte(char *out, char byte)
{
    static const char digits[] = "0123456789ABCDEF";
    unsigned char u = (unsigned char)byte;
    out[0] = '\\';
    out[1] = 'x';
    out[2] = digits[u >> 4];
    out[3] = digits[u & 15];
    return 4;
}

size_t gy__log_escape(char out[GY__LOG_TEXT], const char *text, size_t len, bool more)
{
    const size_t room = GY__LOG_TEXT - (sizeof cut_mark - 1);
    size_t n = 0, i = 0;

    while (i < len) {
        size_t run = plain_run(text + i, len - i);
        bool fits = run <= room - n;
        run = fits ? run : room - n;
        memcpy(out + n, text + i, run);
        n += run;
        i += run;
        if (!fits || i == len)
            break;
        size_t step = gy__utf8_step(text + i, len - i);
        bool shown = gy__utf8_shows(text + i, step);
        if (room - n < 4)
            break;
        if (shown)
            memcpy(out + n, text + i, step);
        n += shown ? step : escape_byte(out + n, text[i]);
        i += shown ? step : 1;
    }
    if (i < len || more) {
        memcpy(out + n, cut_mark, sizeof cut_mark - 1);
        n += sizeof cut_mark - 1;
    }
    return n;
}

static inline char *two(char *p, int v)
{
    *p++ = (char)('0' + v / 10 % 10);
    *p++ = (char)('0' + v % 10);
    return p;
}

/* "261122 12:00:00" of local time, worked out once a second and thread. */
static const char *local_time(int64_t second)
{
    static _Thread_local int64_t known = INT64_MIN;
    static _Thread_local char text[15];

    if (second != known) {
        time_t t = (time_t)second;
        struct tm tm = {.tm_year = 70, .tm_mday = 1};
        localtime_r(&t, &tm);
        char *p = two(text, tm.tm_year % 100);
        p = two(two(p, tm.tm_mon + 1), tm.tm_mday);
        *p++ = ' ';
        p = two(p, tm.tm_hour);
        *p++ = ':';
        p = two(p, tm.tm_min);
        *p++ = ':';
        two(p, tm.tm_sec);
        known = second;
    }
    return text;
}

/* "261122 12:00:00.123" */
static char *stamp(char *p, int64_t wall_ns)
{
    int64_t second = wall_ns / GY__NS_PER_S;
    int64_t ns = wall_ns % GY__NS_PER_S;
    if (ns < 0) {
        ns += GY__NS_PER_S;
        second--;
    }
    int ms = (int)(ns / GY__NS_PER_MS);
    memcpy(p, local_time(second), 15);
    p += 15;
    *p++ = '.';
    *p++ = (char)('0' + ms / 100);
    return two(p, ms % 100);
}

static char *append(char *p, const char *text)
{
    size_t n = strlen(text);
    memcpy(p, text, n);
    return p + n;
}

const char *gy__log_channel_name(enum gy_log_channel channel)
{
    static const char *const names[] = {"access", "app", "general"};
    return names[(size_t)channel < 3 ? (size_t)channel : 2];
}

const char *gy__log_level_name(enum gy_log_level level)
{
    static const char *const names[] = {"debug", "info", "warning", "error"};
    return names[(size_t)level < 4 ? (size_t)level : 3];
}

size_t gy__log_plain_id(char out[GY__LOG_ID], const char *id)
{
    size_t n = 0;
    for (; id && id[n] && n < GY__LOG_ID; n++)
        out[n] = id[n] > ' ' && id[n] < 127 ? id[n] : '?';
    return n;
}

size_t gy__log_prefix(char out[GY__LOG_PREFIX], const struct gy__log_line *line, bool colour)
{
    static const char *const colours[] = {"\033[34m", "\033[32m", "\033[33m", "\033[31m"};
    size_t at_level = (size_t)line->level < 4 ? (size_t)line->level : 3;
    char *p = out;

    p = append(p, colour ? colours[at_level] : "");
    *p++ = '[';
    *p++ = "DIWE"[at_level];
    *p++ = ' ';
    p = stamp(p, line->wall_ns);
    *p++ = ' ';
    p = append(p, gy__log_channel_name(line->channel));
    if (line->id && *line->id) {
        *p++ = ' ';
        p += gy__log_plain_id(p, line->id);
    }
    *p++ = ']';
    p = append(p, colour ? "\033[0m " : " ");
    return (size_t)(p - out);
}
