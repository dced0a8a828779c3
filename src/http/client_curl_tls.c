/* SPDX-License-Identifier: MIT */
/* client_curl_tls.c - TLS settings in libcurl's words. */

#include <gyre/error.h>
#include <string.h>

#include "http/client_curl.h"
#include "net/transport_tls.h"

/* The same option for the server and for a proxy that is spoken to over TLS. */
struct pair {
    CURLoption server, proxy;
};

static int set_both(struct gy__transfer *x, struct pair p, const void *value)
{
    int e = value ? gy__transfer_set_pointer(x, p.server, value) : 0;
    return e || !value ? e : gy__transfer_set_pointer(x, p.proxy, value);
}

static int set_flag(struct gy__transfer *x, struct pair p, long value)
{
    int e = gy__transfer_set(x, p.server, value);
    return e ? e : gy__transfer_set(x, p.proxy, value);
}

/* PEM in memory. */
static int set_text(struct gy__transfer *x, struct pair p, gy_str text)
{
    struct curl_blob blob = {(void *)(uintptr_t)text.ptr, text.len, CURL_BLOB_COPY};
    return set_both(x, p, text.ptr ? &blob : NULL);
}

static int set_authorities(struct gy__transfer *x, const gy_tls_opts *o)
{
    static const struct pair peer = {CURLOPT_SSL_VERIFYPEER, CURLOPT_PROXY_SSL_VERIFYPEER},
                             host = {CURLOPT_SSL_VERIFYHOST, CURLOPT_PROXY_SSL_VERIFYHOST},
                             file = {CURLOPT_CAINFO, CURLOPT_PROXY_CAINFO},
                             text = {CURLOPT_CAINFO_BLOB, CURLOPT_PROXY_CAINFO_BLOB};
    int e = o->insecure ? set_flag(x, peer, 0) : 0;
    if (!e && o->insecure)
        e = set_flag(x, host, 0);
    if (!e)
        e = set_both(x, file, o->ca_file);
    if (!e)
        e = set_text(x, text, o->ca);
    /* Files are there to be changed. */
    return e || !o->ca_file ? e : gy__transfer_set(x, CURLOPT_CA_CACHE_TIMEOUT, 0);
}

static int set_certificate(struct gy__transfer *x, const gy_tls_certificate *c)
{
    static const struct pair file = {CURLOPT_SSLCERT, CURLOPT_PROXY_SSLCERT},
                             text = {CURLOPT_SSLCERT_BLOB, CURLOPT_PROXY_SSLCERT_BLOB},
                             key_file = {CURLOPT_SSLKEY, CURLOPT_PROXY_SSLKEY},
                             key_text = {CURLOPT_SSLKEY_BLOB, CURLOPT_PROXY_SSLKEY_BLOB},
                             password = {CURLOPT_KEYPASSWD, CURLOPT_PROXY_KEYPASSWD};
    bool own_key = c->key_file || c->key.ptr;
    int e = set_both(x, file, c->certificate.ptr ? NULL : c->certificate_file);
    if (!e)
        e = set_text(x, text, c->certificate);
    if (!e)
        e = set_both(x, key_file,
                     own_key || c->certificate.ptr ? c->key_file : c->certificate_file);
    if (!e)
        e = set_text(x, key_text, own_key ? c->key : c->certificate);
    return e ? e : set_both(x, password, c->password);
}

/* HTTP/2 only where the settings leave it open. */
static int set_protocols(struct gy__transfer *x, const char *const *alpn)
{
    for (size_t i = 0; alpn && alpn[i]; i++)
        if (strcmp(alpn[i], "h2") == 0)
            return 0;
    return alpn ? gy__transfer_set(x, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1) : 0;
}

/* Libcurl wants one from each who has signed, gyre asks those that have one. */
static bool names_the_revoked(const gy_tls_opts *o)
{
    return o && (o->crl_file || o->crl.ptr);
}

static int set_ciphers(struct gy__transfer *x, const char *named)
{
    static const struct pair before = {CURLOPT_SSL_CIPHER_LIST, CURLOPT_PROXY_SSL_CIPHER_LIST},
                             of_13 = {CURLOPT_TLS13_CIPHERS, CURLOPT_PROXY_TLS13_CIPHERS};
    char some[GY__CIPHERS];
    int e = set_both(x, before, gy__tls_pick_ciphers(named, false, some, sizeof some));
    return e ? e : set_both(x, of_13, gy__tls_pick_ciphers(named, true, some, sizeof some));
}

int gy__transfer_set_tls(struct gy__transfer *x)
{
    struct gy__fetch *f = x->fetch;
    const gy_tls_opts *o = f->o.tls ? gy__tls_opts(f->o.tls) : NULL;
    if (f->o.tls && (!o || gy__tls_is_server(f->o.tls)))
        return gy__fetch_fail(f, GY_EINVAL, "the TLS settings are those of a server");
    if (names_the_revoked(o))
        return gy__fetch_fail(f, GY_EINVAL,
                              "libcurl does not look at lists of revoked certificates");
    int e = set_ciphers(x, o && o->ciphers ? o->ciphers : "");
    if (!e && o)
        e = set_authorities(x, o);
    if (!e && o && o->certificates &&
        (o->certificates->certificate_file || o->certificates->certificate.ptr))
        e = set_certificate(x, o->certificates);
    if (!e && o)
        e = set_protocols(x, o->alpn);
    if (e == GY_EINVAL)
        return gy__fetch_fail(f, e, "this libcurl cannot do what the TLS settings ask for");
    return e;
}
