/* SPDX-License-Identifier: MIT */
/* chunked.c - the chunked coding as a state machine over single bytes, but for the data itself. */
#include "http/chunked.h"
#include "http/chars.h"
#include "http/message.h"
#include <gyre/error.h>

enum { SIZE_DIGITS_MAX = 16, TRAILERS_MAX = 100, LINE_FIRST = 128 };

/* RFC 9112 section 7.1: what comes next. */
enum state {
    SIZE,        /* a digit of the size, or what follows it */
    EXT_BLANK,   /* blanks before ';' */
    EXT_START,   /* behind ';' */
    EXT_NAME,    /* in the name */
    EXT_EQUALS,  /* blanks behind the name */
    EXT_VALUE,   /* behind '=' */
    EXT_TOKEN,   /* in a plain value */
    EXT_CLOSED,  /* behind a quoted value */
    EXT_QUOTED,  /* in a quoted value */
    EXT_ESCAPED, /* behind its backslash */
    SIZE_LF,     /* behind the CR of the chunk's head */
    DATA,        /* in the data */
    DATA_CR,     /* behind the data */
    DATA_LF,
    TRAILER, /* in a trailer line, or before the last */
    END
};

void gy__chunked_init(struct gy__chunked *c, gy_headers *trailers, size_t extra)
{
    memset(c, 0, sizeof *c);
    c->extra = extra ? extra : GY__CHUNKED_EXTRA;
    c->trailers = trailers;
}

static int refuse(struct gy__chunked *c, int status, const char *reason)
{
    c->reason = reason;
    return -status;
}

static unsigned hex_value(char ch)
{
    return (unsigned)(ch <= '9' ? ch - '0' : (ch | 0x20) - 'a' + 10);
}

static int take_digit(struct gy__chunked *c, char ch)
{
    if (++c->digits > SIZE_DIGITS_MAX) {
        return refuse(c, 400, "chunk size of too many digits");
    }
    c->left = c->left << 4 | hex_value(ch);
    if (c->left > INT64_MAX) {
        return refuse(c, 413, "chunk too large");
    }
    return 0;
}

/* The state that [ch] leads to, or -1 where the grammar of a chunk's head has no place for it. */
static int head_next(const struct gy__chunked *c, char ch)
{
    bool blank = ch == ' ' || ch == '\t', token = gy__char_is(ch, GY__CHAR_TOKEN);
    switch (c->state) {
    case SIZE:
        if (c->digits == 0) {
            return -1;
        }
        return ch == '\r' ? SIZE_LF : ch == ';' ? EXT_START : blank ? EXT_BLANK : -1;
    case EXT_BLANK:
        return ch == ';' ? EXT_START : blank ? EXT_BLANK : -1;
    case EXT_START:
        return token ? EXT_NAME : blank ? EXT_START : -1;
    case EXT_NAME:
        if (token) {
            return EXT_NAME;
        }
        /* fall through */
    case EXT_EQUALS:
        if (ch == '=') {
            return EXT_VALUE;
        }
        if (ch == '\r') {
            return c->state == EXT_NAME ? SIZE_LF : -1;
        }
        return ch == ';' ? EXT_START : blank ? EXT_EQUALS : -1;
    case EXT_VALUE:
        return token ? EXT_TOKEN : ch == '"' ? EXT_QUOTED : blank ? EXT_VALUE : -1;
    case EXT_TOKEN:
        if (token) {
            return EXT_TOKEN;
        }
        /* fall through */
    case EXT_CLOSED:
        return ch == '\r' ? SIZE_LF : ch == ';' ? EXT_START : blank ? EXT_BLANK : -1;
    case EXT_QUOTED:
        if (ch == '"' || ch == '\\') {
            return ch == '"' ? EXT_CLOSED : EXT_ESCAPED;
        }
        return gy__char_is(ch, GY__CHAR_VALUE) ? EXT_QUOTED : -1;
    default:
        return gy__char_is(ch, GY__CHAR_VALUE) ? EXT_QUOTED : -1;
    }
}

static int take_head(struct gy__chunked *c, char ch)
{
    if (c->state == SIZE && gy__char_is(ch, GY__CHAR_HEX)) {
        return take_digit(c, ch);
    }
    int next = head_next(c, ch);
    if (next < 0) {
        return refuse(c, 400, c->state == SIZE ? "malformed chunk size" : "malformed extension");
    }
    if (next != SIZE_LF && c->extra-- == 0) {
        return refuse(c, 413, "chunk extensions too long");
    }
    c->state = next;
    return 0;
}

static int take_line_end(struct gy__chunked *c, char ch)
{
    if (ch != (c->state == DATA_CR ? '\r' : '\n')) {
        return refuse(c, 400, "no CR LF where a chunk's line ends");
    }
    if (c->state == SIZE_LF) {
        c->state = c->left ? DATA : TRAILER;
        return 0;
    }
    c->state = c->state == DATA_CR ? DATA_LF : SIZE;
    c->digits = 0;
    return 0;
}

static int add_trailer(struct gy__chunked *c)
{
    gy_str line = gy_str_n(c->line, c->line_len - 2);
    size_t colon = gy_str_find(line, ':');
    if (colon == SIZE_MAX) {
        return refuse(c, 400, "trailer without a colon");
    }
    gy_str name = gy_str_n(line.ptr, colon);
    gy_str value = gy_str_trim(gy_str_n(line.ptr + colon + 1, line.len - colon - 1));
    if (gy__trailer_forbidden(name)) {
        return refuse(c, 400, "a field that may not be a trailer");
    }
    if (c->trailers->count == TRAILERS_MAX) {
        return refuse(c, 431, "too many trailers");
    }
    int e = gy_headers_add_str(c->trailers, name, value);
    if (e) {
        return refuse(c, e == GY_ENOMEM ? 503 : 400, e == GY_ENOMEM ? "no memory" : "bad trailer");
    }
    return 0;
}

static int grow_line(struct gy__chunked *c)
{
    size_t capacity = c->line_cap ? c->line_cap * 2 : LINE_FIRST;
    char *line = gy_alloc(c->trailers->arena, capacity);
    if (!line) {
        return refuse(c, 503, "no memory");
    }
    if (c->line_len) {
        memcpy(line, c->line, c->line_len);
    }
    c->line = line;
    c->line_cap = capacity;
    return 0;
}

static int take_trailer(struct gy__chunked *c, char ch)
{
    bool behind_cr = c->line_len && c->line[c->line_len - 1] == '\r';
    if (behind_cr != (ch == '\n')) {
        return refuse(c, 400, "no CR LF at the end of a trailer");
    }
    if (ch != '\r' && ch != '\n' && c->extra-- == 0) {
        return refuse(c, 431, "trailers too long");
    }
    if (c->line_len == c->line_cap) {
        int e = grow_line(c);
        if (e) {
            return e;
        }
    }
    c->line[c->line_len++] = ch;
    if (ch != '\n') {
        return 0;
    }
    int e = 0;
    if (c->line_len == 2) {
        c->state = END;
    } else {
        e = add_trailer(c);
    }
    c->line_len = 0;
    return e;
}

static int take(struct gy__chunked *c, char ch)
{
    switch (c->state) {
    case SIZE_LF:
    case DATA_CR:
    case DATA_LF:
        return take_line_end(c, ch);
    case TRAILER:
        return take_trailer(c, ch);
    default:
        return take_head(c, ch);
    }
}

int gy__chunked_step(struct gy__chunked *c, const char *in, size_t len, size_t *used, gy_str *data)
{
    for (size_t i = 0; i < len; i++) {
        if (c->state == DATA) {
            size_t n = c->left < len - i ? (size_t)c->left : len - i;
            *data = gy_str_n(in + i, n);
            *used = i + n;
            c->left -= n;
            c->state = c->left ? DATA : DATA_CR;
            return GY__CHUNKED_DATA;
        }
        int e = take(c, in[i]);
        if (e || c->state == END) {
            *used = i + 1;
            return e ? e : GY__CHUNKED_END;
        }
    }
    *used = len;
    return GY__CHUNKED_MORE;
}

char *gy__put_chunk_head(char *at, uint64_t size)
{
    char digits[SIZE_DIGITS_MAX], *p = digits + sizeof digits;
    do {
        *--p = "0123456789abcdef"[size & 15];
        size >>= 4;
    } while (size);
    at = gy__put(at, p, (size_t)(digits + sizeof digits - p));
    return gy__put_lit(at, "\r\n");
}

bool gy__trailer_forbidden(gy_str name)
{
    static const gy_str forbidden[] = {
        GY_STR("content-length"),
        GY_STR("transfer-encoding"),
        GY_STR("host"),
        GY_STR("connection"),
        GY_STR("keep-alive"),
        GY_STR("upgrade"),
        GY_STR("te"),
        GY_STR("trailer"),
        GY_STR("expect"),
        GY_STR("content-encoding"),
        GY_STR("content-type"),
        GY_STR("content-range"),
        GY_STR("range"),
        GY_STR("cache-control"),
        GY_STR("max-forwards"),
        GY_STR("authorization"),
        GY_STR("cookie"),
        GY_STR("set-cookie"),
        GY_STR("proxy-connection"),
        GY_STR("www-authenticate"),
        GY_STR("proxy-authorization"),
        GY_STR("forwarded"),
        GY_STR("x-forwarded-for"),
        GY_STR("proxy-authenticate"),
    };
    for (size_t i = 0; i < sizeof forbidden / sizeof forbidden[0]; i++) {
        if (gy_str_ieq(name, forbidden[i])) {
            return true;
        }
    }
    return false;
}
