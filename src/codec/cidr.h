/* SPDX-License-Identifier: MIT */
/* cidr.h - networks such as 10.0.0.0/8, and whether an address is in one. */
#ifndef GYRE_CODEC_CIDR_H
#define GYRE_CODEC_CIDR_H

#include <gyre/arena.h>

/* An IPv6 address, or an IPv4 one mapped into ::ffff:0:0/96. */
struct gy__ip {
    unsigned char bytes[16];
};

struct gy__cidr {
    struct gy__ip base;
    unsigned bits; /* how many of base count, 0 to 128 */
};

struct gy__cidrs {
    struct gy__cidr *items;
    size_t len;
};

/* "127.0.0.1" or "::1": no brackets, no port, no zone. 0 or GY_EINVAL. */
GY_CHECKED int gy__ip_parse(gy_str text, struct gy__ip *out);

/* "10.0.0.0/8", "fd00::/8", or a single address. 0, or GY_EINVAL, also for a base with bits set
 * behind its prefix, which is a mistake more often than a wish. */
GY_CHECKED int gy__cidr_parse(gy_str text, struct gy__cidr *out);

/* A list with commas, blanks around them allowed; "*" is every address. Empty makes an empty
 * list. 0, GY_EINVAL, GY_ENOMEM. */
GY_CHECKED int gy__cidrs_parse(gy_arena *a, gy_str text, struct gy__cidrs *out);

bool gy__cidr_has(const struct gy__cidr *net, const struct gy__ip *ip);
bool gy__cidrs_have(const struct gy__cidrs *nets, const struct gy__ip *ip);

#endif
