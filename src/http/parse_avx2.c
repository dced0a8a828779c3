/* SPDX-License-Identifier: MIT */
/* parse_avx2.c - the parser with AVX2. */
#include "http/parse_variants.h"
#include "http/scan_avx2.h"

#include "http/head_lines.h"

long gy__parse_request_avx2(char *data, size_t len, const struct gy__limits_head *lim,
                            gy_field *fields, struct gy__head *out, const char **reason)
{
    return parse_request_here(data, len, lim, fields, out, reason);
}

long gy__parse_response_avx2(char *data, size_t len, const struct gy__limits_head *lim,
                             gy_field *fields, struct gy__head *out, const char **reason)
{
    return parse_response_here(data, len, lim, fields, out, reason);
}
