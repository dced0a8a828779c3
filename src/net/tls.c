/* SPDX-License-Identifier: MIT */
/* tls.c - settings that TLS connections share: made, counted, read again. */

#include "net/tls.h"

#include <gyre/error.h>
#include <openssl/crypto.h>
#include <string.h>

#include "base/alloc.h"

static const char *copy_text(gy_arena *a, const char *text, bool *ok)
{
    const char *copy = text ? gy_strdup(a, text) : NULL;
    if (text && !copy)
        *ok = false;
    return copy;
}

static gy_str copy_str(gy_arena *a, gy_str s, bool *ok)
{
    gy_str copy = s.ptr ? gy_str_copy(a, s) : s;
    if (s.ptr && !copy.ptr)
        *ok = false;
    return copy;
}

static bool is_last(const gy_tls_certificate *c)
{
    return !c->certificate_file && !c->certificate.ptr;
}

static const gy_tls_certificate *copy_certificates(gy_arena *a, const gy_tls_certificate *from,
                                                   bool *ok)
{
    size_t n = 0;
    while (from && !is_last(&from[n]))
        n++;
    gy_tls_certificate *all = gy_zalloc(a, (n + 1) * sizeof *all);
    if (!all)
        *ok = false;
    for (size_t i = 0; all && i < n; i++)
        all[i] =
            (gy_tls_certificate){.certificate_file = copy_text(a, from[i].certificate_file, ok),
                                 .key_file = copy_text(a, from[i].key_file, ok),
                                 .certificate = copy_str(a, from[i].certificate, ok),
                                 .key = copy_str(a, from[i].key, ok),
                                 .password = copy_text(a, from[i].password, ok)};
    return all;
}

static const char *const *copy_names(gy_arena *a, const char *const *from, bool *ok)
{
    size_t n = 0;
    while (from && from[n])
        n++;
    if (!n)
        return NULL;
    const char **all = gy_zalloc(a, (n + 1) * sizeof *all);
    if (!all)
        *ok = false;
    for (size_t i = 0; all && i < n; i++)
        all[i] = copy_text(a, from[i], ok);
    return (const char *const *)all;
}

/* The files may be read again long after the caller's options have gone. */
static int copy_options(gy_tls *tls, const gy_tls_opts *from)
{
    gy_arena *a = &tls->memory;
    bool ok = true;
    tls->opts = *from;
    tls->opts.certificates = copy_certificates(a, from->certificates, &ok);
    tls->opts.ca_file = copy_text(a, from->ca_file, &ok);
    tls->opts.ca = copy_str(a, from->ca, &ok);
    tls->opts.crl_file = copy_text(a, from->crl_file, &ok);
    tls->opts.crl = copy_str(a, from->crl, &ok);
    tls->opts.ciphers = copy_text(a, from->ciphers, &ok);
    tls->opts.alpn = copy_names(a, from->alpn, &ok);
    if (!ok)
        return GY_ENOMEM;
    return gy__tls_protocols(a, tls->opts.alpn, &tls->alpn, &tls->alpn_len);
}

static void forget_secrets(const gy_tls_certificate *c)
{
    if (c->key.ptr)
        OPENSSL_cleanse((char *)(uintptr_t)c->key.ptr, c->key.len);
    if (c->password)
        OPENSSL_cleanse((char *)(uintptr_t)c->password, strlen(c->password));
}

static void destroy(gy_tls *tls)
{
    gy__tls_contexts_done(&tls->contexts);
    gy__tls_sessions_done(tls);
    gy__tls_tickets_done(tls);
    for (const gy_tls_certificate *c = tls->opts.certificates; c && !is_last(c); c++)
        forget_secrets(c);
    gy_arena_done(&tls->memory);
    pthread_mutex_destroy(&tls->lock);
    gy__free(tls);
}

static int fill(gy_tls *tls, const gy_tls_opts *opts, struct gy__why why)
{
    static const gy_tls_opts none;
    int e = copy_options(tls, opts ? opts : &none);
    if (!e && tls->server)
        e = gy__tls_tickets_new_key(tls);
    if (e == GY_EINVAL)
        gy__tls_say(why, "the name of a protocol has 1 to 255 bytes");
    if (!e && tls->server && is_last(tls->opts.certificates)) {
        gy__tls_say(why, "a server needs a certificate");
        return GY_EINVAL;
    }
    return e ? e : gy__tls_contexts_new(tls, &tls->contexts, why);
}

static gy_tls *make(const gy_tls_opts *opts, bool server, struct gy__why why)
{
    gy_tls *tls = gy__zalloc(sizeof *tls);
    if (!tls) {
        gy__tls_say(why, "out of memory");
        return NULL;
    }
    atomic_init(&tls->refs, 1);
    tls->server = server;
    pthread_mutex_init(&tls->lock, NULL);
    gy_arena_init(&tls->memory, NULL, 0);
    int e = fill(tls, opts, why);
    if (e == 0)
        return tls;
    if (e == GY_ENOMEM)
        gy__tls_say(why, "out of memory");
    destroy(tls);
    return NULL;
}

gy_tls *gy_tls_server_new(const gy_tls_opts *opts, char *why, size_t size)
{
    return make(opts, true, (struct gy__why){why, size});
}

gy_tls *gy_tls_client_new(const gy_tls_opts *opts, char *why, size_t size)
{
    return make(opts, false, (struct gy__why){why, size});
}

gy_tls *gy__tls_ref(gy_tls *tls)
{
    if (tls)
        atomic_fetch_add_explicit(&tls->refs, 1, memory_order_relaxed);
    return tls;
}

void gy_tls_free(gy_tls *tls)
{
    if (tls && atomic_fetch_sub_explicit(&tls->refs, 1, memory_order_acq_rel) == 1)
        destroy(tls);
}

bool gy__tls_is_server(const gy_tls *tls)
{
    return tls->server;
}

const gy_tls_opts *gy__tls_opts(const gy_tls *tls)
{
    return &tls->opts;
}

int gy_tls_reload(gy_tls *tls, char *why, size_t size)
{
    struct gy__tls_contexts fresh, old;
    int e = gy__tls_contexts_new(tls, &fresh, (struct gy__why){why, size});
    if (e)
        return e;
    pthread_mutex_lock(&tls->lock);
    old = tls->contexts;
    tls->contexts = fresh;
    gy__tls_sessions_done(tls); /* whom they were verified by may have changed */
    pthread_mutex_unlock(&tls->lock);
    gy__tls_contexts_done(&old);
    return 0;
}
