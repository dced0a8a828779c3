/* SPDX-License-Identifier: MIT */
/* tls_context.c - OpenSSL's contexts: which TLS is spoken, and with which certificates. */

#include <gyre/error.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/alloc.h"
#include "net/tls.h"

/* With forward secrecy and authenticated encryption only; the cheapest first, whose 128 bits and
 * SHA-256 are what processors have instructions for. */
static const char modern[] = "ECDHE+AESGCM:ECDHE+CHACHA20";
static const char modern_13[] =
    "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384";

static bool is_13(const char *name)
{
    return strncmp(name, "TLS_AES_", 8) == 0 || strncmp(name, "TLS_CHACHA20_", 13) == 0;
}

const char *gy__tls_pick_ciphers(const char *all, bool of_13, char *out, size_t size)
{
    size_t at = 0;
    for (size_t len; *all; all += len) {
        len = strcspn(all, ":, ");
        if (len && is_13(all) == of_13 && at + len + 2 < size) {
            if (at)
                out[at++] = ':';
            memcpy(out + at, all, len);
            at += len;
        }
        len += all[len] != '\0';
    }
    out[at] = '\0';
    return at ? out : of_13 ? modern_13 : modern;
}

static bool set_ciphers(SSL_CTX *ctx, const char *ciphers)
{
    char some[GY__CIPHERS];
    return strlen(ciphers) < sizeof some - 1 &&
           SSL_CTX_set_ciphersuites(ctx, gy__tls_pick_ciphers(ciphers, true, some, sizeof some)) ==
               1 &&
           SSL_CTX_set_cipher_list(ctx, gy__tls_pick_ciphers(ciphers, false, some, sizeof some)) ==
               1;
}

static int set_protocol(const gy_tls *tls, SSL_CTX *ctx, struct gy__why why)
{
    const char *ciphers = tls->opts.ciphers ? tls->opts.ciphers : "";
    SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    if (tls->opts.no_tickets) {
        SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
        SSL_CTX_set_num_tickets(ctx, 0);
    }
    SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                              SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(ctx, 1);
    /* No key below 112 bits, no signature with SHA-1. What is said of ciphers may say otherwise. */
    if (SSL_CTX_get_security_level(ctx) < 2)
        SSL_CTX_set_security_level(ctx, 2);
    if (SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 && set_ciphers(ctx, ciphers))
        return 0;
    gy__tls_say(why, "no cipher that is known in \"%s\"", ciphers);
    ERR_clear_error();
    return GY_EINVAL;
}

static bool add_print(EVP_MD_CTX *d, X509_OBJECT *one)
{
    unsigned char print[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    X509 *x = X509_OBJECT_get0_X509(one);
    X509_CRL *crl = X509_OBJECT_get0_X509_CRL(one);
    int made = x     ? X509_digest(x, EVP_sha256(), print, &size)
               : crl ? X509_CRL_digest(crl, EVP_sha256(), print, &size)
                     : 1;
    return made == 1 && EVP_DigestUpdate(d, print, size) == 1;
}

/* A session in which a client was verified is good only where the same would be asked of it: by the same
 * authorities, and with the same revoked. */
static int bind_sessions(const gy_tls *tls, SSL_CTX *ctx)
{
    const bool *verify = &tls->opts.verify_client;
    STACK_OF(X509_OBJECT) *trusted = X509_STORE_get0_objects(SSL_CTX_get_cert_store(ctx));
    unsigned char id[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    EVP_MD_CTX *d = EVP_MD_CTX_new();
    bool good = d && EVP_DigestInit_ex(d, EVP_sha256(), NULL) == 1 &&
                EVP_DigestUpdate(d, verify, sizeof *verify) == 1;
    for (int i = 0; good && i < sk_X509_OBJECT_num(trusted); i++)
        good = add_print(d, sk_X509_OBJECT_value(trusted, i));
    good = good && EVP_DigestFinal_ex(d, id, &len) == 1 &&
           SSL_CTX_set_session_id_context(ctx, id, len) == 1;
    EVP_MD_CTX_free(d);
    return good ? 0 : GY_ENOMEM;
}

static int set_server(gy_tls *tls, SSL_CTX *ctx)
{
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    gy__tls_tickets_init(ctx);
    gy__tls_names_init(tls, ctx);
    if (tls->opts.verify_client)
        SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, gy__tls_judge);
    return bind_sessions(tls, ctx);
}

static int set_client(gy_tls *tls, SSL_CTX *ctx)
{
    gy__tls_sessions_init(ctx);
    if (!tls->opts.insecure)
        gy__tls_staple_ask(ctx);
    SSL_CTX_set_verify(ctx, tls->opts.insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, gy__tls_judge);
    if (tls->alpn_len && SSL_CTX_set_alpn_protos(ctx, tls->alpn, (unsigned)tls->alpn_len))
        return GY_ENOMEM;
    return 0;
}

static int make(gy_tls *tls, const gy_tls_certificate *c, SSL_CTX **out, struct gy__why why)
{
    SSL_CTX *ctx = *out = SSL_CTX_new(tls->server ? TLS_server_method() : TLS_client_method());
    if (!ctx)
        return GY_ENOMEM;
    int e = set_protocol(tls, ctx, why);
    if (!e)
        e = gy__tls_authorities_load(ctx, &tls->opts, tls->server, why);
    if (!e)
        e = gy__tls_lists_load(ctx, &tls->opts, why);
    if (!e && c)
        e = gy__tls_certificate_load(ctx, c, tls->opts.ocsp, why);
    if (!e)
        e = tls->server ? set_server(tls, ctx) : set_client(tls, ctx);
    return e;
}

int gy__tls_contexts_new(gy_tls *tls, struct gy__tls_contexts *out, struct gy__why why)
{
    const gy_tls_certificate *all = tls->opts.certificates;
    size_t n = 0;
    int e = 0;
    while (all[n].certificate_file || all[n].certificate.ptr)
        n++;
    size_t most = tls->server && n ? n : 1;
    *out = (struct gy__tls_contexts){.items = gy__zalloc(most * sizeof(SSL_CTX *))};
    if (!out->items) {
        gy__tls_say(why, "out of memory");
        return GY_ENOMEM;
    }
    for (; out->count < most && !e; out->count++)
        e = make(tls, n ? &all[out->count] : NULL, &out->items[out->count], why);
    for (size_t i = 0; i < out->count && !e && tls->server; i++)
        e = gy__tls_pair(tls, out, i, why);
    if (e == GY_ENOMEM)
        gy__tls_say(why, "out of memory");
    if (e)
        gy__tls_contexts_done(out);
    return e;
}

void gy__tls_contexts_done(struct gy__tls_contexts *c)
{
    for (size_t i = 0; i < c->count; i++)
        SSL_CTX_free(c->items[i]);
    gy__free(c->items);
    *c = (struct gy__tls_contexts){.items = NULL};
}
