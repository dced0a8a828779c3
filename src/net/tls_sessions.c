/* SPDX-License-Identifier: MIT */
/* tls_sessions.c - sessions that a client resumes, each only with the host that was verified in it. */

#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "net/tls.h"

bool gy__tls_session_is_over(const SSL_SESSION *session)
{
    const X509 *x = SSL_SESSION_get0_peer((SSL_SESSION *)(uintptr_t)session);
    time_t now = (time_t)gy__clock_wall();
    return x && X509_cmp_time(X509_get0_notAfter(x), &now) <= 0;
}

static void drop(struct gy__tls_session *one)
{
    SSL_SESSION_free(one->session);
    gy__free(one->host);
    *one = (struct gy__tls_session){.host = NULL};
}

/* By the settings that are no more, whoever was trusted may be trusted no longer. */
static bool is_of_now(const gy_tls *tls, const SSL *ssl)
{
    return SSL_get_SSL_CTX(ssl) == tls->contexts.items[0];
}

static int keep(gy_tls *tls, char *host, SSL_SESSION *session)
{
    struct gy__tls_session *one = &tls->sessions[tls->next_session++ % GY__SESSIONS];
    drop(one);
    *one = (struct gy__tls_session){.host = host, .session = session};
    return 1;
}

/* Takes the session when it gives 1. */
static int on_session(SSL *ssl, SSL_SESSION *session)
{
    struct gy__tls_link *s = gy__tls_link_of(ssl);
    if (!s || !s->host || !SSL_SESSION_is_resumable(session) ||
        (!s->tls->opts.insecure && SSL_get_verify_result(ssl) != X509_V_OK))
        return 0;
    size_t size = strlen(s->host) + 1;
    char *host = gy__alloc(size);
    if (!host)
        return 0;
    memcpy(host, s->host, size);
    pthread_mutex_lock(&s->tls->lock);
    int kept = is_of_now(s->tls, ssl) ? keep(s->tls, host, session) : 0;
    pthread_mutex_unlock(&s->tls->lock);
    if (!kept)
        gy__free(host);
    return kept;
}

void gy__tls_sessions_init(SSL_CTX *ctx)
{
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(ctx, on_session);
}

/* A session of TLS 1.3 is used once: who watches could else tell that two connections are of one
 * client (RFC 8446 appendix C.4). */
void gy__tls_session_use(struct gy__tls_link *s)
{
    gy_tls *tls = s->tls;
    pthread_mutex_lock(&tls->lock);
    for (size_t i = 1; s->host && i <= GY__SESSIONS; i++) {
        struct gy__tls_session *one =
            &tls->sessions[(tls->next_session + GY__SESSIONS - i) % GY__SESSIONS];
        if (!one->host || strcmp(one->host, s->host) != 0)
            continue;
        bool over = gy__tls_session_is_over(one->session);
        if (!over)
            SSL_set_session(s->ssl, one->session);
        if (over || SSL_SESSION_get_protocol_version(one->session) >= TLS1_3_VERSION)
            drop(one);
        break;
    }
    pthread_mutex_unlock(&tls->lock);
}

void gy__tls_sessions_done(gy_tls *tls)
{
    for (size_t i = 0; i < GY__SESSIONS; i++)
        drop(&tls->sessions[i]);
}
