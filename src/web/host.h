/* SPDX-License-Identifier: MIT */
/* host.h - the host that a route is for. */
#ifndef GYRE_WEB_HOST_H
#define GYRE_WEB_HOST_H

#include "web/pattern.h"

struct gy__host {
    struct gy__pattern pattern; /* lower case */
    bool any_below;             /* "*." stands before it */
    unsigned parts;
};

/* "example.com", "*.example.com" (one label or more before it), "{sub}.example.com" (a part is one
 * label or some of it). 0, GY_ENOMEM, GY_EINVAL with [why]. */
int gy__host_parse(gy_arena *a, gy_str text, struct gy__host *out, struct gy__fault *why);

/* The name in an authority: without port and without the dot at its end. */
gy_str gy__host_name(gy_str authority);

/* Does it match? Then parts[0..h->parts) are views into [name]. [parts] may be NULL. */
bool gy__host_match(const struct gy__host *h, gy_str name, gy_str *parts);

#endif
