/* SPDX-License-Identifier: MIT */
/* tls_certificate.c - certificates, keys and authorities from PEM, and answers to staple. */

#include <errno.h>
#include <gyre/error.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

#include "net/tls.h"

enum { STAPLE_MAX = 64 * 1024 };

static BIO *open_text(const char *file, gy_str text, const char *what, struct gy__why why)
{
    BIO *b = text.ptr ? BIO_new_mem_buf(text.ptr, (int)text.len) : BIO_new_file(file, "r");
    if (!b && file && !text.ptr)
        gy__tls_say(why, "cannot read the %s in %s: %s", what, file, strerror(errno));
    ERR_clear_error();
    return b;
}

static int bad(struct gy__why why, const char *what, const char *file)
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

/* Passwords have errors of their own. */
static int bad_key(struct gy__why why, const char *file, bool asked, const char *password)
{
    const char *where = file ? file : "the given text";
    unsigned long code = ERR_peek_last_error();
    if (!asked && ERR_GET_REASON(code) == ERR_R_UNSUPPORTED)
        gy__tls_say(why, "no good key in %s: there is none as PEM", where);
    else if (!asked)
        return bad(why, "key", file);
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
            return bad(why, "chain", file);
        }
    if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
        return bad(why, "chain", file);
    ERR_clear_error();
    return 0;
}

static int load_certificate(SSL_CTX *ctx, const gy_tls_certificate *c, struct gy__why why)
{
    BIO *b = open_text(c->certificate_file, c->certificate, "certificate", why);
    if (!b)
        return GY_ETLS;
    X509 *x = PEM_read_bio_X509_AUX(b, NULL, NULL, NULL);
    int e = x && SSL_CTX_use_certificate(ctx, x) == 1
                ? load_chain(ctx, b, why, c->certificate_file)
                : bad(why, "certificate", c->certificate_file);
    X509_free(x);
    BIO_free(b);
    return e;
}

static int load_key(SSL_CTX *ctx, const gy_tls_certificate *c, struct gy__why why)
{
    const char *file = c->key_file ? c->key_file : c->certificate_file;
    gy_str text = c->key.ptr || c->key_file ? c->key : c->certificate;
    BIO *b = open_text(file, text, "key", why);
    if (!b)
        return GY_ETLS;
    struct asking a = {.password = c->password};
    EVP_PKEY *key = PEM_read_bio_PrivateKey(b, NULL, on_password, &a);
    int e = key ? 0 : bad_key(why, file, a.asked, c->password);
    if (!e && (SSL_CTX_use_PrivateKey(ctx, key) != 1 || SSL_CTX_check_private_key(ctx) != 1)) {
        gy__tls_say(why, "the key in %s is not that of the certificate in %s",
                    file ? file : "the given text",
                    c->certificate_file ? c->certificate_file : "the given text");
        e = GY_ETLS;
    }
    ERR_clear_error();
    EVP_PKEY_free(key);
    BIO_free(b);
    return e;
}

struct staple {
    long len;
    unsigned char bytes[];
};

static int on_status(SSL *ssl, void *arg)
{
    const struct staple *s = arg;
    unsigned char *copy = OPENSSL_memdup(s->bytes, (size_t)s->len);
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

static int staple_index = -1;

static void find_staple_index(void)
{
    staple_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, free_staple);
}

/* A file that is not there yet is no error: a fetcher writes it later, and a reload finds it. */
static int load_staple(SSL_CTX *ctx, const char *certificate_file, struct gy__why why)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    char name[4096];
    pthread_once(&once, find_staple_index);
    if (!certificate_file ||
        snprintf(name, sizeof name, "%s.ocsp", certificate_file) >= (int)sizeof name)
        return 0;
    FILE *f = fopen(name, "re");
    if (!f)
        return 0;
    struct staple *s = OPENSSL_malloc(sizeof *s + STAPLE_MAX);
    size_t len = s ? fread(s->bytes, 1, STAPLE_MAX, f) : 0;
    fclose(f);
    const unsigned char *at = s ? s->bytes : NULL;
    OCSP_RESPONSE *r = s ? d2i_OCSP_RESPONSE(NULL, &at, (long)len) : NULL;
    bool good = r && OCSP_response_status(r) == OCSP_RESPONSE_STATUS_SUCCESSFUL;
    OCSP_RESPONSE_free(r);
    if (!good || SSL_CTX_set_ex_data(ctx, staple_index, s) != 1) {
        OPENSSL_free(s);
        return bad(why, "OCSP response", name);
    }
    s->len = (long)len;
    SSL_CTX_set_tlsext_status_cb(ctx, on_status);
    SSL_CTX_set_tlsext_status_arg(ctx, s);
    return 0;
}

int gy__tls_certificate_load(SSL_CTX *ctx, const gy_tls_certificate *c, bool ocsp,
                             struct gy__why why)
{
    int e = load_certificate(ctx, c, why);
    if (!e)
        e = load_key(ctx, c, why);
    return e || !ocsp ? e : load_staple(ctx, c->certificate_file, why);
}

static int load_authorities(SSL_CTX *ctx, const gy_tls_opts *opts, bool server, struct gy__why why)
{
    BIO *b = open_text(opts->ca_file, opts->ca, "authorities", why);
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
    BIO_free(b);
    if (n == 0)
        return bad(why, "certificate", opts->ca_file);
    ERR_clear_error();
    return 0;
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
