/* SPDX-License-Identifier: MIT */
/* number.c - numbers as text, whatever the locale. */
#include "codec/number.h"

#include <float.h>
#include <gyre/str.h>
#include <math.h>
#include <stdio.h>

size_t gy__number_uint(char *out, uint64_t v)
{
    char digits[20];
    size_t n = 0;
    do {
        digits[sizeof digits - ++n] = (char)('0' + v % 10);
        v /= 10;
    } while (v);
    memcpy(out, digits + sizeof digits - n, n);
    return n;
}

size_t gy__number_int(char *out, int64_t v)
{
    if (v >= 0)
        return gy__number_uint(out, (uint64_t)v);
    out[0] = '-';
    return 1 + gy__number_uint(out + 1, 0 - (uint64_t)v);
}

/* Anything that is no part of a number is the locale's radix character, of whatever length. */
static size_t with_point(char *text, size_t len)
{
    size_t n = 0;
    bool in_radix = false;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        bool own = (c >= '0' && c <= '9') || c == '-' || c == '+' || c == 'e';
        if (own || !in_radix)
            text[n++] = own ? c : '.';
        in_radix = !own;
    }
    return n;
}

size_t gy__number_printf(char *out, double v, char conversion, int precision)
{
    const char *fmt = conversion == 'f' ? "%.*f" : conversion == 'e' ? "%.*e" : "%.*g";
    precision = precision < 0 ? 0 : precision;
    precision = precision > GY__NUMBER_DIGITS ? GY__NUMBER_DIGITS : precision;
    int n = snprintf(out, GY__NUMBER_PRINTF_ROOM, fmt, precision, v);
    return with_point(out, (size_t)n);
}

static bool reads_back(const char *text, size_t len, double v)
{
    double back;
    return gy_str_double(gy_str_n(text, len), &back) == 0 && back == v;
}

/* Most fractions that people write are n / 10^k with a small n. Both are exact then, so one
 * division tells whether the text would read back, and no text need be read. */
static size_t short_fraction(char *out, double v)
{
    const double exact = 9007199254740992.0; /* 2^53 */
    uint64_t power = 1;
    if (FLT_EVAL_METHOD != 0 || v < 1e-5 || v >= exact)
        return 0;
    uint64_t n = (uint64_t)(v + 0.5);
    size_t k = 0;
    while (k <= 15 && v * (double)power < exact && (double)n / (double)power != v) {
        power *= 10;
        k++;
        n = (uint64_t)(v * (double)power + 0.5);
    }
    if (n >= (uint64_t)exact || (double)n / (double)power != v)
        return 0;
    size_t len = gy__number_uint(out, n / power);
    if (k == 0)
        return len;
    out[len] = '.';
    uint64_t fraction = n % power;
    for (size_t i = k; i > 0; i--, fraction /= 10)
        out[len + i] = (char)('0' + fraction % 10);
    return len + 1 + k;
}

/* Below a power of two the doubles lie closer, so that the nearest text of 16 digits may fail to
 * read back where the next one above succeeds. */
static size_t sixteen_digits_up(char *out, double v)
{
    size_t n = gy__number_printf(out, v, 'e', 15);
    size_t i = 16; /* the last digit of d.ddddddddddddddd */
    while (i > 0 && (out[i] == '9' || out[i] == '.')) {
        out[i] = out[i] == '9' ? '0' : '.';
        i--;
    }
    out[i]++;
    return out[0] <= '9' && reads_back(out, n, v) ? n : 0;
}

static size_t shortest_positive(char *out, double v)
{
    char text[GY__NUMBER_PRINTF_ROOM];
    size_t n = short_fraction(out, v);
    if (n)
        return n;
    /* Fewer than 15 digits are found by %g itself, which drops zeros, save among subnormals. */
    int digits = v < DBL_MIN ? 1 : 15;
    do {
        n = gy__number_printf(text, v, 'g', digits);
    } while (!reads_back(text, n, v) && ++digits < 17);
    if (digits == 17) {
        n = sixteen_digits_up(text, v);
        n = n ? n : gy__number_printf(text, v, 'g', 17);
    }
    memcpy(out, text, n);
    return n;
}

size_t gy__number_shortest(char *out, double v)
{
    bool negative = signbit(v);
    out[0] = '-';
    return negative + shortest_positive(out + negative, fabs(v));
}
