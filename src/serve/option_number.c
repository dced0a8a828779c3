/* SPDX-License-Identifier: MIT */
/* option_number.c - truth values, sizes and times, read. */
#include <gyre/error.h>
#include <string.h>

#include "serve/option_value.h"

int gy__option_bool(gy_str text, bool *out)
{
    static const char *const words[] = {"false", "true", "no", "yes", "off", "on", "0", "1"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (gy_str_ieq(text, gy_str_of(words[i]))) {
            *out = i % 2;
            return 0;
        }
    }
    return GY_EINVAL;
}

int gy__option_size(gy_str text, size_t *out)
{
    static const char units[] = "KMGT";
    unsigned shift = 0;
    if (text.len > 0) {
        char last = text.ptr[text.len - 1];
        if (last >= 'a' && last <= 'z')
            last = (char)(last - 'a' + 'A');
        const char *unit = memchr(units, last, sizeof units - 1);
        if (unit) {
            shift = 10 * (unsigned)(unit - units + 1);
            text.len--;
        }
    }
    uint64_t count;
    if (gy_str_uint(text, &count) || count > SIZE_MAX >> shift)
        return GY_EINVAL;
    *out = (size_t)count << shift;
    return 0;
}

/* The seconds of "ms", "s", "m", "h" or "d", or 0. */
static double unit_seconds(gy_str unit)
{
    static const struct {
        gy_str name;
        double seconds;
    } units[] = {
        {GY_STR("ms"), 0.001}, {GY_STR("s"), 1},     {GY_STR("m"), 60},
        {GY_STR("h"), 3600},   {GY_STR("d"), 86400},
    };
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (gy_str_eq(unit, units[i].name))
            return units[i].seconds;
    return 0;
}

/* How many bytes at the start of [s] are of [set]. */
static size_t span(gy_str s, const char *set)
{
    size_t n = 0;
    while (n < s.len && s.ptr[n] && strchr(set, s.ptr[n]))
        n++;
    return n;
}

int gy__option_time(gy_str text, double *out)
{
    double sum = 0, number;
    if (span(text, "0123456789.") == text.len) {
        if (gy_str_double(text, &sum))
            return GY_EINVAL;
        text.len = 0;
    }
    while (text.len > 0) {
        size_t digits = span(text, "0123456789.");
        size_t letters = span(gy_str_n(text.ptr + digits, text.len - digits), "smhd");
        double unit = unit_seconds(gy_str_n(text.ptr + digits, letters));
        if (unit == 0 || gy_str_double(gy_str_n(text.ptr, digits), &number))
            return GY_EINVAL;
        sum += number * unit;
        text = gy_str_n(text.ptr + digits + letters, text.len - digits - letters);
    }
    if (sum > 1e15)
        return GY_EINVAL;
    *out = sum;
    return 0;
}
