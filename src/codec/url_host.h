/* SPDX-License-Identifier: MIT */
/* url_host.h - the host and port of a URL. */
#ifndef GYRE_CODEC_URL_HOST_H
#define GYRE_CODEC_URL_HOST_H

#include "codec/url.h"

/* Set host, ip6, port and authority of [out], whose scheme is set, from "host:port" as a URL has it.
 * 0, GY_EURL, GY_ENOMEM. */
GY_CHECKED int gy__url_set_host(gy_arena *a, gy_str text, struct gy__url *out);

#endif
