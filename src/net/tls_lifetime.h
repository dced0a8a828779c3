/* SPDX-License-Identifier: MIT */
/* tls_lifetime.h - whether the certificates of a server are valid now. */
#ifndef GYRE_NET_TLS_LIFETIME_H
#define GYRE_NET_TLS_LIFETIME_H

#include <gyre/tls.h>

/* A sentence about the first that is not; false when all are. */
bool gy__tls_doubts(gy_tls *tls, char *out, size_t size);

#endif
