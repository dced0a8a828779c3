/* SPDX-License-Identifier: MIT */
/* parse_plain.c - the parser with portable C. */
#include "http/parse_variants.h"
#include "http/scan_plain.h"

#include "http/head_lines.h"

long gy__parse_request_plain(char *data, size_t len, const struct gy__limits_head *lim,
                             gy_field *fields, struct gy__head *out, const char **reason)
{
    return parse_request_here(data, len, lim, fields, out, reason);
}

long gy__parse_response_plain(char *data, size_t len, const struct gy__limits_head *lim,
                              gy_field *fields, struct gy__head *out, const char **reason)
{
    return parse_response_here(data, len, lim, fields, out, reason);
}
