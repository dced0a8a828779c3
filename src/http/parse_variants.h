/* SPDX-License-Identifier: MIT */
/* parse_variants.h - the parser, once for each way to scan. */
#ifndef GYRE_HTTP_PARSE_VARIANTS_H
#define GYRE_HTTP_PARSE_VARIANTS_H

#include "http/parse.h"

typedef long gy__parse_fn(char *data, size_t len, const struct gy__limits_head *lim,
                          gy_field *fields, struct gy__head *out, const char **reason);

gy__parse_fn gy__parse_request_plain, gy__parse_response_plain;
gy__parse_fn gy__parse_request_sse42, gy__parse_response_sse42;
gy__parse_fn gy__parse_request_avx2, gy__parse_response_avx2;

/* The best that this machine runs; the ones below it run too. */
enum gy__parse_level { GY__PARSE_PLAIN = 1, GY__PARSE_SSE42, GY__PARSE_AVX2 };
enum gy__parse_level gy__parse_level(void);

#endif
