/* SPDX-License-Identifier: MIT */
/* parse_sse42.c - the parser with SSE4.2. */
#include "http/parse_variants.h"
#include "http/scan_sse42.h"

#include "http/head_lines.h"

long gy__parse_request_sse42(char *data, size_t len, const struct gy__limits_head *lim,
                             gy_field *fields, struct gy__head *out, const char **reason)
{
    return parse_request_here(data, len, lim, fields, out, reason);
}

long gy__parse_response_sse42(char *data, size_t len, const struct gy__limits_head *lim,
                              gy_field *fields, struct gy__head *out, const char **reason)
{
    return parse_response_here(data, len, lim, fields, out, reason);
}
