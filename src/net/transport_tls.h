/* SPDX-License-Identifier: MIT */
/* transport_tls.h - TLS below a stream or a connection of HTTP. */
#ifndef GYRE_NET_TRANSPORT_TLS_H
#define GYRE_NET_TRANSPORT_TLS_H

#include <gyre/tls.h>

#include "net/transport.h"

/* Where a handshake says what went wrong; the text may be NULL. */
struct gy__why {
    char *text;
    size_t size;
};

/* A connected, non-blocking socket, plain until the handshake; takes [fd] on success. */
int gy__transport_tls_new(gy_loop *loop, int fd, gy_tls *tls, struct gy__transport **out);

/* The same over a TLS connection that has had its handshake and is watched no more; takes [below] on
 * success. */
int gy__transport_tls_over(struct gy__transport *below, gy_tls *tls, struct gy__transport **out);

/* The handshake, in the current task: of a server, or of a client that asks for [host]. [ahead] was read
 * from the socket already. 0; GY_ETLS and the other codes of gy_stream_start_tls; GY_EPROTO when the
 * peer has asked in plain HTTP: then [t] is plain again and can answer so. */
int gy__transport_tls_handshake(struct gy__transport *t, const char *host, gy_str ahead,
                                int64_t deadline, struct gy__why why);

/* When [tls] names no protocols: what to choose of those the client offers, or what a client offers.
 * Static storage. */
void gy__transport_tls_prefer(struct gy__transport *t, const char *const *alpn);

/* False for other transports, and before the handshake. */
bool gy__transport_tls_info(const struct gy__transport *t, gy_tls_info *out);

/* Why a server has refused this client after the handshake, in words; NULL when it has not. Reads give GY_ETLS
 * then. */
const char *gy__transport_tls_refusal(const struct gy__transport *t);

/* The certificate of the peer as DER or PEM; empty when there is none. */
gy_str gy__transport_tls_certificate(const struct gy__transport *t, gy_arena *arena, bool pem);

/* References, for those who keep it. */
gy_tls *gy__tls_ref(gy_tls *tls);
bool gy__tls_is_server(const gy_tls *tls);

/* Of the [all] that settings name those of TLS 1.3, which OpenSSL has a list of its own for, or the others; when
 * none is named, modern ones. In [out], or static. */
enum { GY__CIPHERS = 1024 };
const char *gy__tls_pick_ciphers(const char *all, bool of_13, char *out, size_t size);

/* What it was made from: a copy. */
const gy_tls_opts *gy__tls_opts(const gy_tls *tls);

#endif
