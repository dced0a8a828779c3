/* SPDX-License-Identifier: MIT */
/* str_number.c - views: numbers in decimal, whatever the locale. */
#include <float.h>
#include <gyre/error.h>
#include <gyre/str.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static inline bool digit(char c)
{
    return c >= '0' && c <= '9';
}

int gy_str_uint(gy_str s, uint64_t *out)
{
    if (!s.len)
        return GY_EINVAL;
    uint64_t value = 0;
    bool overflow = false;
    for (size_t i = 0; i < s.len; i++) {
        if (!digit(s.ptr[i]))
            return GY_EINVAL;
        uint64_t d = (uint64_t)(s.ptr[i] - '0');
        overflow |= __builtin_mul_overflow(value, 10u, &value);
        overflow |= __builtin_add_overflow(value, d, &value);
    }
    if (overflow)
        return -ERANGE;
    *out = value;
    return 0;
}

int gy_str_int(gy_str s, int64_t *out)
{
    bool negative = s.len && s.ptr[0] == '-';
    uint64_t magnitude;
    int e = gy_str_uint(negative ? gy_str_n(s.ptr + 1, s.len - 1) : s, &magnitude);
    if (e)
        return e;
    if (magnitude > (uint64_t)INT64_MAX + negative)
        return -ERANGE;
    /* Through unsigned arithmetic, for INT64_MIN has no positive twin. */
    *out = (int64_t)(negative ? 0 - magnitude : magnitude);
    return 0;
}

/* 767 digits settle every double; one more says whether something followed. */
enum { MAX_DIGITS = 768, MAX_EXPONENT = 100000 };

/* digits x 10^exponent */
struct decimal {
    bool negative;
    bool cut; /* digits other than 0 were left out */
    int ndigits;
    int64_t exponent;
    char digits[MAX_DIGITS + 32]; /* room for a sign, the cut digit and the exponent */
};

static void decimal_digit(struct decimal *d, char c, bool fraction)
{
    if (d->ndigits == MAX_DIGITS) {
        d->cut |= c != '0';
        d->exponent += !fraction;
        return;
    }
    d->exponent -= fraction;
    if (d->ndigits || c != '0')
        d->digits[d->ndigits++] = c;
}

/* "e-12" behind the digits. */
static bool decimal_exponent(struct decimal *d, gy_str s)
{
    bool negative = s.len && s.ptr[0] == '-';
    size_t i = s.len && (negative || s.ptr[0] == '+');
    int64_t value = 0;
    if (i == s.len)
        return false;
    for (; i < s.len; i++) {
        if (!digit(s.ptr[i]))
            return false;
        /* Larger ones are all the same; staying small keeps the sum from overflowing. */
        if (value < INT64_MAX / 4 / 10)
            value = value * 10 + (s.ptr[i] - '0');
    }
    d->exponent += negative ? -value : value;
    return true;
}

static bool decimal_parse(struct decimal *d, gy_str s)
{
    size_t i = 0, seen = 0;

    d->negative = s.len && s.ptr[0] == '-';
    d->cut = false;
    d->ndigits = 0;
    d->exponent = 0;
    for (i = d->negative; i < s.len && digit(s.ptr[i]); i++, seen++)
        decimal_digit(d, s.ptr[i], false);
    if (i < s.len && s.ptr[i] == '.') {
        for (i++; i < s.len && digit(s.ptr[i]); i++, seen++)
            decimal_digit(d, s.ptr[i], true);
    }
    if (!seen)
        return false;
    if (i == s.len)
        return true;
    return (s.ptr[i] | 0x20) == 'e' && decimal_exponent(d, gy_str_n(s.ptr + i + 1, s.len - i - 1));
}

/* Clinger's fast path: both factors are exact, so the one rounding is the right one. */
static bool decimal_fast(const struct decimal *d, double *out)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (FLT_EVAL_METHOD != 0 || d->ndigits > 15 || d->exponent < -22 || d->exponent > 22)
        return false;
    int64_t n = 0;
    for (int i = 0; i < d->ndigits; i++)
        n = n * 10 + (d->digits[i] - '0');
    *out = d->exponent < 0 ? (double)n / powers[-d->exponent] : (double)n * powers[d->exponent];
    return true;
}

static double decimal_slow(struct decimal *d)
{
    /* glibc and musl give the C locale out of static storage: nothing to free, no failure. */
    locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    int n = d->ndigits;
    if (d->cut) {
        d->digits[n++] = '1';
        d->exponent--;
    }
    int64_t exponent = d->exponent;
    exponent = exponent > MAX_EXPONENT ? MAX_EXPONENT : exponent;
    exponent = exponent < -MAX_EXPONENT ? -MAX_EXPONENT : exponent;
    snprintf(d->digits + n, sizeof d->digits - (size_t)n, "e%d", (int)exponent);
    return strtod_l(d->digits, NULL, c_locale);
}

int gy_str_double(gy_str s, double *out)
{
    struct decimal d;
    double value = 0;

    if (!decimal_parse(&d, s))
        return GY_EINVAL;
    if (d.ndigits && !decimal_fast(&d, &value))
        value = decimal_slow(&d);
    if (!isfinite(value))
        return -ERANGE;
    *out = d.negative ? -value : value;
    return 0;
}
