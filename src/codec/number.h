/* SPDX-License-Identifier: MIT */
/* number.h - numbers as text, whatever the locale. */
#ifndef GYRE_CODEC_NUMBER_H
#define GYRE_CODEC_NUMBER_H

#include <stddef.h>
#include <stdint.h>

enum {
    GY__NUMBER_ROOM = 32,        /* for gy__number_int, _uint and _shortest */
    GY__NUMBER_DIGITS = 40,      /* the largest precision of gy__number_printf */
    GY__NUMBER_PRINTF_ROOM = 400 /* and the room it needs */
};

/* Decimal digits into [out], which has room for GY__NUMBER_ROOM; gives the length. No NUL. */
size_t gy__number_uint(char *out, uint64_t v);
size_t gy__number_int(char *out, int64_t v);

/* The shortest text that reads back as [v], which must be finite: "7", "0.1", "1e+300". */
size_t gy__number_shortest(char *out, double v);

/* [v], which must be finite, as printf writes it with [conversion] ('f', 'e' or 'g') and
 * [precision], which is held within 0 and GY__NUMBER_DIGITS; always with a point. */
size_t gy__number_printf(char *out, double v, char conversion, int precision);

#endif
