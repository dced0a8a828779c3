/* SPDX-License-Identifier: MIT */
/* option_date.c - dates and times of day. */
#include <gyre/error.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "serve/option_value.h"

/* [count] digits at the front of [s] as a number. */
static bool take(gy_str *s, size_t count, int *out)
{
    int n = 0;
    if (s->len < count)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (s->ptr[i] < '0' || s->ptr[i] > '9')
            return false;
        n = n * 10 + (s->ptr[i] - '0');
    }
    *s = gy_str_n(s->ptr + count, s->len - count);
    *out = n;
    return true;
}

static bool take_char(gy_str *s, char c)
{
    if (s->len == 0 || s->ptr[0] != c)
        return false;
    *s = gy_str_n(s->ptr + 1, s->len - 1);
    return true;
}

static int days_in(int year, int month)
{
    static const char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

/* 2026-11-22 or 20261122 */
static bool take_date(gy_str *s, struct tm *tm)
{
    int year, month, day;
    if (!take(s, 4, &year))
        return false;
    bool dash = take_char(s, '-');
    if (!take(s, 2, &month) || (dash && !take_char(s, '-')) || !take(s, 2, &day))
        return false;
    if (year == 0 || month < 1 || month > 12 || day < 1 || day > days_in(year, month))
        return false;
    tm->tm_year = year - 1900;
    tm->tm_mon = month - 1;
    tm->tm_mday = day;
    return true;
}

/* 15:04, 15:04:05 or 15:04:05.25 */
static bool take_clock(gy_str *s, struct tm *tm, double *fraction)
{
    if (!take(s, 2, &tm->tm_hour) || !take_char(s, ':') || !take(s, 2, &tm->tm_min))
        return false;
    if (take_char(s, ':')) {
        if (!take(s, 2, &tm->tm_sec))
            return false;
        int digit;
        double unit = 0.1;
        bool dot = take_char(s, '.');
        if (dot && (s->len == 0 || s->ptr[0] < '0' || s->ptr[0] > '9'))
            return false;
        while (dot && take(s, 1, &digit)) {
            *fraction += digit * unit;
            unit /= 10;
        }
    }
    return tm->tm_hour < 24 && tm->tm_min < 60 && tm->tm_sec < 60;
}

/* Z, +01:00 or -0130: seconds east. */
static bool take_zone(gy_str *s, int *east)
{
    int hours, minutes, sign = 1;
    *east = 0;
    if (take_char(s, 'Z'))
        return true;
    if (take_char(s, '-'))
        sign = -1;
    else if (!take_char(s, '+'))
        return false;
    if (!take(s, 2, &hours))
        return false;
    take_char(s, ':');
    if (!take(s, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    *east = sign * (hours * 3600 + minutes * 60);
    return true;
}

static void today(struct tm *tm)
{
    time_t now = (time_t)gy__clock_wall();
    struct tm local;
    if (!localtime_r(&now, &local))
        return;
    tm->tm_year = local.tm_year;
    tm->tm_mon = local.tm_mon;
    tm->tm_mday = local.tm_mday;
}

int gy__option_date(gy_str text, double *out)
{
    struct tm tm = {.tm_year = 70, .tm_mday = 1, .tm_isdst = -1};
    double fraction = 0;
    int east = 0;
    bool zoned = false, has_clock = text.len > 2 && text.ptr[2] == ':';
    if (has_clock) {
        today(&tm);
    } else {
        if (!take_date(&text, &tm))
            return GY_EINVAL;
        has_clock = take_char(&text, 'T') || take_char(&text, ' ');
    }
    if (has_clock && !take_clock(&text, &tm, &fraction))
        return GY_EINVAL;
    if (has_clock && text.len > 0) {
        take_char(&text, ' ');
        zoned = take_zone(&text, &east);
        if (!zoned)
            return GY_EINVAL;
    }
    if (text.len > 0)
        return GY_EINVAL;
    time_t t = zoned ? timegm(&tm) : mktime(&tm);
    *out = (double)t - east + fraction;
    return 0;
}

void gy__option_date_print(double seconds, char out[32])
{
    time_t t = (time_t)seconds;
    struct tm tm;
    out[0] = 0;
    if (localtime_r(&t, &tm) && tm.tm_year < 9999 - 1900)
        strftime(out, 32, "%Y-%m-%d %H:%M:%S", &tm);
}
