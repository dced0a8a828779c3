/* SPDX-License-Identifier: MIT */
/* tls_lifetime.c - whether the certificates of a server are valid now. */

#include "net/tls_lifetime.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "net/tls.h"

static bool doubt(const gy_tls_certificate *c, const X509 *x, char *out, size_t size)
{
    char name[200], day[16];
    time_t now = (time_t)gy__clock_wall();
    bool early = X509_cmp_time(X509_get0_notBefore(x), &now) > 0;
    if (!early && X509_cmp_time(X509_get0_notAfter(x), &now) > 0)
        return false;
    if (c->certificate_file)
        snprintf(name, sizeof name, "in %s", c->certificate_file);
    else
        X509_NAME_oneline(X509_get_subject_name(x), name, sizeof name);
    gy__tls_day(early ? X509_get0_notBefore(x) : X509_get0_notAfter(x), day);
    snprintf(out, size, "the certificate %s %s %s", name,
             early ? "is not valid before" : "expired on", day);
    return true;
}

bool gy__tls_doubts(gy_tls *tls, char *out, size_t size)
{
    bool found = false;
    pthread_mutex_lock(&tls->lock);
    for (size_t i = 0; i < tls->contexts.count && !found; i++) {
        const X509 *x = SSL_CTX_get0_certificate(tls->contexts.items[i]);
        found = x && doubt(&tls->opts.certificates[i], x, out, size);
    }
    pthread_mutex_unlock(&tls->lock);
    return found;
}
