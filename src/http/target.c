/* SPDX-License-Identifier: MIT */
/* target.c - absolute form, authority form, asterisk; the grammar of authorities. */
#include "http/target.h"
#include "http/chars.h"

/* "[" IPv6address / IPvFuture "]": characters only; the resolver knows addresses. */
static size_t literal_len(gy_str s)
{
    size_t i = 1;
    while (i < s.len && (gy__char_is(s.ptr[i], GY__CHAR_HOST) || s.ptr[i] == ':')) {
        i++;
    }
    return i > 2 && i < s.len && s.ptr[i] == ']' ? i + 1 : 0;
}

/* reg-name or IPv4address. */
static size_t name_len(gy_str s)
{
    size_t i = 0;
    for (;;) {
        while (i < s.len && gy__char_is(s.ptr[i], GY__CHAR_HOST)) {
            i++;
        }
        if (s.len - i < 3 || s.ptr[i] != '%' || !gy__char_is(s.ptr[i + 1], GY__CHAR_HEX) ||
            !gy__char_is(s.ptr[i + 2], GY__CHAR_HEX)) {
            return i;
        }
        i += 3;
    }
}

bool gy__authority_valid(gy_str s, bool port)
{
    size_t i = s.len && s.ptr[0] == '[' ? literal_len(s) : name_len(s);
    if (port && s.len - i < 2) {
        return false;
    }
    return i > 0 && gy__port_follows(s, i);
}

static bool starts(gy_str s, const char *lower)
{
    size_t n = strlen(lower);
    for (size_t i = 0; i < n; i++) {
        if (i >= s.len) {
            return false;
        }
        char c = s.ptr[i];
        if ((c >= 'A' && c <= 'Z' ? c + 32 : c) != lower[i]) {
            return false;
        }
    }
    return true;
}

static const char *resolve_absolute(struct gy__head *h)
{
    bool tls = starts(h->path, "https://");
    if (!tls && !starts(h->path, "http://")) {
        return "a target that is no path and no http URI";
    }
    size_t from = tls ? 8 : 7, to = from;
    while (to < h->path.len && h->path.ptr[to] != '/') {
        to++;
    }
    h->scheme = tls ? (gy_str)GY_STR("https") : (gy_str)GY_STR("http");
    h->authority = gy_str_n(h->path.ptr + from, to - from);
    if (!gy__authority_valid(h->authority, false)) {
        return "malformed authority in the target";
    }
    bool empty = to == h->path.len;
    h->path = gy_str_n(h->path.ptr + to, h->path.len - to);
    if (empty) {
        bool asterisk = h->verb == GY_METHOD_OPTIONS && !h->query.ptr;
        h->path = asterisk ? (gy_str)GY_STR("*") : (gy_str)GY_STR("/");
    }
    h->escaped = memchr(h->path.ptr, '%', h->path.len) != NULL;
    return NULL;
}

const char *gy__target_resolve(struct gy__head *h)
{
    if (h->verb == GY_METHOD_CONNECT) {
        if (h->query.ptr || !gy__authority_valid(h->path, true)) {
            return "CONNECT without host and port";
        }
        h->authority = h->path;
        h->path = (gy_str)GY_STR("");
        h->escaped = false;
        return NULL;
    }
    if (h->path.len == 1 && h->path.ptr[0] == '*' && !h->query.ptr) {
        return h->verb == GY_METHOD_OPTIONS ? NULL : "'*' is for OPTIONS";
    }
    return resolve_absolute(h);
}
