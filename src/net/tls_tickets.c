/* SPDX-License-Identifier: MIT */
/* tls_tickets.c - keys of session tickets, which several processes may share. */

#include <gyre/error.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

#include "base/alloc.h"
#include "net/tls.h"

_Static_assert(sizeof(struct gy__ticket_key) == GY__TICKET_KEY, "as a user gives it");

static bool use(const struct gy__ticket_key *k, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                EVP_MAC_CTX *mac, int encrypt)
{
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {OSSL_PARAM_construct_octet_string(
                               OSSL_MAC_PARAM_KEY, (void *)(uintptr_t)k->mac, sizeof k->mac),
                           OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                           OSSL_PARAM_construct_end()};
    return EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), NULL, k->cipher, iv, encrypt) == 1 &&
           EVP_MAC_CTX_set_params(mac, params) == 1;
}

/* Positions of keys: 0 is the one that encrypts. -1 when the ticket is of none of them. */
static long find(const gy_tls *tls, const unsigned char name[16])
{
    for (size_t i = 0; i < tls->key_count; i++)
        if (memcmp(tls->keys[i].name, name, 16) == 0)
            return (long)i;
    return -1;
}

/* For OpenSSL: negative for an error, 0 for a ticket that is not ours, 1 for one that is, 2 when a newer
 * one should replace it. */
static int on_ticket(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                     EVP_MAC_CTX *mac, int encrypt)
{
    gy_tls *tls = gy__tls_link_of(ssl)->tls;
    int result = -1;
    if (encrypt && RAND_bytes(iv, EVP_MAX_IV_LENGTH) != 1)
        return -1;
    pthread_mutex_lock(&tls->lock);
    long at = encrypt ? 0 : find(tls, name);
    if (at < 0)
        result = 0;
    else if (use(&tls->keys[at], iv, cipher, mac, encrypt))
        result = at == 0 ? 1 : 2;
    if (encrypt)
        memcpy(name, tls->keys[0].name, 16);
    pthread_mutex_unlock(&tls->lock);
    return result;
}

/* What OpenSSL would say, unless the client's certificate has expired since. */
static SSL_TICKET_RETURN on_opened(SSL *ssl, SSL_SESSION *session, const unsigned char *name,
                                   size_t len, SSL_TICKET_STATUS status, void *arg)
{
    bool opened = status == SSL_TICKET_SUCCESS || status == SSL_TICKET_SUCCESS_RENEW;
    (void)ssl, (void)name, (void)len, (void)arg;
    if (!opened || gy__tls_session_is_over(session))
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW;
}

void gy__tls_tickets_init(SSL_CTX *ctx)
{
    SSL_CTX_set_session_ticket_cb(ctx, NULL, on_opened, NULL);
    SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, on_ticket);
}

static void forget(struct gy__ticket_key *keys, size_t count)
{
    if (keys)
        OPENSSL_cleanse(keys, count * sizeof *keys);
    gy__free(keys);
}

int gy_tls_set_ticket_keys(gy_tls *tls, const void *keys, size_t len)
{
    size_t count = len / GY__TICKET_KEY;
    if (!tls->server || count == 0 || len % GY__TICKET_KEY)
        return GY_EINVAL;
    struct gy__ticket_key *copy = gy__alloc(len);
    if (!copy)
        return GY_ENOMEM;
    memcpy(copy, keys, len);
    pthread_mutex_lock(&tls->lock);
    struct gy__ticket_key *old = tls->keys;
    size_t old_count = tls->key_count;
    tls->keys = copy;
    tls->key_count = count;
    pthread_mutex_unlock(&tls->lock);
    forget(old, old_count);
    return 0;
}

int gy__tls_tickets_new_key(gy_tls *tls)
{
    unsigned char key[GY__TICKET_KEY];
    if (RAND_priv_bytes(key, sizeof key) != 1)
        return -EIO;
    int e = gy_tls_set_ticket_keys(tls, key, sizeof key);
    OPENSSL_cleanse(key, sizeof key);
    return e;
}

void gy__tls_tickets_done(gy_tls *tls)
{
    forget(tls->keys, tls->key_count);
}
