/* SPDX-License-Identifier: MIT */
/* connect.h - connecting, for those who want to know what took how long. */
#ifndef GYRE_NET_CONNECT_H
#define GYRE_NET_CONNECT_H

#include <gyre/net.h>
#include <stdint.h>

/* As gy_connect, with options. [resolved] is when the name's addresses were known, or that there are none,
 * in ns of the loop's clock; 0: nothing was looked up. */
GY_SUSPENDS GY_CHECKED int gy__connect(const char *address, const gy_connect_opts *opts,
                                       gy_stream **out, int64_t *resolved);

#endif
