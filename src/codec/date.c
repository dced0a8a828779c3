/* SPDX-License-Identifier: MIT */
/* date.c - the dates of HTTP (RFC 9110 5.6.7) read. */
#include "codec/date.h"

#include <gyre/error.h>

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
static const char *const weekdays[] = {"Thursday", "Friday",  "Saturday", "Sunday",
                                       "Monday",   "Tuesday", "Wednesday"};

enum { AVERAGE_YEAR = 31556952 }; /* seconds */

struct fields {
    int year, month, day, hour, minute, second;
    int weekday; /* 0 is Thursday, as 1970-01-01 was */
};

/* Does [text] look like [shape]? There 9 is a digit, _ a digit or a space, a any byte, and all else
 * itself. */
static bool looks_like(gy_str text, const char *shape)
{
    if (text.len != strlen(shape))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        bool digit = text.ptr[i] >= '0' && text.ptr[i] <= '9';
        char kind = shape[i];
        bool same = kind == '9'   ? digit
                    : kind == '_' ? digit || text.ptr[i] == ' '
                    : kind == 'a' ? true
                                  : text.ptr[i] == kind;
        if (!same)
            return false;
    }
    return true;
}

/* Two digits; a space counts as 0. */
static int two(const char *p)
{
    return (p[0] == ' ' ? 0 : p[0] - '0') * 10 + (p[1] - '0');
}

static int month_of(const char *p)
{
    for (int m = 0; m < 12; m++) {
        if (memcmp(p, months + 3 * m, 3) == 0)
            return m + 1;
    }
    return 0;
}

/* With the whole name, or only the first [len] letters of it. */
static int weekday_of(const char *p, size_t len, bool whole)
{
    for (int d = 0; d < 7; d++) {
        if ((!whole || strlen(weekdays[d]) == len) && memcmp(p, weekdays[d], len) == 0)
            return d;
    }
    return -1;
}

static void read_time(struct fields *f, const char *p)
{
    f->hour = two(p);
    f->minute = two(p + 3);
    f->second = two(p + 6);
}

static bool read_fixdate(struct fields *f, gy_str s)
{
    if (!looks_like(s, "aaa, 99 aaa 9999 99:99:99 GMT"))
        return false;
    f->weekday = weekday_of(s.ptr, 3, false);
    f->day = two(s.ptr + 5);
    f->month = month_of(s.ptr + 8);
    f->year = two(s.ptr + 12) * 100 + two(s.ptr + 14);
    read_time(f, s.ptr + 17);
    return true;
}

static bool read_asctime(struct fields *f, gy_str s)
{
    if (!looks_like(s, "aaa aaa _9 99:99:99 9999"))
        return false;
    f->weekday = weekday_of(s.ptr, 3, false);
    f->month = month_of(s.ptr + 4);
    f->day = two(s.ptr + 8);
    read_time(f, s.ptr + 11);
    f->year = two(s.ptr + 20) * 100 + two(s.ptr + 22);
    return true;
}

/* Days from 1970-01-01, in the proleptic Gregorian calendar. */
static int64_t days_from_civil(int year, int month, int day)
{
    int64_t y = year - (month <= 2) + 400; /* counted from 1 March; never negative */
    int64_t era = y / 400, of_era = y % 400;
    int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return (era - 1) * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static bool read_rfc850(struct fields *f, gy_str s, int64_t now)
{
    size_t comma = gy_str_find(s, ',');
    if (comma > strlen("Wednesday"))
        return false;
    gy_str rest = gy_str_n(s.ptr + comma, s.len - comma);
    if (!looks_like(rest, ", 99-aaa-99 99:99:99 GMT"))
        return false;
    f->weekday = weekday_of(s.ptr, comma, true);
    f->day = two(rest.ptr + 2);
    f->month = month_of(rest.ptr + 5);
    read_time(f, rest.ptr + 12);
    int64_t year = 1970 + now / AVERAGE_YEAR;
    int latest = (int)(year < 100 ? 100 : year > 9900 ? 9900 : year) + 50;
    f->year = latest - (latest - two(rest.ptr + 9)) % 100;
    return true;
}

static bool exists(const struct fields *f)
{
    static const int lengths[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (f->year % 4 == 0 && f->year % 100 != 0) || f->year % 400 == 0;
    if (f->weekday < 0 || f->month == 0 || f->day < 1 || f->day > lengths[f->month - 1])
        return false;
    if (f->month == 2 && f->day == 29 && !leap)
        return false;
    return f->hour < 24 && f->minute < 60 && f->second <= 60; /* 60 is a leap second */
}

int gy__date_parse(gy_str text, int64_t now, int64_t *out)
{
    struct fields f;
    if (!read_fixdate(&f, text) && !read_asctime(&f, text) && !read_rfc850(&f, text, now))
        return GY_EINVAL;
    if (!exists(&f))
        return GY_EINVAL;
    int64_t days = days_from_civil(f.year, f.month, f.day);
    if ((days % 7 + 7) % 7 != f.weekday)
        return GY_EINVAL;
    *out = days * 86400 + f.hour * 3600 + f.minute * 60 + f.second;
    return 0;
}
