/* SPDX-License-Identifier: MIT */
/* tls_why.c - what went wrong with TLS, in words for a person. */

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "net/tls.h"

void gy__tls_say(struct gy__why why, const char *fmt, ...)
{
    va_list ap;
    if (!why.text || !why.size)
        return;
    va_start(ap, fmt);
    vsnprintf(why.text, why.size, fmt, ap);
    va_end(ap);
}

const char *gy__tls_complaint(void)
{
    const char *text = ERR_reason_error_string(ERR_peek_last_error());
    return text ? text : "nothing more is known";
}

static void day_of(const ASN1_TIME *at, char out[16])
{
    struct tm tm;
    if (!at || ASN1_TIME_to_tm(at, &tm) != 1 || !strftime(out, 16, "%Y-%m-%d", &tm))
        snprintf(out, 16, "some day");
}

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

static void explain_certificate(struct gy__tls_link *s, X509 *x, int code, int depth)
{
    char of[200], text[200];
    whose(s, x, depth, of, sizeof of);
    switch (code) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
        day_of(X509_get0_notAfter(x), text);
        gy__tls_say(s->why, "%s expired on %s", of, text);
        break;
    case X509_V_ERR_CERT_NOT_YET_VALID:
        day_of(X509_get0_notBefore(x), text);
        gy__tls_say(s->why, "%s is not valid before %s", of, text);
        break;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        names_of(x, text, sizeof text);
        gy__tls_say(s->why, "%s is for %s", of, text);
        break;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        gy__tls_say(s->why, "%s is signed by itself, and not one of those that are trusted", of);
        break;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        common_name(X509_get_issuer_name(x), text, sizeof text);
        gy__tls_say(s->why, "%s is signed by %s, who is not trusted", of, text);
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
    if (good || !s || s->explained || !x)
        return good;
    s->explained = true;
    explain_certificate(s, x, X509_STORE_CTX_get_error(store),
                        X509_STORE_CTX_get_error_depth(store));
    return 0;
}

void gy__tls_explain(struct gy__tls_link *s)
{
    const char *who = s->host ? s->host : s->tls->server ? "the client" : "the server";
    unsigned long code = ERR_peek_error();
    int reason = ERR_GET_REASON(code);
    if (s->explained)
        return;
    if (ERR_GET_LIB(code) != ERR_LIB_SSL) {
        gy__tls_say(s->why, "no TLS with %s: %s", who, gy__tls_complaint());
        return;
    }
    switch (reason) {
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
        gy__tls_say(s->why, "%s does not speak TLS here", who);
        break;
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
        gy__tls_say(s->why, "%s knows no version of TLS that is still safe", who);
        break;
    case SSL_R_NO_SHARED_CIPHER:
        gy__tls_say(s->why, "%s knows no cipher that is allowed here", who);
        break;
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
        gy__tls_say(s->why, "%s has shown no certificate", who);
        break;
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
        gy__tls_say(s->why, "%s wants to see a certificate", who);
        break;
    default:
        /* What the peer has told us, as an alert, counts from 1000. */
        gy__tls_say(s->why, "%s %s: %s",
                    reason >= SSL_AD_REASON_OFFSET ? "refused by" : "no TLS with", who,
                    ERR_reason_error_string(code) ? ERR_reason_error_string(code) : "unknown");
    }
}
