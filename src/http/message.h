/* SPDX-License-Identifier: MIT */
/* message.h - putting heads together in a buffer whose size was worked out beforehand. */
#ifndef GYRE_HTTP_MESSAGE_H
#define GYRE_HTTP_MESSAGE_H

#include <gyre/http.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define GY__UINT_MAX_LEN 20

/* Each writes at [at] and gives the end of what it wrote. There must be room. */

static inline char *gy__put(char *at, const char *bytes, size_t len)
{
    memcpy(at, bytes, len);
    return at + len;
}

static inline char *gy__put_str(char *at, gy_str s)
{
    return s.len ? gy__put(at, s.ptr, s.len) : at;
}

/* A string literal. */
#define gy__put_lit(at_, literal_) gy__put((at_), "" literal_, sizeof(literal_) - 1)

/* Decimal, without leading zeros. */
char *gy__put_uint(char *at, uint64_t value);

/* How many digits that takes. */
size_t gy__uint_len(uint64_t value);

/* "HTTP/1.1 200 OK\r\n". [status] is 100 to 999. */
#define GY__STATUS_LINE_MAX 64
char *gy__put_status_line(char *at, int status);

/* The same with a reason phrase of the application's, which gy__reason_valid has seen. Takes
 * reason.len + 15 bytes. */
char *gy__put_status_reason(char *at, int status, gy_str reason);

/* "Name: value\r\n", and its size. */
static inline size_t gy__field_size(const gy_field *f)
{
    return f->name.len + f->value.len + 4;
}

static inline char *gy__put_field(char *at, gy_str name, gy_str value)
{
    at = gy__put_str(at, name);
    *at++ = ':';
    *at++ = ' ';
    at = gy__put_str(at, value);
    *at++ = '\r';
    *at++ = '\n';
    return at;
}

/* The field that most responses have. */
#define GY__HTML_TYPE "text/html; charset=UTF-8"
extern const gy_field gy__html_type;

/* One of a response's: that one is put as a whole. */
static inline char *gy__put_response_field(char *at, const gy_field *f)
{
    if (f->value.ptr == gy__html_type.value.ptr) {
        return gy__put_lit(at, "Content-Type: " GY__HTML_TYPE "\r\n");
    }
    return gy__put_field(at, f->name, f->value);
}

/* All of [h], in order, and their size. */
size_t gy__headers_size(const gy_headers *h);
char *gy__put_headers(char *at, const gy_headers *h);

/* The grammar of what the application puts into a head (RFC 9110 sections 5.5 and 5.6.2, RFC 9112
 * section 4): a field name or method; a field value; a reason phrase. */
bool gy__token_valid(gy_str s);
bool gy__value_valid(gy_str s);
bool gy__reason_valid(gy_str s);

#endif
