/* SPDX-License-Identifier: MIT */
/* log_json.c - log lines as JSON objects. */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log_line.h"
#include "base/utf8_step.h"

static size_t put_unit(char *out, unsigned unit)
{
    static const char digits[] = "0123456789abcdef";
    memcpy(out, "\\u", 2);
    for (int i = 0; i < 4; i++)
        out[2 + i] = digits[unit >> (12 - 4 * i) & 15];
    return 6;
}

static size_t put_ascii(char *out, char c)
{
    static const char plain[] = "\"\\\n\r\t", letters[] = "\"\\nrt";
    const char *found = c ? strchr(plain, c) : NULL;
    if (found) {
        out[0] = '\\';
        out[1] = letters[found - plain];
        return 2;
    }
    if ((unsigned char)c < ' ' || c == 127)
        return put_unit(out, (unsigned char)c);
    *out = c;
    return 1;
}

/* What is not UTF-8 becomes U+FFFD; what steers terminals (U+0080 to U+009F) is escaped as control
 * characters are. Writes at most six times as many bytes. */
static size_t put_text(char *out, const char *text, size_t len)
{
    size_t n = 0;
    for (size_t i = 0; i < len;) {
        size_t step = (unsigned char)text[i] < 0x80 ? 1 : gy__utf8_step(text + i, len - i);
        if ((unsigned char)text[i] < 0x80) {
            n += put_ascii(out + n, text[i]);
        } else if (step < 2) {
            n += put_unit(out + n, 0xfffd);
        } else if (text[i] == '\xc2' && (unsigned char)text[i + 1] < 0xa0) {
            n += put_unit(out + n, (unsigned char)text[i + 1]);
        } else {
            memcpy(out + n, text + i, step);
            n += step;
        }
        i += step ? step : 1;
    }
    return n;
}

/* RFC 3339, in UTC with milliseconds. */
static void print_time(char out[32], int64_t wall_ns)
{
    time_t t = (time_t)(wall_ns / GY__NS_PER_S);
    struct tm tm = {.tm_mday = 1};
    gmtime_r(&t, &tm);
    snprintf(out, 32, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", (tm.tm_year + 1900) % 10000,
             (tm.tm_mon + 1) % 100, tm.tm_mday % 100, tm.tm_hour % 100, tm.tm_min % 100,
             tm.tm_sec % 100, (int)(wall_ns % GY__NS_PER_S / GY__NS_PER_MS));
}

static size_t put_key(char *out, const char *text)
{
    size_t n = strlen(text);
    memcpy(out, text, n);
    return n;
}

size_t gy__log_json(char out[GY__LOG_JSON], const struct gy__log_line *line)
{
    char time[32], id[GY__LOG_ID];
    size_t id_len = gy__log_plain_id(id, line->id);
    print_time(time, line->wall_ns < 0 ? 0 : line->wall_ns);
    size_t n = (size_t)snprintf(
        out, 160, "{\"time\":\"%s\",\"level\":\"%s\",\"channel\":\"%s\",\"pid\":%d", time,
        gy__log_level_name(line->level), gy__log_channel_name(line->channel), (int)getpid());
    if (id_len) {
        n += put_key(out + n, ",\"request_id\":\"");
        n += put_text(out + n, id, id_len);
        out[n++] = '"';
    }
    n += put_key(out + n, ",\"message\":\"");
    n += put_text(out + n, line->raw, line->raw_len);
    return n + put_key(out + n, line->cut ? " [cut]\"}\n" : "\"}\n");
}
