/* SPDX-License-Identifier: MIT */
/* url_host.c - the host and port of a URL. */
#include "codec/url_host.h"

#include "codec/cidr.h"
#include "codec/number.h"

#include <arpa/inet.h>
#include <gyre/error.h>

enum { NAME_MAX_LEN = 253, LABEL_MAX_LEN = 63 };

static uint16_t default_port(gy_str scheme)
{
    static const struct {
        const char *scheme;
        uint16_t port;
    } known[] = {{"http", 80}, {"https", 443}, {"ws", 80}, {"wss", 443}, {"socks5", 1080}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (gy_str_eq(scheme, gy_str_of(known[i].scheme)))
            return known[i].port;
    }
    return 0;
}

/* Empty is the default, as if the colon were not there. */
static int parse_port(gy_str text, uint16_t fallback, uint16_t *out)
{
    unsigned v = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned digit = (unsigned)(unsigned char)text.ptr[i] - '0';
        v = v * 10 + digit;
        if (digit > 9 || v > 65535)
            return GY_EURL;
    }
    *out = text.len ? (uint16_t)v : fallback;
    return text.len && v == 0 ? GY_EURL : 0;
}

static bool is_name_character(char c)
{
    return ((unsigned char)c | 0x20u) - 'a' < 26u || (unsigned)c - '0' < 10u || c == '-' ||
           c == '_';
}

static bool is_label(gy_str label)
{
    if (label.len == 0 || label.len > LABEL_MAX_LEN)
        return false;
    for (size_t i = 0; i < label.len; i++) {
        if (!is_name_character(label.ptr[i]))
            return false;
    }
    return true;
}

/* Would somebody read a name that ends in [label] as an address? */
static bool is_number(gy_str label)
{
    bool hex = label.len > 1 && label.ptr[0] == '0' && (label.ptr[1] | 0x20) == 'x';
    for (size_t i = hex ? 2 : 0; i < label.len; i++) {
        unsigned char c = (unsigned char)label.ptr[i];
        if ((unsigned)c - '0' > 9 && !(hex && (c | 0x20u) - 'a' < 6u))
            return false;
    }
    return true;
}

/* A name, with or without the last dot, or an IPv4 address in its one proper form. */
static bool is_host(gy_str text)
{
    struct gy__ip ip;
    gy_str rest = text, label, last = {"", 0};
    if (text.len > 1 && text.ptr[text.len - 1] == '.')
        rest.len--;
    if (rest.len == 0 || rest.len > NAME_MAX_LEN || rest.ptr[rest.len - 1] == '.')
        return false;
    while (gy_str_cut(&rest, '.', &label)) {
        if (!is_label(label))
            return false;
        last = label;
    }
    return !is_number(last) || gy__ip_parse(text, &ip) == 0;
}

static int set_name(gy_arena *a, gy_str text, struct gy__url *out)
{
    if (!is_host(text))
        return GY_EURL;
    out->host = gy_str_copy(a, text);
    if (!out->host.ptr)
        return GY_ENOMEM;
    for (char *p = (char *)out->host.ptr; *p; p++) {
        if ((unsigned)*p - 'A' < 26u)
            *p = (char)(*p | 0x20);
    }
    return 0;
}

static int set_ip6(gy_arena *a, gy_str text, struct gy__url *out)
{
    struct gy__ip ip;
    char short_form[INET6_ADDRSTRLEN];
    if (gy_str_find(text, ':') == SIZE_MAX || gy__ip_parse(text, &ip) != 0 ||
        !inet_ntop(AF_INET6, ip.bytes, short_form, sizeof short_form))
        return GY_EURL;
    out->ip6 = true;
    out->host = gy_str_copy(a, gy_str_of(short_form));
    return out->host.ptr ? 0 : GY_ENOMEM;
}

static int set_authority(gy_arena *a, struct gy__url *out)
{
    char digits[GY__NUMBER_ROOM];
    bool with_port = out->port != default_port(out->scheme);
    gy_str pieces[] = {gy_str_n("[", out->ip6), out->host, gy_str_n("]", out->ip6),
                       gy_str_n(":", with_port), gy_str_n(digits, 0)};
    if (with_port)
        pieces[4].len = gy__number_uint(digits, out->port);
    out->authority = gy_str_concat(a, pieces, sizeof pieces / sizeof pieces[0]);
    return out->authority.ptr ? 0 : GY_ENOMEM;
}

int gy__url_set_host(gy_arena *a, gy_str text, struct gy__url *out)
{
    bool bracket = text.len && text.ptr[0] == '[';
    size_t end = gy_str_find(text, bracket ? ']' : ':');
    if (end == SIZE_MAX) {
        if (bracket)
            return GY_EURL;
        end = text.len;
    }
    gy_str host = bracket ? gy_str_n(text.ptr + 1, end - 1) : gy_str_n(text.ptr, end);
    gy_str rest = gy_str_n(text.ptr + end + bracket, text.len - end - bracket);
    if (rest.len && rest.ptr[0] != ':')
        return GY_EURL;
    gy_str port = rest.len ? gy_str_n(rest.ptr + 1, rest.len - 1) : rest;
    int e = parse_port(port, default_port(out->scheme), &out->port);
    if (!e)
        e = bracket ? set_ip6(a, host, out) : set_name(a, host, out);
    return e ? e : set_authority(a, out);
}
