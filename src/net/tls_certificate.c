/* SPDX-License-Identifier: MIT */
/* tls_certificate.c - certificates, keys and authorities from PEM. */

#include <errno.h>
#include <gyre/error.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

#include "net/tls.h"

BIO *gy__tls_text_open(const char *file, gy_str text, const char *what, struct gy__why why)
{
    BIO *b = text.ptr ? BIO_new_mem_buf(text.ptr, (int)text.len) : BIO_new_file(file, "r");
    if (!b && file && !text.ptr)
        gy__tls_say(why, "cannot read the %s in %s: %s", what, file, strerror(errno));
    else if (!b)
        gy__tls_say(why, "no %s: out of memory", what);
    ERR_clear_error();
    return b;
}

int gy__tls_bad(struct gy__why why, const char *what, const char *file)
{
    unsigned long code = ERR_peek_last_error();
    const char *where = file ? file : "the given text";
    if (ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE)
        gy__tls_say(why, "no good %s in %s: there is none as PEM", what, where);
    else
        gy__tls_say(why, "no good %s in %s: %s", what, where, gy__tls_complaint());
    ERR_clear_error();
    return GY_ETLS;
}

int gy__tls_text_close(BIO *b, int n, const char *what, const char *file, struct gy__why why)
{
    bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    BIO_free(b);
    if (n == 0 || !ended)
        return gy__tls_bad(why, what, file);
    ERR_clear_error();
    return 0;
}

/* Passwords have errors of their own. */
static int bad_key(struct gy__why why, const char *file, bool asked, const char *password)
{
    const char *where = file ? file : "the given text";
    unsigned long code = ERR_peek_last_error();
    if (!asked && ERR_GET_REASON(code) == ERR_R_UNSUPPORTED)
        gy__tls_say(why, "no good key in %s: there is none as PEM", where);
    else if (!asked)
        return gy__tls_bad(why, "key", file);
    else if (!password)
        gy__tls_say(why, "the key in %s is protected by a password, and there is none", where);
    else
        gy__tls_say(why, "the password does not fit the key in %s", where);
    ERR_clear_error();
    return GY_ETLS;
}

struct asking {
    const char *password;
    bool asked;
};

/* Never ask on a terminal. */
static int on_password(char *buf, int size, int writing, void *arg)
{
    struct asking *a = arg;
    (void)writing;
    a->asked = true;
    if (!a->password || strlen(a->password) >= (size_t)size)
        return -1;
    return snprintf(buf, (size_t)size, "%s", a->password);
}

/* The rest of the file: who has signed the certificate, and so on. */
static int load_chain(SSL_CTX *ctx, BIO *b, struct gy__why why, const char *file)
{
    X509 *x;
    SSL_CTX_clear_chain_certs(ctx);
    while ((x = PEM_read_bio_X509(b, NULL, NULL, NULL)))
        if (SSL_CTX_add0_chain_cert(ctx, x) != 1) {
            X509_free(x);
            return gy__tls_bad(why, "chain", file);
        }
    if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
        return gy__tls_bad(why, "chain", file);
    ERR_clear_error();
    return 0;
}

static int load_certificate(SSL_CTX *ctx, const gy_tls_certificate *c, struct gy__why why)
{
    BIO *b = gy__tls_text_open(c->certificate_file, c->certificate, "certificate", why);
    if (!b)
        return GY_ETLS;
    X509 *x = PEM_read_bio_X509_AUX(b, NULL, NULL, NULL);
    int e = x && SSL_CTX_use_certificate(ctx, x) == 1
                ? load_chain(ctx, b, why, c->certificate_file)
                : gy__tls_bad(why, "certificate", c->certificate_file);
    X509_free(x);
    BIO_free(b);
    return e;
}

/* Is the key that of a certificate behind the first? */
static bool comes_later(SSL_CTX *ctx, EVP_PKEY *key)
{
    STACK_OF(X509) *chain = NULL;
    SSL_CTX_get0_chain_certs(ctx, &chain);
    for (int i = 0; i < sk_X509_num(chain); i++)
        if (X509_check_private_key(sk_X509_value(chain, i), key) == 1)
            return true;
    return false;
}

static int load_key(SSL_CTX *ctx, const gy_tls_certificate *c, struct gy__why why)
{
    const char *file = c->key_file ? c->key_file : c->certificate_file;
    gy_str text = c->key.ptr || c->key_file ? c->key : c->certificate;
    BIO *b = gy__tls_text_open(file, text, "key", why);
    if (!b)
        return GY_ETLS;
    struct asking a = {.password = c->password};
    EVP_PKEY *key = PEM_read_bio_PrivateKey(b, NULL, on_password, &a);
    int e = key ? 0 : bad_key(why, file, a.asked, c->password);
    if (!e && (SSL_CTX_use_PrivateKey(ctx, key) != 1 || SSL_CTX_check_private_key(ctx) != 1)) {
        const char *where = c->certificate_file ? c->certificate_file : "the given text";
        const char *key_where = file ? file : "the given text";
        if (comes_later(ctx, key))
            gy__tls_say(
                why,
                "the certificate of the key in %s does not come first in %s: their order is "
                "wrong",
                key_where, where);
        else
            gy__tls_say(why, "the key in %s is not that of the certificate in %s", key_where,
                        where);
        e = GY_ETLS;
    }
    ERR_clear_error();
    EVP_PKEY_free(key);
    BIO_free(b);
    return e;
}

int gy__tls_certificate_load(SSL_CTX *ctx, const gy_tls_certificate *c, bool ocsp,
                             struct gy__why why)
{
    int e = load_certificate(ctx, c, why);
    if (!e)
        e = load_key(ctx, c, why);
    if (!e && ocsp)
        e = gy__tls_staple_load(ctx, SSL_CTX_get0_certificate(ctx), c->certificate_file, why);
    return e;
}

static int load_authorities(SSL_CTX *ctx, const gy_tls_opts *opts, bool server, struct gy__why why)
{
    BIO *b = gy__tls_text_open(opts->ca_file, opts->ca, "authorities", why);
    X509_STORE *store = SSL_CTX_get_cert_store(ctx);
    X509 *x;
    int n = 0;
    if (!b)
        return GY_ETLS;
    for (; (x = PEM_read_bio_X509(b, NULL, NULL, NULL)); n++) {
        X509_STORE_add_cert(store, x);
        if (server)
            SSL_CTX_add_client_CA(ctx, x);
        X509_free(x);
    }
    return gy__tls_text_close(b, n, "certificate", opts->ca_file, why);
}

int gy__tls_authorities_load(SSL_CTX *ctx, const gy_tls_opts *opts, bool server, struct gy__why why)
{
    if (opts->ca_file || opts->ca.ptr)
        return load_authorities(ctx, opts, server, why);
    if (server && opts->verify_client) {
        gy__tls_say(why, "to verify clients, it must be said who signs their certificates");
        return GY_EINVAL;
    }
    if (!server && !opts->insecure && SSL_CTX_set_default_verify_paths(ctx) != 1) {
        gy__tls_say(why, "the system's certificates cannot be read: %s", gy__tls_complaint());
        return GY_ETLS;
    }
    ERR_clear_error();
    return 0;
}
