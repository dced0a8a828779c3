/* SPDX-License-Identifier: MIT */
/* tls_why.c - what went wrong with TLS, in words for a person. */

#include <openssl/err.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/utf8_step.h"
#include "net/tls.h"

/* Names in certificates are what anybody wanted them to be. */
void gy__tls_say(struct gy__why why, const char *fmt, ...)
{
    va_list ap;
    if (!why.text || !why.size)
        return;
    va_start(ap, fmt);
    vsnprintf(why.text, why.size, fmt, ap);
    va_end(ap);
    gy__utf8_tame(why.text, strlen(why.text));
}

const char *gy__tls_complaint(void)
{
    const char *text = ERR_reason_error_string(ERR_peek_last_error());
    return text ? text : "nothing more is known";
}

void gy__tls_day(const ASN1_TIME *at, char out[16])
{
    struct tm tm;
    if (!at || ASN1_TIME_to_tm(at, &tm) != 1 || !strftime(out, 16, "%Y-%m-%d", &tm))
        snprintf(out, 16, "some day");
}

/* What the peer has told us, as an alert, counts from 1000. */
int gy__tls_refusal(void)
{
    unsigned long code = ERR_peek_error();
    int reason = ERR_GET_REASON(code);
    return ERR_GET_LIB(code) == ERR_LIB_SSL && reason >= SSL_AD_REASON_OFFSET ? reason : 0;
}

const char *gy__tls_refusal_text(int reason)
{
    if (reason == SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED)
        return "it wants to see a certificate";
    const char *text = ERR_reason_error_string(ERR_PACK(ERR_LIB_SSL, 0, reason));
    return text ? text : "unknown";
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
    default:
        gy__tls_say(s->why, "%s %s: %s", gy__tls_refusal() ? "refused by" : "no TLS with", who,
                    gy__tls_refusal_text(reason));
    }
}
