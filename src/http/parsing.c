/* SPDX-License-Identifier: MIT */
/* parsing.c - the rarer ways of a parse: why it stops, odd versions, and the NULs at its end. */
#include "http/parsing.h"
#include "http/chars.h"

long gy__parse_stopped(const struct gy__parsing *s, const char **reason)
{
    if (s->status == 0 && !s->cut) {
        return 0;
    }
    if (s->status == 0) {
        *reason = s->past_start ? "head too long" : "start line too long";
        return s->past_start ? -431 : -414;
    }
    *reason = s->digest.reason;
    return -s->status;
}

char *gy__refuse_method(struct gy__parsing *s, const char *p, const char *q)
{
    if (q > s->end) {
        q = s->end;
    }
    if (q - p > GY__METHOD_MAX) {
        return gy__parse_refuse(s, 501, "method too long");
    }
    if (q == s->end) {
        return gy__parse_more(s);
    }
    if (q == p && (unsigned char)*p == 0x16) {
        return gy__parse_refuse(s, 400, "this looks like TLS, and the port speaks plain HTTP");
    }
    return gy__parse_refuse(s, 400, "malformed method");
}

char *gy__refuse_target(struct gy__parsing *s, const char *p, const char *q)
{
    if ((size_t)(q - p) > s->lim->max_line) {
        return gy__parse_refuse(s, 414, "target too long");
    }
    if (q == s->end) {
        return gy__parse_more(s);
    }
    switch (*q) {
    case '#':
        return gy__parse_refuse(s, 400, "fragment in the target");
    case ' ':
        return gy__parse_refuse(s, 400, "no target");
    case '\r':
    case '\n':
        return gy__parse_refuse(s, 400, "no HTTP version");
    default:
        return gy__parse_refuse(s, 400, "a character that no target may hold");
    }
}

char *gy__refuse_name(struct gy__parsing *s, const char *p, const char *q, bool full)
{
    if (p >= s->end) {
        return gy__parse_more(s);
    }
    if (*p == ' ' || *p == '\t') {
        return gy__parse_refuse(s, 400, "folded line");
    }
    if (full) {
        return gy__parse_refuse(s, 431, "too many fields");
    }
    if (q >= s->end) {
        return gy__parse_more(s);
    }
    if (q > p && (*q == ' ' || *q == '\t')) {
        return gy__parse_refuse(s, 400, "space before the colon");
    }
    if (q > p && (*q == '\r' || *q == '\n')) {
        return gy__parse_refuse(s, 400, "field without a colon");
    }
    return gy__parse_refuse(s, 400, "malformed field name");
}

char *gy__refuse_line_end(struct gy__parsing *s, const char *p)
{
    switch (*p) {
    case '\r':
        return gy__parse_refuse(s, 400, "CR without LF");
    case '\n':
        return gy__parse_refuse(s, 400, "LF without CR");
    case '\0':
        return gy__parse_refuse(s, 400, "NUL");
    default:
        return gy__parse_refuse(s, 400, "a character that no line may hold");
    }
}

char *gy__parse_version_slowly(struct gy__parsing *s, char *p)
{
    static const char shape[] = "HTTP/d.d";
    for (size_t i = 0; i < sizeof shape - 1; i++) {
        if (p + i >= s->end) {
            return gy__parse_more(s);
        }
        bool fits = shape[i] == 'd' ? gy__char_is(p[i], GY__CHAR_DIGIT) : p[i] == shape[i];
        if (!fits) {
            return gy__parse_refuse(s, 400, "malformed HTTP version");
        }
    }
    if (p[5] != '1') {
        return gy__parse_refuse(s, 505, "only HTTP/1 is spoken here");
    }
    s->out->minor = p[7] != '0';
    return p + 8;
}

char *gy__parse_status(struct gy__parsing *s, char *p)
{
    static const char shape[] = " ddd";
    int status = 0;
    for (size_t i = 0; i < sizeof shape - 1; i++) {
        if (p + i >= s->end) {
            return gy__parse_more(s);
        }
        if (shape[i] == 'd' ? !gy__char_is(p[i], GY__CHAR_DIGIT) : p[i] != ' ') {
            return gy__parse_refuse(s, 400, "malformed status");
        }
        status = i ? status * 10 + (p[i] - '0') : 0;
    }
    if (status < 100) {
        return gy__parse_refuse(s, 400, "malformed status");
    }
    s->out->status = status;
    return p + 4;
}

/* The path follows an authority at once: there is room for a NUL only when the authority moves
 * over the slash before it. */
static void end_absolute(struct gy__head *h)
{
    char *a = gy__writable(h->authority.ptr);
    bool sent = h->path.ptr == a + h->authority.len;
    memmove(a - 1, a, h->authority.len);
    h->authority.ptr = a - 1;
    gy__end_here(h->authority);
    if (sent) {
        gy__end_here(h->path);
    }
}

void gy__parse_end_authority(struct gy__head *h)
{
    if (h->scheme.ptr) {
        end_absolute(h);
    } else {
        gy__end_here(h->authority);
    }
    h->host = h->authority;
}
