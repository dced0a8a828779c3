/* SPDX-License-Identifier: MIT */
/* url.h - absolute URLs taken apart, and references followed (RFC 3986). */
#ifndef GYRE_CODEC_URL_H
#define GYRE_CODEC_URL_H

#include <gyre/arena.h>

/* Every text is NUL-terminated, in the arena of who parsed it. */
struct gy__url {
    gy_str scheme;   /* in small letters */
    gy_str user;     /* percent-decoded, without control characters; ptr NULL: none */
    gy_str password; /* the same; may be NULL with a user */
    gy_str host;     /* in small letters; an IPv6 address in its short form, without brackets */
    gy_str
        authority; /* what a Host field says: with brackets, and the port unless it is the default */
    gy_str target;   /* path and query, encoded; begins with / */
    gy_str path;     /* the first part of target: no NUL behind it if there is a query */
    gy_str fragment; /* encoded, without the #; ptr NULL: none */
    uint16_t port;   /* 0: not said, and [scheme] has no default that is known here */
    bool ip6;        /* host is an IPv6 address */
};

/* Take apart "scheme://user:password@host:port/path?query#fragment". Only a scheme and a host must be
 * there. In path, query and fragment, characters that may not stand there come out percent-encoded, as
 * does a % without two digits, and dot segments (%2e too) are gone. Known defaults: http, https, ws, wss,
 * socks5.
 *
 * 0, GY_ENOMEM, or GY_EURL: no "://"; control characters anywhere; a second @; a host that is neither a
 * name of letters, digits, - and _ in ASCII, nor four decimal numbers, nor an IPv6 address without a
 * zone in brackets; other ways to write an address, such as 127.1; a port that is not 1 to 65535.
 * Takes time linear in [text]. */
GY_CHECKED int gy__url_parse(gy_arena *a, gy_str text, struct gy__url *out);

/* Where [reference], as of a Location field, leads from [base]: a whole URL, "//host/path", "/path",
 * "path", "?query", "#fragment" or nothing. Without a fragment of its own it has that of [base] (RFC 9110
 * 10.2.2). User and password stay only where the reference names no host. A backslash is no slash. The
 * texts of [base] are shared. 0, GY_EURL, GY_ENOMEM. */
GY_CHECKED int gy__url_join(gy_arena *a, const struct gy__url *base, gy_str reference,
                            struct gy__url *out);

/* Scheme, host and port are the same: credentials of one are meant for the other. */
bool gy__url_same_origin(const struct gy__url *a, const struct gy__url *b);

/* The URL as text, without user and password; ptr NULL when out of memory. */
gy_str gy__url_text(gy_arena *a, const struct gy__url *u);

#endif
