/* SPDX-License-Identifier: MIT */
/* tls_pairs.c - certificates of several kinds for the same names: the client chooses. */

#include <openssl/x509v3.h>
#include <string.h>

#include "net/tls.h"

static bool is_for(X509 *x, const GENERAL_NAME *name)
{
    GENERAL_NAMES *all = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
    bool found = false;
    for (int i = 0; i < sk_GENERAL_NAME_num(all) && !found; i++)
        found =
            GENERAL_NAME_cmp(sk_GENERAL_NAME_value(all, i), (GENERAL_NAME *)(uintptr_t)name) == 0;
    GENERAL_NAMES_free(all);
    return found;
}

/* Is [other] for all names that [x] is for? */
static bool covers(X509 *other, X509 *x)
{
    GENERAL_NAMES *all = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
    bool covered = sk_GENERAL_NAME_num(all) > 0;
    for (int i = 0; i < sk_GENERAL_NAME_num(all) && covered; i++)
        covered = is_for(other, sk_GENERAL_NAME_value(all, i));
    GENERAL_NAMES_free(all);
    return covered;
}

static int kind_of(X509 *x)
{
    return EVP_PKEY_get_base_id(X509_get0_pubkey(x));
}

/* OpenSSL has room for one of each kind. */
static bool has_kind(SSL_CTX *ctx, int kind)
{
    bool found = false;
    for (long more = SSL_CTX_set_current_cert(ctx, SSL_CERT_SET_FIRST); more == 1 && !found;
         more = SSL_CTX_set_current_cert(ctx, SSL_CERT_SET_NEXT))
        found = kind_of(SSL_CTX_get0_certificate(ctx)) == kind;
    return found;
}

int gy__tls_pair(const gy_tls *tls, struct gy__tls_contexts *c, size_t at, struct gy__why why)
{
    SSL_CTX *ctx = c->items[at];
    X509 *own = SSL_CTX_get0_certificate(ctx);
    int e = 0;
    for (size_t i = 0; i < c->count && !e; i++) {
        X509 *x = SSL_CTX_get0_certificate(c->items[i]);
        if (i != at && covers(x, own) && !has_kind(ctx, kind_of(x)))
            e = gy__tls_certificate_load(ctx, &tls->opts.certificates[i], tls->opts.ocsp, why);
    }
    SSL_CTX_select_current_cert(ctx, own);
    return e;
}
