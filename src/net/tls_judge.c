/* SPDX-License-Identifier: MIT */
/* tls_judge.c - which certificate is not good, and why, in words for a person. */

#include <openssl/x509v3.h>
#include <stdio.h>

#include "net/tls.h"

static void common_name(const X509_NAME *name, char *out, int size)
{
    if (X509_NAME_get_text_by_NID(name, NID_commonName, out, size) < 1)
        X509_NAME_oneline(name, out, size);
}

/* Up to three of the names that a certificate is for. */
static void names_of(X509 *x, char *out, size_t size)
{
    GENERAL_NAMES *all = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
    size_t at = 0;
    out[0] = '\0';
    for (int i = 0, n = 0; i < sk_GENERAL_NAME_num(all) && n < 3; i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(all, i);
        if (name->type != GEN_DNS)
            continue;
        int len = ASN1_STRING_length(name->d.dNSName);
        int wrote = snprintf(out + at, size - at, "%s%.*s", n ? ", " : "", len,
                             (const char *)ASN1_STRING_get0_data(name->d.dNSName));
        if (wrote < 0 || (size_t)wrote >= size - at)
            break;
        at += (size_t)wrote;
        n++;
    }
    GENERAL_NAMES_free(all);
    if (!out[0])
        common_name(X509_get_subject_name(x), out, (int)size);
}

/* "the certificate of example.org", or of those who have signed it. */
static void whose(const struct gy__tls_link *s, X509 *x, int depth, char *out, size_t size)
{
    char name[80];
    common_name(X509_get_subject_name(x), name, sizeof name);
    if (s->host && depth == 0)
        snprintf(out, size, "the certificate of %s", s->host);
    else if (depth == 0)
        snprintf(out, size, "the certificate of the client (%s)", name);
    else
        snprintf(out, size, "the certificate of %s, which has signed that of %s,", name,
                 s->host ? s->host : "the client");
}

/* Is the one that was wanted behind another, which came first? */
static bool comes_later(const struct gy__tls_link *s, X509_STORE_CTX *store)
{
    STACK_OF(X509) *came = X509_STORE_CTX_get0_untrusted(store);
    for (int i = 1; i < sk_X509_num(came) && s->host; i++)
        if (X509_check_host(sk_X509_value(came, i), s->host, 0, 0, NULL) == 1 ||
            X509_check_ip_asc(sk_X509_value(came, i), s->host, 0) == 1)
            return true;
    return false;
}

static void explain_name(struct gy__tls_link *s, X509 *x, const char *of, X509_STORE_CTX *store)
{
    char text[200];
    names_of(x, text, sizeof text);
    if (comes_later(s, store))
        gy__tls_say(s->why, "%s does not come first, where that of %s is: their order is wrong", of,
                    text);
    else
        gy__tls_say(s->why, "%s is for %s", of, text);
}

static void explain_signer(struct gy__tls_link *s, X509 *x, const char *of, X509_STORE_CTX *store)
{
    char text[200];
    bool alone = sk_X509_num(X509_STORE_CTX_get0_untrusted(store)) == 1;
    common_name(X509_get_issuer_name(x), text, sizeof text);
    gy__tls_say(s->why, "%s is signed by %s, who is not trusted%s", of, text,
                alone ? ", and whose own certificate has not come with it" : "");
}

static void explain_weak(struct gy__tls_link *s, X509 *x, const char *of, bool key)
{
    int digest = NID_undef;
    X509_get_signature_info(x, &digest, NULL, NULL, NULL);
    if (key)
        gy__tls_say(s->why, "%s has a key of %d bits, which is too weak", of,
                    EVP_PKEY_get_bits(X509_get0_pubkey(x)));
    else
        gy__tls_say(s->why, "%s is signed with %s, which is too weak", of, OBJ_nid2sn(digest));
}

/* Of the lists of revoked certificates. */
static void explain_list(struct gy__tls_link *s, X509 *x, const char *of, X509_STORE_CTX *store)
{
    X509_CRL *crl = X509_STORE_CTX_get0_current_crl(store);
    char text[200], day[16];
    common_name(X509_get_issuer_name(x), text, sizeof text);
    switch (X509_STORE_CTX_get_error(store)) {
    case X509_V_ERR_CERT_REVOKED:
        gy__tls_say_revoked(s, of, x, crl);
        break;
    case X509_V_ERR_CRL_HAS_EXPIRED:
        gy__tls_day(crl ? X509_CRL_get0_nextUpdate(crl) : NULL, day);
        gy__tls_say(s->why, "the list of those whom %s has revoked expired on %s", text, day);
        break;
    default:
        gy__tls_say(s->why, "no list tells whom %s has revoked", text);
    }
}

static void explain(struct gy__tls_link *s, X509 *x, X509_STORE_CTX *store)
{
    int code = X509_STORE_CTX_get_error(store);
    char of[200], day[16];
    whose(s, x, X509_STORE_CTX_get_error_depth(store), of, sizeof of);
    switch (code) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
        gy__tls_day(X509_get0_notAfter(x), day);
        gy__tls_say(s->why, "%s expired on %s", of, day);
        break;
    case X509_V_ERR_CERT_NOT_YET_VALID:
        gy__tls_day(X509_get0_notBefore(x), day);
        gy__tls_say(s->why, "%s is not valid before %s", of, day);
        break;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        explain_name(s, x, of, store);
        break;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        gy__tls_say(s->why, "%s is signed by itself, and not one of those that are trusted", of);
        break;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        explain_signer(s, x, of, store);
        break;
    case X509_V_ERR_CERT_REVOKED:
    case X509_V_ERR_CRL_HAS_EXPIRED:
    case X509_V_ERR_UNABLE_TO_GET_CRL:
        explain_list(s, x, of, store);
        break;
    case X509_V_ERR_EE_KEY_TOO_SMALL:
    case X509_V_ERR_CA_KEY_TOO_SMALL:
        explain_weak(s, x, of, true);
        break;
    case X509_V_ERR_CA_MD_TOO_WEAK:
        explain_weak(s, x, of, false);
        break;
    default:
        gy__tls_say(s->why, "%s is not good: %s", of, X509_verify_cert_error_string(code));
    }
}

int gy__tls_judge(int good, X509_STORE_CTX *store)
{
    const SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct gy__tls_link *s = ssl ? gy__tls_link_of(ssl) : NULL;
    X509 *x = X509_STORE_CTX_get_current_cert(store);
    if (good || !s || !x)
        return good;
    if (X509_STORE_CTX_get_error(store) == X509_V_ERR_UNABLE_TO_GET_CRL &&
        !gy__tls_needs_list(s, X509_STORE_CTX_get_error_depth(store))) {
        X509_STORE_CTX_set_error(store, X509_V_OK);
        return 1;
    }
    if (!s->explained)
        explain(s, x, store);
    s->explained = true;
    return 0;
}
