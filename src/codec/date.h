/* SPDX-License-Identifier: MIT */
/* date.h - the dates of HTTP (RFC 9110 5.6.7) read. gy__clock_date writes them. */
#ifndef GYRE_CODEC_DATE_H
#define GYRE_CODEC_DATE_H

#include <gyre/str.h>

/* All three forms into seconds since 1970, strictly: the exact length, the weekday that belongs to
 * the day, days that exist. "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
 * "Sun Nov  6 08:49:37 1994". A year of two digits is the latest one not more than 50 years after
 * that of [now]. 0 or GY_EINVAL; [out] is set only on success. */
GY_CHECKED int gy__date_parse(gy_str text, int64_t now, int64_t *out);

#endif
