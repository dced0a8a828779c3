/* SPDX-License-Identifier: MIT */
/* tls_staple.c - OCSP: what a server staples to its certificate, and what a client learns from it. */

#include <gyre/error.h>
#include <openssl/ocsp.h>
#include <stdio.h>

#include "net/tls.h"

enum { STAPLE_MAX = 64 * 1024 };

/* -- A server ------------------------------------------------------------------------------------ */

struct staple {
    long len;
    unsigned char bytes[];
};

static int staple_index = -1; /* in certificates: a name may have several */

static int on_status(SSL *ssl, void *arg)
{
    X509 *x = SSL_get_certificate(ssl);
    const struct staple *s = x ? X509_get_ex_data(x, staple_index) : NULL;
    unsigned char *copy = s ? OPENSSL_memdup(s->bytes, (size_t)s->len) : NULL;
    (void)arg;
    if (!copy)
        return SSL_TLSEXT_ERR_NOACK;
    SSL_set_tlsext_status_ocsp_resp(ssl, copy, s->len);
    return SSL_TLSEXT_ERR_OK;
}

static void free_staple(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx, long argl, void *argp)
{
    (void)parent, (void)ad, (void)idx, (void)argl, (void)argp;
    OPENSSL_free(ptr);
}

static void find_staple_index(void)
{
    staple_index = X509_get_ex_new_index(0, NULL, NULL, NULL, free_staple);
}

static bool is_answer(const struct staple *s)
{
    const unsigned char *at = s->bytes;
    OCSP_RESPONSE *r = d2i_OCSP_RESPONSE(NULL, &at, s->len);
    bool good = r && OCSP_response_status(r) == OCSP_RESPONSE_STATUS_SUCCESSFUL;
    OCSP_RESPONSE_free(r);
    return good;
}

/* A file that is not there yet is no error: a fetcher writes it later, and a reload finds it. */
int gy__tls_staple_load(SSL_CTX *ctx, X509 *x, const char *certificate_file, struct gy__why why)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    char name[4096];
    pthread_once(&once, find_staple_index);
    SSL_CTX_set_tlsext_status_cb(ctx, on_status);
    if (!certificate_file ||
        snprintf(name, sizeof name, "%s.ocsp", certificate_file) >= (int)sizeof name)
        return 0;
    FILE *f = fopen(name, "re");
    if (!f)
        return 0;
    struct staple *s = OPENSSL_malloc(sizeof *s + STAPLE_MAX);
    if (s)
        s->len = (long)fread(s->bytes, 1, STAPLE_MAX, f);
    fclose(f);
    if (s && is_answer(s) && X509_set_ex_data(x, staple_index, s) == 1)
        return 0;
    OPENSSL_free(s);
    return gy__tls_bad(why, "OCSP response", name);
}

/* -- A client ------------------------------------------------------------------------------------ */

static bool find_in(OCSP_BASICRESP *basic, const EVP_MD *md, X509 *x, X509 *issuer, int *status,
                    ASN1_GENERALIZEDTIME **when)
{
    OCSP_CERTID *id = OCSP_cert_to_id(md, x, issuer);
    ASN1_GENERALIZEDTIME *from, *to;
    int reason;
    bool found = id && OCSP_resp_find_status(basic, id, status, &reason, when, &from, &to) == 1;
    OCSP_CERTID_free(id);
    return found;
}

/* Who was revoked stays so: an answer of last year tells it too. What nobody that is trusted has signed
 * tells nothing, and is no more than the silence that anybody in between could make of it. */
static bool is_revoked(SSL *ssl, OCSP_BASICRESP *basic, ASN1_GENERALIZEDTIME **when)
{
    STACK_OF(X509) *chain = SSL_get0_verified_chain(ssl);
    X509_STORE *store = SSL_CTX_get_cert_store(SSL_get_SSL_CTX(ssl));
    int status = V_OCSP_CERTSTATUS_UNKNOWN;
    if (sk_X509_num(chain) < 1)
        return false;
    X509 *x = sk_X509_value(chain, 0), *issuer = sk_X509_value(chain, sk_X509_num(chain) > 1);
    if (!find_in(basic, EVP_sha1(), x, issuer, &status, when) &&
        !find_in(basic, EVP_sha256(), x, issuer, &status, when))
        return false;
    return status == V_OCSP_CERTSTATUS_REVOKED && OCSP_basic_verify(basic, chain, store, 0) == 1;
}

static int on_staple(SSL *ssl, void *arg)
{
    struct gy__tls_link *s = gy__tls_link_of(ssl);
    const unsigned char *at = NULL;
    ASN1_GENERALIZEDTIME *when = NULL;
    char day[16];
    (void)arg;
    long len = SSL_get_tlsext_status_ocsp_resp(ssl, &at);
    OCSP_RESPONSE *r = at && len > 0 ? d2i_OCSP_RESPONSE(NULL, &at, len) : NULL;
    OCSP_BASICRESP *basic = r ? OCSP_response_get1_basic(r) : NULL;
    bool revoked = basic && is_revoked(ssl, basic, &when);
    if (revoked) {
        gy__tls_day(when, day);
        gy__tls_say(s->why, "the certificate of %s was revoked on %s", s->host, day);
        s->explained = true;
    }
    OCSP_BASICRESP_free(basic);
    OCSP_RESPONSE_free(r);
    ERR_clear_error();
    return !revoked;
}

void gy__tls_staple_ask(SSL_CTX *ctx)
{
    SSL_CTX_set_tlsext_status_type(ctx, TLSEXT_STATUSTYPE_ocsp);
    SSL_CTX_set_tlsext_status_cb(ctx, on_staple);
}
