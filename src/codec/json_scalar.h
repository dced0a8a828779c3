/* SPDX-License-Identifier: MIT */
/* json_scalar.h - strings and numbers as JSON (RFC 8259). */
#ifndef GYRE_CODEC_JSON_SCALAR_H
#define GYRE_CODEC_JSON_SCALAR_H

#include "base/buf.h"

/* All append to [out] and give 0, GY_ETOOBIG or GY_ENOMEM; what a failed one has appended of its
 * text stays, so the caller cuts it off. */

/* In quotes and escaped. What is not UTF-8 becomes U+FFFD, a byte at a time; "</" becomes "<\/", so
 * that no string can end a script element. */
GY_CHECKED int gy__json_string(struct gy__buf *out, gy_str s);

/* The same without the quotes around it. */
GY_CHECKED int gy__json_escape(struct gy__buf *out, gy_str s);

GY_CHECKED int gy__json_int(struct gy__buf *out, int64_t v);
GY_CHECKED int gy__json_uint(struct gy__buf *out, uint64_t v);

/* The shortest text that reads back as [v]; null for infinities and NaN, which JSON does not
 * have. */
GY_CHECKED int gy__json_double(struct gy__buf *out, double v);

/* As printf writes it with [conversion] ('f', 'e' or 'g') and [precision]; null as above. */
GY_CHECKED int gy__json_printf(struct gy__buf *out, double v, char conversion, int precision);

#endif
