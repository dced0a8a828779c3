/* SPDX-License-Identifier: MIT */
/* forwarded.c - the client behind proxies: the rightmost address that is not one of ours. */
#include "http/forwarded.h"
#include <arpa/inet.h>
#include <gyre/error.h>

enum { ADDRESS_MAX = INET6_ADDRSTRLEN };

/* One step of a proxy chain. */
struct hop {
    char address[ADDRESS_MAX]; /* numeric, or "" */
    gy_str scheme;
};

static gy_str scheme_of(gy_str s)
{
    static const gy_str http = GY_STR("http"), https = GY_STR("https");
    return gy_str_ieq(s, http) ? http : gy_str_ieq(s, https) ? https : gy_str_n(NULL, 0);
}

/* Copy [s] when it is an IPv4 or IPv6 address, else "". */
static void set_address(struct hop *hop, gy_str s)
{
    unsigned char bytes[16];
    hop->address[0] = '\0';
    if (s.len == 0 || s.len >= sizeof hop->address) {
        return;
    }
    memcpy(hop->address, s.ptr, s.len);
    hop->address[s.len] = '\0';
    if (inet_pton(AF_INET, hop->address, bytes) != 1 &&
        inet_pton(AF_INET6, hop->address, bytes) != 1) {
        hop->address[0] = '\0';
    }
}

/* Going from left to right, the last hop that is not trusted remains, or else the first. What is
 * no address cannot be trusted. */
static void offer(struct hop *best, const struct hop *next, bool first, gy__forwarded_trust *trust,
                  void *arg)
{
    if (first || !trust || !next->address[0] || !trust(arg, next->address)) {
        *best = *next;
    }
}

static struct hop from_list(gy_str list, gy__forwarded_trust *trust, void *arg)
{
    struct hop best = {.address = ""};
    bool first = true;
    for (gy_str part, rest = list; gy_str_cut(&rest, ',', &part); first = false) {
        struct hop next = {.address = ""};
        set_address(&next, gy_str_trim(part));
        offer(&best, &next, first, trust, arg);
    }
    return best;
}

/* Cut at [sep], but not inside a quoted string. */
static bool cut_unquoted(gy_str *rest, char sep, gy_str *part)
{
    if (!rest->ptr) {
        return false;
    }
    bool quoted = false;
    size_t i = 0;
    for (; i < rest->len && (quoted || rest->ptr[i] != sep); i++) {
        if (rest->ptr[i] == '"') {
            quoted = !quoted;
        } else if (quoted && rest->ptr[i] == '\\' && i + 1 < rest->len) {
            i++;
        }
    }
    *part = gy_str_trim(gy_str_n(rest->ptr, i));
    bool more = i < rest->len;
    *rest = gy_str_n(more ? rest->ptr + i + 1 : NULL, more ? rest->len - i - 1 : 0);
    return true;
}

/* The node of RFC 7239 section 6: quotes, brackets and port taken off. */
static gy_str bare_node(gy_str s)
{
    if (s.len >= 2 && s.ptr[0] == '"' && s.ptr[s.len - 1] == '"') {
        s = gy_str_n(s.ptr + 1, s.len - 2);
    }
    if (s.len && s.ptr[0] == '[') {
        size_t end = gy_str_find(s, ']');
        bool ends = end != SIZE_MAX && (end + 1 == s.len || s.ptr[end + 1] == ':');
        return ends ? gy_str_n(s.ptr + 1, end - 1) : gy_str_n(s.ptr, 0);
    }
    size_t colon = gy_str_find(s, ':');
    return colon == SIZE_MAX ? s : gy_str_n(s.ptr, colon);
}

static struct hop from_element(gy_str element)
{
    struct hop hop = {.address = ""};
    for (gy_str pair, rest = element; cut_unquoted(&rest, ';', &pair);) {
        gy_str name, value = pair;
        gy_str_cut(&value, '=', &name);
        if (gy_str_ieq(name, (gy_str)GY_STR("for"))) {
            set_address(&hop, bare_node(value));
        } else if (gy_str_ieq(name, (gy_str)GY_STR("proto"))) {
            hop.scheme = scheme_of(value);
        }
    }
    return hop;
}

static struct hop from_forwarded(gy_str list, gy__forwarded_trust *trust, void *arg)
{
    struct hop best = {.address = ""};
    bool first = true;
    for (gy_str element, rest = list; cut_unquoted(&rest, ',', &element); first = false) {
        struct hop next = from_element(element);
        offer(&best, &next, first, trust, arg);
    }
    return best;
}

static gy_str last_member(gy_str list)
{
    gy_str part = {NULL, 0};
    for (gy_str rest = list; gy_str_cut(&rest, ',', &part);) {
    }
    return gy_str_trim(part);
}

/* All values of a field; false when there are some and no memory for them. */
static bool values(gy_arena *a, const gy_headers *h, const char *name, gy_str *out)
{
    *out = gy_headers_all(a, h, name);
    return out->ptr || !gy_headers_has(h, name);
}

int gy__forwarded_eval(gy_arena *a, const gy_headers *h, gy__forwarded_trust *trust, void *arg,
                       struct gy__forwarded *out)
{
    gy_str list, real, scheme, proto, standard;
    *out = (struct gy__forwarded){{NULL, 0}, {NULL, 0}};
    if (!values(a, h, "X-Forwarded-For", &list) || !values(a, h, "X-Real-Ip", &real) ||
        !values(a, h, "X-Scheme", &scheme) || !values(a, h, "X-Forwarded-Proto", &proto) ||
        !values(a, h, "Forwarded", &standard)) {
        return GY_ENOMEM;
    }
    struct hop hop = from_list(list, trust, arg),
               by_standard = from_forwarded(standard, trust, arg);
    if (real.ptr) {
        set_address(&hop, real);
    }
    if (!list.ptr && !real.ptr) {
        memcpy(hop.address, by_standard.address, sizeof hop.address);
    }
    bool said = scheme.ptr || proto.ptr;
    out->scheme = said ? scheme_of(last_member(scheme.ptr ? scheme : proto)) : by_standard.scheme;
    if (hop.address[0]) {
        out->address = gy_str_copy(a, gy_str_of(hop.address));
        return out->address.ptr ? 0 : GY_ENOMEM;
    }
    return 0;
}
