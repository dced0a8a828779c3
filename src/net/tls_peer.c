/* SPDX-License-Identifier: MIT */
/* tls_peer.c - the certificate that the peer has shown. */

#include <openssl/pem.h>
#include <string.h>

#include "base/alloc.h"
#include "net/tls.h"

/* As RFC 2253 writes it: who is called "a/O=b" is not taken for one of O=b, nor is anything cut off. */
char *gy__tls_subject(const X509 *x)
{
    BIO *b = BIO_new(BIO_s_mem());
    char *data, *copy = NULL;
    if (b && X509_NAME_print_ex(b, X509_get_subject_name(x), 0, XN_FLAG_RFC2253) >= 0) {
        long len = BIO_get_mem_data(b, &data);
        copy = gy__zalloc((size_t)len + 1);
        if (copy && len)
            memcpy(copy, data, (size_t)len);
    }
    BIO_free(b);
    gy__tls_forget_errors();
    return copy;
}

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
