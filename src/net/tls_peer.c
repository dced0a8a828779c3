/* SPDX-License-Identifier: MIT */
/* tls_peer.c - the certificate that the peer has shown. */

#include <openssl/pem.h>

#include "net/tls.h"

static int write_as(BIO *b, X509 *x, bool pem)
{
    return pem ? PEM_write_bio_X509(b, x) : i2d_X509_bio(b, x);
}

gy_str gy__transport_tls_certificate(const struct gy__transport *t, gy_arena *arena, bool pem)
{
    gy_tls_info info;
    gy_str copy = {.ptr = NULL};
    char *data;
    if (!gy__transport_tls_info(t, &info))
        return copy;
    X509 *x = SSL_get0_peer_certificate(gy_of(t, const struct gy__tls_link, t)->ssl);
    BIO *b = x ? BIO_new(BIO_s_mem()) : NULL;
    if (b && write_as(b, x, pem) == 1) {
        long len = BIO_get_mem_data(b, &data);
        copy = gy_str_copy(arena, gy_str_n(data, (size_t)len));
    }
    BIO_free(b);
    gy__tls_forget_errors();
    return copy.ptr ? copy : (gy_str){.ptr = NULL};
}
