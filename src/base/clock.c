/* SPDX-License-Identifier: MIT */
/* clock.c - what time it is, which tests can decide. */
#include "base/clock.h"

#include <stdatomic.h>
#include <string.h>
#include <time.h>

static _Atomic(const struct gy__clock_source *) source;

static inline const struct gy__clock_source *fake(void)
{
    return atomic_load_explicit(&source, memory_order_acquire);
}

void gy__clock_set(const struct gy__clock_source *src)
{
    atomic_store_explicit(&source, src, memory_order_release);
}

static int64_t read_clock(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * GY__NS_PER_S + t.tv_nsec;
}

int64_t gy__clock_now(void)
{
    const struct gy__clock_source *f = fake();
    return f ? f->now_ns(f->arg) : read_clock(CLOCK_MONOTONIC);
}

int64_t gy__clock_real(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int64_t gy__clock_coarse(void)
{
    const struct gy__clock_source *f = fake();
    return f ? f->now_ns(f->arg) : read_clock(CLOCK_MONOTONIC_COARSE);
}

int64_t gy__clock_wall_ns(void)
{
    const struct gy__clock_source *f = fake();
    return f ? f->wall_ns(f->arg) : read_clock(CLOCK_REALTIME);
}

int64_t gy__clock_wall(void)
{
    const struct gy__clock_source *f = fake();
    if (f)
        return f->wall_ns(f->arg) / GY__NS_PER_S;
    struct timespec t;
    clock_gettime(CLOCK_REALTIME_COARSE, &t);
    return t.tv_sec;
}

/* Year, month (1 to 12) and day of a day counted from 1970-01-01, in the proleptic Gregorian
 * calendar. Years are counted from 1 March, so that the leap day comes last. */
static void civil_from_days(int64_t days, int *year, int *month, int *day)
{
    int64_t z = days + 719468 + 146097; /* 400 years before 0000-03-01: none is negative */
    int64_t era = z / 146097;
    int64_t of_era = z - era * 146097;
    int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * y + y / 4 - y / 100);
    int64_t m = (5 * of_year + 2) / 153;
    *day = (int)(of_year - (153 * m + 2) / 5 + 1);
    *month = (int)(m < 10 ? m + 3 : m - 9);
    *year = (int)(y + era * 400 - 400 + (*month <= 2));
}

static inline void two(char *p, int v)
{
    p[0] = (char)('0' + v / 10);
    p[1] = (char)('0' + v % 10);
}

const char *gy__clock_date(int64_t unix_seconds, char out[30])
{
    static const char weekdays[] = "ThuFriSatSunMonTueWed"; /* 1970-01-01 was a Thursday */
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    enum { DAY = 86400 };
    const int64_t first = INT64_C(-62167219200), last = INT64_C(253402300799);
    int year, month, day;

    unix_seconds = unix_seconds < first ? first : unix_seconds;
    unix_seconds = unix_seconds > last ? last : unix_seconds;
    int64_t days = unix_seconds / DAY;
    int second = (int)(unix_seconds % DAY);
    if (second < 0) {
        second += DAY;
        days--;
    }
    civil_from_days(days, &year, &month, &day);
    memcpy(out, "Thu, 01 Jan 1970 00:00:00 GMT", 30);
    memcpy(out, weekdays + (days % 7 + 7) % 7 * 3, 3);
    two(out + 5, day);
    memcpy(out + 8, months + (month - 1) * 3, 3);
    two(out + 12, year / 100);
    two(out + 14, year % 100);
    two(out + 17, second / 3600);
    two(out + 20, second / 60 % 60);
    two(out + 23, second % 60);
    return out;
}
