/* SPDX-License-Identifier: MIT */
/* tls_names.c - what a server answers to the name and the protocols that a client asks for. */

#include <gyre/error.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "net/tls.h"

int gy__tls_offer(struct gy__tls_link *s)
{
    gy_arena a = {0};
    unsigned char *wire;
    size_t len;
    if (!s->prefer || s->tls->alpn_len)
        return 0;
    int e = gy__tls_protocols(&a, s->prefer, &wire, &len);
    if (!e && SSL_set_alpn_protos(s->ssl, wire, (unsigned)len))
        e = GY_ENOMEM;
    gy_arena_done(&a);
    return e;
}

int gy__tls_protocols(gy_arena *a, const char *const *names, unsigned char **out, size_t *len)
{
    size_t size = 0;
    for (size_t i = 0; names && names[i]; i++) {
        size_t n = strlen(names[i]);
        if (n == 0 || n > 255)
            return GY_EINVAL;
        size += n + 1;
    }
    *len = size;
    *out = size ? gy_alloc(a, size) : NULL;
    if (size && !*out)
        return GY_ENOMEM;
    for (unsigned char *at = *out; at && *names; names++) {
        size_t n = strlen(*names);
        *at++ = (unsigned char)n;
        memcpy(at, *names, n);
        at += n;
    }
    return 0;
}

/* Is [name], a length and a text, among those that the client knows? */
static bool offers(const unsigned char *in, unsigned len, const char *name)
{
    size_t want = strlen(name);
    for (size_t at = 0; at < len; at += 1U + in[at])
        if (in[at] == want && want < len - at && memcmp(in + at + 1, name, want) == 0)
            return true;
    return false;
}

/* Nothing in common ends the handshake: bytes of one protocol must not be taken for another's
 * (RFC 7301 section 3.2). */
static int on_protocols(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                        const unsigned char *in, unsigned len, void *arg)
{
    const struct gy__tls_link *s = gy__tls_link_of(ssl);
    const char *const *ours = s->tls->opts.alpn ? s->tls->opts.alpn : s->prefer;
    (void)arg;
    if (!ours)
        return SSL_TLSEXT_ERR_NOACK;
    for (; *ours; ours++)
        if (offers(in, len, *ours)) {
            *out = (const unsigned char *)*ours;
            *out_len = (unsigned char)strlen(*ours);
            return SSL_TLSEXT_ERR_OK;
        }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static int on_name(SSL *ssl, int *alert, void *arg)
{
    gy_tls *tls = gy__tls_link_of(ssl)->tls;
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    (void)alert;
    (void)arg;
    if (!name)
        return SSL_TLSEXT_ERR_NOACK;
    pthread_mutex_lock(&tls->lock);
    bool choice = tls->contexts.count > 1;
    for (size_t i = 0; choice && i < tls->contexts.count; i++) {
        SSL_CTX *ctx = tls->contexts.items[i];
        if (X509_check_host(SSL_CTX_get0_certificate(ctx), name, 0, 0, NULL) == 1) {
            SSL_set_SSL_CTX(ssl, ctx);
            break;
        }
    }
    pthread_mutex_unlock(&tls->lock);
    return SSL_TLSEXT_ERR_OK;
}

void gy__tls_names_init(gy_tls *tls, SSL_CTX *ctx)
{
    (void)tls;
    SSL_CTX_set_tlsext_servername_callback(ctx, on_name);
    SSL_CTX_set_alpn_select_cb(ctx, on_protocols, NULL);
}
