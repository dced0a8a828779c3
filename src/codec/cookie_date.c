/* SPDX-License-Identifier: MIT */
/* cookie_date.c - the dates in cookies (RFC 6265 section 5.1.1). */
#include "codec/cookie.h"

#include <gyre/error.h>

struct found {
    int year, month, day, hour, minute, second; /* -1: not yet; month from 0 */
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* White space and most signs, but no colon. */
static bool is_delimiter(char c)
{
    unsigned char u = (unsigned char)c;
    return u == 0x09 || (u >= 0x20 && u <= 0x2f) || (u >= 0x3b && u <= 0x40) ||
           (u >= 0x5b && u <= 0x60) || (u >= 0x7b && u <= 0x7e);
}

/* A number of [least] to [most] digits, with no digit behind it; moves [s] behind it. -1: none. */
static int take_number(gy_str *s, size_t least, size_t most)
{
    size_t n = 0;
    int v = 0;
    while (n < s->len && n <= most && is_digit(s->ptr[n]))
        v = v * 10 + (s->ptr[n++] - '0');
    if (n < least || n > most)
        return -1;
    *s = gy_str_n(s->ptr + n, s->len - n);
    return v;
}

static bool take_time(gy_str token, struct found *f)
{
    int part[3];
    for (int i = 0; i < 3; i++) {
        part[i] = take_number(&token, 1, 2);
        if (part[i] < 0)
            return false;
        if (i < 2) {
            if (token.len == 0 || token.ptr[0] != ':')
                return false;
            token = gy_str_n(token.ptr + 1, token.len - 1);
        }
    }
    f->hour = part[0];
    f->minute = part[1];
    f->second = part[2];
    return true;
}

static bool take_month(gy_str token, struct found *f)
{
    static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    for (int i = 0; token.len >= 3 && i < 12; i++) {
        if (gy_str_ieq(gy_str_n(token.ptr, 3), gy_str_n(months + 3 * i, 3))) {
            f->month = i;
            return true;
        }
    }
    return false;
}

static void take_token(gy_str token, struct found *f)
{
    int v;
    gy_str rest = token;
    if (f->hour < 0 && take_time(token, f))
        return;
    if (f->day < 0 && (v = take_number(&rest, 1, 2)) >= 0) {
        f->day = v;
        return;
    }
    if (f->month < 0 && take_month(token, f))
        return;
    rest = token;
    if (f->year < 0 && (v = take_number(&rest, 2, 4)) >= 0)
        f->year = v < 70 ? v + 2000 : v < 100 ? v + 1900 : v;
}

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static bool exists(const struct found *f)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return f->year >= 1601 && f->month >= 0 && f->day >= 1 &&
           f->day <= days[f->month] + (f->month == 1 && is_leap(f->year)) && f->hour >= 0 &&
           f->hour <= 23 && f->minute <= 59 && f->second <= 59;
}

/* Days since 1970-01-01, with years that begin in March. */
static int64_t count_days(const struct found *f)
{
    int64_t year = f->year - (f->month < 2);
    int64_t month = (f->month + 10) % 12;
    return year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + f->day - 1 -
           719468;
}

int gy__cookie_date(gy_str text, int64_t *out)
{
    struct found f = {-1, -1, -1, -1, -1, -1};
    for (size_t i = 0; i < text.len;) {
        size_t start = i;
        while (i < text.len && !is_delimiter(text.ptr[i]))
            i++;
        if (i > start)
            take_token(gy_str_n(text.ptr + start, i - start), &f);
        else
            i++;
    }
    if (!exists(&f))
        return GY_EINVAL;
    *out = ((count_days(&f) * 24 + f.hour) * 60 + f.minute) * 60 + f.second;
    return 0;
}
