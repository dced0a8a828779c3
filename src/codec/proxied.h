/* SPDX-License-Identifier: MIT */
/* proxied.h - the header that a proxy puts before a connection's bytes: the PROXY protocol. */
#ifndef GYRE_CODEC_PROXIED_H
#define GYRE_CODEC_PROXIED_H

#include <gyre/str.h>
#include <stdint.h>

#include "codec/cidr.h"

enum gy__proxied_family { GY__PROXIED_LOCAL, GY__PROXIED_IP4, GY__PROXIED_IP6, GY__PROXIED_UNIX };

struct gy__proxied_end {
    struct gy__ip ip;
    uint16_t port;
    gy_str path; /* of a unix socket: a view; an abstract name begins with a NUL */
};

struct gy__proxied {
    enum gy__proxied_family family; /* local: the proxy speaks for itself, or does not know */
    struct gy__proxied_end source, destination;
};

/* The longest that is accepted. */
enum { GY__PROXIED_MAX = 4096 };

/* The header's length, version 1 or 2; 0 when more bytes are needed; GY_EPROTO when it is none,
 * contradicts itself, or its checksum (CRC-32C) is wrong. Types it has no use for are passed over. */
long gy__proxied_parse(const char *data, size_t len, struct gy__proxied *out);

#endif
