/* SPDX-License-Identifier: MIT */
/* message.c - numbers, status lines, fields, and the check of what applications put there. */
#include "http/message.h"
#include "http/chars.h"
#include <assert.h>

const gy_field gy__html_type = {GY_STR("Content-Type"), GY_STR(GY__HTML_TYPE)};

size_t gy__uint_len(uint64_t value)
{
    size_t n = 1;
    for (uint64_t limit = 10; value >= limit && n < GY__UINT_MAX_LEN; limit *= 10) {
        n++;
    }
    return n;
}

char *gy__put_uint(char *at, uint64_t value)
{
    char *end = at + gy__uint_len(value), *p = end;
    do {
        *--p = (char)('0' + value % 10);
        value /= 10;
    } while (p > at);
    return end;
}

char *gy__put_status_reason(char *at, int status, gy_str reason)
{
    assert(status >= 100 && status <= 999);
    at = gy__put_lit(at, "HTTP/1.1 ");
    at = gy__put_uint(at, (uint64_t)status);
    *at++ = ' ';
    at = gy__put_str(at, reason);
    return gy__put_lit(at, "\r\n");
}

size_t gy__headers_size(const gy_headers *h)
{
    size_t size = 0;
    gy_headers_each(f, h)
    {
        size += gy__field_size(f);
    }
    return size;
}

char *gy__put_headers(char *at, const gy_headers *h)
{
    gy_headers_each(f, h)
    {
        at = gy__put_field(at, f->name, f->value);
    }
    return at;
}

static bool all_are(gy_str s, enum gy__char kind)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!gy__char_is(s.ptr[i], kind)) {
            return false;
        }
    }
    return true;
}

bool gy__token_valid(gy_str s)
{
    return s.len > 0 && all_are(s, GY__CHAR_TOKEN);
}

bool gy__value_valid(gy_str s)
{
    return all_are(s, GY__CHAR_VALUE);
}

bool gy__reason_valid(gy_str s)
{
    return all_are(s, GY__CHAR_VALUE);
}
