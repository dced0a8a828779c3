/* SPDX-License-Identifier: MIT */
/* tls_lifetime_none.c - certificates where there is no TLS: there are none to doubt. */

#include "net/tls_lifetime.h"

bool gy__tls_doubts(gy_tls *tls, char *out, size_t size)
{
    (void)tls, (void)out, (void)size;
    return false;
}
