/* SPDX-License-Identifier: MIT */
/* resolver.h - names to addresses, for those who connect. */
#ifndef GYRE_NET_RESOLVER_H
#define GYRE_NET_RESOLVER_H

#include <gyre/resolver.h>

#include "net/asker.h"

/* As gy_resolve, until [until] (ns on the loop's clock): 0 and at least one address of [out], whose
 * [ips], [max] and [port] are the caller's. A row of the table may change the port. */
GY_SUSPENDS GY_CHECKED int gy__resolve(gy_resolver *r, const char *host, int family, int64_t until,
                                       struct gy__targets *out);

#endif
