/* SPDX-License-Identifier: MIT */
/* certificates.c - certificates that a test makes for itself. */

#include "support/certificates.h"

#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(bool held, const char *what)
{
    if (held)
        return;
    fprintf(stderr, "certificates: cannot make a %s\n", what);
    exit(1);
}

static void add_extension(X509 *x, X509 *signer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, signer, x, NULL, NULL, 0);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    must(e && X509_add_ext(x, e, -1) == 1, "extension");
    X509_EXTENSION_free(e);
}

static char *text_of(BIO *b)
{
    char *data, *text;
    long len = BIO_get_mem_data(b, &data);
    text = malloc((size_t)len + 1);
    must(text != NULL, "text");
    memcpy(text, data, (size_t)len);
    text[len] = '\0';
    BIO_free(b);
    return text;
}

static void write_texts(struct certificate *c, const struct certificate *signer)
{
    BIO *b = BIO_new(BIO_s_mem());
    must(PEM_write_bio_X509(b, c->x) == 1, "text");
    /* Who is signed by itself is known already. */
    if (signer && X509_NAME_cmp(X509_get_issuer_name(signer->x), X509_get_subject_name(signer->x)))
        must(BIO_puts(b, signer->text) > 0, "chain");
    c->text = text_of(b);
    b = BIO_new(BIO_s_mem());
    must(PEM_write_bio_PrivateKey(b, c->key, NULL, NULL, 0, NULL, NULL) == 1, "text");
    c->key_text = text_of(b);
}

struct certificate certificate_make(struct certificate_wish wish)
{
    static long serial = 1;
    struct certificate c = {
        .x = X509_new(), .key = wish.rsa ? EVP_RSA_gen((unsigned)wish.rsa) : EVP_EC_gen("P-256")};
    X509 *signer = wish.signer ? wish.signer->x : c.x;
    must(c.x && c.key, "key");
    X509_NAME *subject = X509_get_subject_name(c.x);
    X509_set_version(c.x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(c.x), serial++);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)wish.name, -1,
                               -1, 0);
    X509_set_issuer_name(c.x, X509_get_subject_name(signer));
    ASN1_TIME_set_string(X509_getm_notBefore(c.x), wish.from ? wish.from : "20150101000000Z");
    ASN1_TIME_set_string(X509_getm_notAfter(c.x), wish.to ? wish.to : "20990101000000Z");
    X509_set_pubkey(c.x, c.key);
    add_extension(c.x, signer, NID_basic_constraints,
                  wish.authority ? "critical,CA:TRUE" : "CA:FALSE");
    if (wish.names)
        add_extension(c.x, signer, NID_subject_alt_name, wish.names);
    must(X509_sign(c.x, wish.signer ? wish.signer->key : c.key,
                   wish.sha1 ? EVP_sha1() : EVP_sha256()) > 0,
         "signature");
    write_texts(&c, wish.signer);
    return c;
}

void certificate_free(struct certificate *c)
{
    X509_free(c->x);
    EVP_PKEY_free(c->key);
    free(c->text);
    free(c->key_text);
}

static const char revoked_at[] = "20240501120000Z";

static void revoke(X509_CRL *crl, const struct certificate *c)
{
    X509_REVOKED *entry = X509_REVOKED_new();
    ASN1_TIME *when = ASN1_TIME_new();
    must(entry && when && ASN1_TIME_set_string(when, revoked_at) == 1 &&
             X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(c->x)) == 1 &&
             X509_REVOKED_set_revocationDate(entry, when) == 1 && X509_CRL_add0_revoked(crl, entry),
         "list");
    ASN1_TIME_free(when);
}

char *certificate_list(const struct certificate *signer, const char *until,
                       const struct certificate *const *revoked)
{
    X509_CRL *crl = X509_CRL_new();
    ASN1_TIME *from = ASN1_TIME_new(), *to = ASN1_TIME_new();
    must(crl && from && to, "list");
    ASN1_TIME_set_string(from, "20150101000000Z");
    ASN1_TIME_set_string(to, until ? until : "20990101000000Z");
    X509_CRL_set_version(crl, 1);
    X509_CRL_set_issuer_name(crl, X509_get_subject_name(signer->x));
    X509_CRL_set1_lastUpdate(crl, from);
    X509_CRL_set1_nextUpdate(crl, to);
    for (; *revoked; revoked++)
        revoke(crl, *revoked);
    X509_CRL_sort(crl);
    must(X509_CRL_sign(crl, signer->key, EVP_sha256()) > 0, "list");
    BIO *b = BIO_new(BIO_s_mem());
    must(PEM_write_bio_X509_CRL(b, crl) == 1, "list");
    ASN1_TIME_free(from);
    ASN1_TIME_free(to);
    X509_CRL_free(crl);
    return text_of(b);
}

long certificate_answer(const struct certificate *signer, const struct certificate *one,
                        bool revoked, unsigned char **out)
{
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), one->x, signer->x);
    ASN1_TIME *when = ASN1_TIME_new(), *now = X509_gmtime_adj(NULL, 0);
    must(basic && id && when && ASN1_TIME_set_string(when, revoked_at) == 1, "answer");
    must(OCSP_basic_add1_status(basic, id,
                                revoked ? V_OCSP_CERTSTATUS_REVOKED : V_OCSP_CERTSTATUS_GOOD, 0,
                                revoked ? when : NULL, now, NULL) != NULL,
         "answer");
    must(OCSP_basic_sign(basic, signer->x, signer->key, EVP_sha256(), NULL, 0) == 1, "answer");
    OCSP_RESPONSE *r = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
    unsigned char *der = NULL;
    long len = i2d_OCSP_RESPONSE(r, &der);
    must(len > 0 && (*out = malloc((size_t)len)) != NULL, "answer");
    memcpy(*out, der, (size_t)len);
    OPENSSL_free(der);
    OCSP_RESPONSE_free(r);
    OCSP_BASICRESP_free(basic);
    OCSP_CERTID_free(id);
    ASN1_TIME_free(when);
    ASN1_TIME_free(now);
    return len;
}

gy_tls_certificate certificate_of(const struct certificate *c)
{
    return (gy_tls_certificate){.certificate = gy_str_of(c->text), .key = gy_str_of(c->key_text)};
}
