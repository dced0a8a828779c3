/* SPDX-License-Identifier: MIT */
/* tls_revoked.c - certificates that their issuers have taken back: lists of them, and what is said. */

#include <gyre/error.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "net/tls.h"

int gy__tls_lists_load(SSL_CTX *ctx, const gy_tls_opts *opts, struct gy__why why)
{
    X509_STORE *store = SSL_CTX_get_cert_store(ctx);
    X509_CRL *crl;
    int n = 0;
    if (!opts->crl_file && !opts->crl.ptr)
        return 0;
    BIO *b = gy__tls_text_open(opts->crl_file, opts->crl, "list of revoked certificates", why);
    if (!b)
        return GY_ETLS;
    for (; (crl = PEM_read_bio_X509_CRL(b, NULL, NULL, NULL)); n++) {
        X509_STORE_add_crl(store, crl);
        X509_CRL_free(crl);
    }
    X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
    return gy__tls_text_close(b, n, "list of revoked certificates", opts->crl_file, why);
}

bool gy__tls_needs_list(const struct gy__tls_link *s, int depth)
{
    return s->tls->server && depth == 0;
}

void gy__tls_say_revoked(struct gy__tls_link *s, const char *of, X509 *x, X509_CRL *crl)
{
    X509_REVOKED *entry = NULL;
    char day[16];
    if (!crl || X509_CRL_get0_by_cert(crl, &entry, x) < 1)
        entry = NULL;
    gy__tls_day(entry ? X509_REVOKED_get0_revocationDate(entry) : NULL, day);
    gy__tls_say(s->why, "%s was revoked on %s", of, day);
}
