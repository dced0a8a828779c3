/* SPDX-License-Identifier: MIT */
/* tls_handshake.c - two that agree on keys, and on who they are. */

#include <arpa/inet.h>
#include <errno.h>
#include <gyre/error.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "net/tls.h"

/* Where the kernel can encrypt, OpenSSL gives it the keys. */
static void offer_kernel(struct gy__tls_link *s)
{
    static atomic_bool has_none;
    if (s->below || s->tls->opts.no_ktls || atomic_load_explicit(&has_none, memory_order_relaxed))
        return;
    if (setsockopt(s->t.io.fd, IPPROTO_TCP, TCP_ULP, "tls", sizeof "tls" - 1) == 0)
        SSL_set_options(s->ssl, SSL_OP_ENABLE_KTLS), s->kernel = true;
    else if (errno == ENOENT || errno == ENOPROTOOPT)
        atomic_store_explicit(&has_none, true, memory_order_relaxed);
}

static char *copy(const char *text)
{
    size_t size = strlen(text) + 1;
    char *c = gy__alloc(size);
    if (c)
        memcpy(c, text, size);
    return c;
}

static bool is_ip(const char *host)
{
    unsigned char ip[16];
    return inet_pton(AF_INET, host, ip) == 1 || inet_pton(AF_INET6, host, ip) == 1;
}

/* Whom we ask for, and whose certificate has to be shown. */
static int expect(struct gy__tls_link *s, const char *host)
{
    if (!host)
        return s->tls->opts.insecure ? 0 : GY_EINVAL;
    if (*host == '.') /* to OpenSSL that is any name that ends so */
        return GY_EINVAL;
    s->host = copy(host);
    if (!s->host)
        return GY_ENOMEM;
    if (is_ip(host))
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(s->ssl), host) == 1 ? 0 : GY_ENOMEM;
    SSL_set_hostflags(s->ssl,
                      X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    return SSL_set1_host(s->ssl, host) == 1 && SSL_set_tlsext_host_name(s->ssl, host) == 1
               ? 0
               : GY_EINVAL;
}

static int begin(struct gy__tls_link *s, const char *host)
{
    pthread_mutex_lock(&s->tls->lock);
    s->ssl = SSL_new(s->tls->contexts.items[0]);
    pthread_mutex_unlock(&s->tls->lock);
    BIO *b = s->ssl ? gy__tls_socket_new(s) : NULL;
    if (!b)
        return GY_ENOMEM;
    SSL_set_bio(s->ssl, b, b);
    if (SSL_set_app_data(s->ssl, s) != 1)
        return GY_ENOMEM;
    offer_kernel(s);
    if (s->tls->server) {
        SSL_set_accept_state(s->ssl);
        return 0;
    }
    SSL_set_connect_state(s->ssl);
    int e = expect(s, host);
    if (!e)
        e = gy__tls_offer(s);
    if (!e)
        gy__tls_session_use(s);
    return e;
}

/* "GET / HTTP/1.1" where a record of TLS begins with a byte below 32. */
static bool asks_in_plain(const struct gy__tls_link *s)
{
    for (size_t i = 0; i < s->first_len; i++)
        if (i >= 3 && s->first[i] == ' ')
            return true;
        else if (s->first[i] < 'A' || s->first[i] > 'Z')
            return false;
    return s->first_len == sizeof s->first;
}

static int failed(struct gy__tls_link *s)
{
    const char *who = s->host ? s->host : s->tls->server ? "the client" : "the server";
    if (s->tls->server && asks_in_plain(s)) {
        gy__tls_say(s->why, "the client speaks plain HTTP");
        SSL_free(s->ssl);
        s->ssl = NULL;
        s->unsent_len = 0; /* an alert would be in the way of the answer */
        s->stage = GY__TLS_PLAIN;
        return GY_EPROTO;
    }
    if (s->cut || s->error) {
        gy__tls_say(s->why, "%s has closed the connection within the handshake", who);
        return GY_EOF;
    }
    gy__tls_explain(s);
    return GY_ETLS;
}

/* What was written goes out together, before it is waited for what the peer says to it. */
static int send_flight(struct gy__tls_link *s, int64_t deadline)
{
    struct gy__io *io = &s->t.io;
    while (gy__tls_socket_flush(s) == -EAGAIN) {
        io->ready &= (uint8_t)~GY__OUT;
        int e = gy__io_wait(io, GY__OUT, deadline, "a TLS handshake");
        if (e)
            return e;
    }
    return 0; /* a broken socket is met by the next read */
}

/* The tickets of a server with TLS 1.3: nobody waits for them, and when there is a question already
 * they go with the answer. */
static bool may_hold(const struct gy__tls_link *s)
{
    return s->tls->server && SSL_version(s->ssl) >= TLS1_3_VERSION && SSL_has_pending(s->ssl);
}

static int step(struct gy__tls_link *s, int result, int64_t deadline)
{
    struct gy__io *io = &s->t.io;
    int e;
    switch (SSL_get_error(s->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        e = send_flight(s, deadline);
        return e ? e : gy__io_wait(io, GY__IN, deadline, "a TLS handshake");
    case SSL_ERROR_WANT_WRITE:
        if (s->unsent_len) /* as much as may be put together */
            return send_flight(s, deadline);
        io->ready &= (uint8_t)~GY__OUT;
        return gy__io_wait(io, GY__OUT, deadline, "a TLS handshake");
    default:
        e = failed(s);
        ERR_clear_error();
        (void)gy__tls_socket_flush(s); /* the alert */
        return e;
    }
}

static int shake(struct gy__tls_link *s, int64_t deadline)
{
    for (;;) {
        gy__tls_forget_errors();
        int r = SSL_do_handshake(s->ssl), e = 0;
        if (r == 1) {
            s->held = s->unsent_len && may_hold(s);
            return s->held ? 0 : send_flight(s, deadline);
        }
        e = step(s, r, deadline);
        if (e == GY_ETIMEDOUT)
            gy__tls_say(s->why, "the TLS handshake took too long");
        if (e)
            return e;
    }
}

/* What is asked about later and OpenSSL does not keep as a text. */
static int note(struct gy__tls_link *s)
{
    const unsigned char *name;
    unsigned len;
    SSL_get0_alpn_selected(s->ssl, &name, &len);
    if (len) {
        s->protocol = gy__zalloc(len + 1U);
        if (!s->protocol)
            return GY_ENOMEM;
        memcpy(s->protocol, name, len);
    }
    X509 *x = SSL_get0_peer_certificate(s->ssl);
    s->peer = x ? gy__tls_subject(x) : NULL;
    return s->peer || !x ? 0 : GY_ENOMEM;
}

int gy__transport_tls_handshake(struct gy__transport *t, const char *host, gy_str ahead,
                                int64_t deadline, struct gy__why why)
{
    struct gy__tls_link *s = gy_of(t, struct gy__tls_link, t);
    s->why = why;
    s->ahead = ahead;
    s->stage = GY__TLS_SHAKING;
    gy__tls_say(why, "no TLS: out of memory");
    int e = begin(s, host);
    if (e == GY_EINVAL)
        gy__tls_say(why, "a client has to say whose certificate it expects");
    if (!e)
        e = shake(s, deadline);
    if (!e)
        e = note(s);
    s->why = (struct gy__why){.text = NULL};
    s->agreed = !e;
    if (s->stage == GY__TLS_SHAKING)
        s->stage = e ? GY__TLS_BROKEN : GY__TLS_SECURE;
    if (!e && SSL_has_pending(s->ssl))
        t->io.ready |= GY__IN;
    if (!e)
        gy__tls_say(why, "%s", "");
    return e;
}
