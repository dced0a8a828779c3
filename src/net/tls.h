/* SPDX-License-Identifier: MIT */
/* tls.h - what TLS settings and TLS connections consist of; OpenSSL's names end here. */
#ifndef GYRE_NET_TLS_H
#define GYRE_NET_TLS_H

#include <gyre/arena.h>
#include <gyre/list.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>

#include "net/transport_tls.h"

enum { GY__TICKET_KEY = 80, GY__SESSIONS = 128 };

/* A name of a key, the key of its cipher, the key of its signature. */
struct gy__ticket_key {
    unsigned char name[16], cipher[32], mac[32];
};

/* What a client may resume, and with whom: the name that was verified. */
struct gy__tls_session {
    char *host;
    SSL_SESSION *session;
};

/* One for each certificate; the first has the settings of the server. */
struct gy__tls_contexts {
    SSL_CTX **items;
    size_t count;
};

struct gy_tls {
    atomic_uint refs;
    bool server;
    gy_arena memory; /* of the copied options */
    gy_tls_opts opts;
    unsigned char *alpn; /* as it is on the wire */
    size_t alpn_len;
    pthread_mutex_t lock; /* of what follows: streams of other threads use it too */
    struct gy__tls_contexts contexts;
    struct gy__ticket_key *keys;
    size_t key_count;
    struct gy__tls_session sessions[GY__SESSIONS];
    size_t next_session;
};

enum gy__tls_stage { GY__TLS_PLAIN, GY__TLS_SHAKING, GY__TLS_SECURE, GY__TLS_BROKEN };

struct gy__tls_link {
    struct gy__transport t;
    struct gy__transport *below; /* TLS in TLS: the one that carries this; NULL: the socket */
    gy_tls *tls;
    SSL *ssl;
    char *host, *peer, *protocol;
    const char *const *prefer;
    struct gy__why why; /* while shaking hands */
    bool explained;
    gy_str ahead;      /* while shaking hands: read already; the caller's */
    char *unsent;      /* encrypted, and not yet taken by the kernel */
    size_t unsent_len; /* of it */
    char first[8];     /* with which the peer has begun */
    uint8_t first_len, stage;
    bool agreed;    /* the handshake is done, and the peer is who it should be */
    bool writing;   /* what the application says, and no message of TLS itself */
    bool owed;      /* the last byte of a write, until nothing is unsent */
    bool ended;     /* the peer has said that it sends no more */
    bool said_all;  /* we have: what TLS itself would answer from now on is not sent */
    bool cut;       /* the peer has gone without saying so */
    bool kernel;    /* the kernel was asked to encrypt: what is sent must not be held back */
    bool held;      /* what is unsent is held back for the first answer */
    int error;      /* of the socket */
    int refusal;    /* OpenSSL's reason for which a server has ended it after the handshake, or 0 */
    size_t unheard; /* bytes that came since the last one for the application */
};

static inline struct gy__tls_link *gy__tls_link_of(const SSL *ssl)
{
    return SSL_get_app_data(ssl);
}

/* -- tls_context.c ------------------------------------------------------------------------------- */

/* Read all files. 0 or a negative code, with [why]. */
int gy__tls_contexts_new(gy_tls *tls, struct gy__tls_contexts *out, struct gy__why why);
void gy__tls_contexts_done(struct gy__tls_contexts *c);

/* -- tls_certificate.c --------------------------------------------------------------------------- */

/* Give [ctx] a certificate, its chain and its key; and with [ocsp] what is to be stapled to it. */
int gy__tls_certificate_load(SSL_CTX *ctx, const gy_tls_certificate *c, bool ocsp,
                             struct gy__why why);

/* Whom to trust. */
int gy__tls_authorities_load(SSL_CTX *ctx, const gy_tls_opts *opts, bool server,
                             struct gy__why why);

/* PEM from a file or, where it is given, a text. NULL with [why]. */
BIO *gy__tls_text_open(const char *file, gy_str text, const char *what, struct gy__why why);

/* After [n] have been read from it, up to where none could be. 0, or GY_ETLS when there were none or something
 * else ended them: a file that is being written has no end yet. */
int gy__tls_text_close(BIO *b, int n, const char *what, const char *file, struct gy__why why);

/* GY_ETLS, and what OpenSSL has complained of in it. */
int gy__tls_bad(struct gy__why why, const char *what, const char *file);

/* -- tls_pairs.c --------------------------------------------------------------------------------- */

/* Give the context [at] also those of the other certificates that are of another kind for its names. */
int gy__tls_pair(const gy_tls *tls, struct gy__tls_contexts *c, size_t at, struct gy__why why);

/* -- tls_staple.c -------------------------------------------------------------------------------- */

/* Staple what is in FILE.ocsp to the certificate [x]. */
int gy__tls_staple_load(SSL_CTX *ctx, X509 *x, const char *certificate_file, struct gy__why why);

/* A client: ask for a staple, and refuse who is revoked by it. */
void gy__tls_staple_ask(SSL_CTX *ctx);

/* -- tls_revoked.c ------------------------------------------------------------------------------- */

int gy__tls_lists_load(SSL_CTX *ctx, const gy_tls_opts *opts, struct gy__why why);

/* Is a certificate refused when its issuer has no list? Else it is not looked up. */
bool gy__tls_needs_list(const struct gy__tls_link *s, int depth);

void gy__tls_say_revoked(struct gy__tls_link *s, const char *of, X509 *x, X509_CRL *crl);

/* -- tls_peer.c ---------------------------------------------------------------------------------- */

/* "CN=ada,O=Example"; gy__free takes it. NULL when out of memory. */
char *gy__tls_subject(const X509 *x);

/* -- tls_names.c --------------------------------------------------------------------------------- */

/* Offer what the link prefers when its settings name no protocols. 0 or GY_ENOMEM. */
int gy__tls_offer(struct gy__tls_link *s);

/* What a server answers to the name and the protocols that a client asks for. */
void gy__tls_names_init(gy_tls *tls, SSL_CTX *ctx);

/* The protocols as they are on the wire. 0, GY_EINVAL or GY_ENOMEM. */
int gy__tls_protocols(gy_arena *a, const char *const *names, unsigned char **out, size_t *len);

/* -- tls_tickets.c ------------------------------------------------------------------------------- */

void gy__tls_tickets_init(SSL_CTX *ctx);
int gy__tls_tickets_new_key(gy_tls *tls);
void gy__tls_tickets_done(gy_tls *tls);

/* -- tls_sessions.c ------------------------------------------------------------------------------ */

void gy__tls_sessions_init(SSL_CTX *ctx);
void gy__tls_session_use(struct gy__tls_link *s);
void gy__tls_sessions_done(gy_tls *tls);

/* Has the certificate expired that the peer has shown in it? Each time it is resumed it lasts longer, and
 * nobody looks at that again. */
bool gy__tls_session_is_over(const SSL_SESSION *session);

/* -- tls_why.c ----------------------------------------------------------------------------------- */

/* OpenSSL's queue of errors has to be empty before each call that may fail. To look at it is cheaper. */
static inline void gy__tls_forget_errors(void)
{
    if (ERR_peek_error())
        ERR_clear_error();
}

void gy__tls_say(struct gy__why why, const char *fmt, ...) GY_PRINTF(2, 3);

/* What OpenSSL has last complained of. Static or thread-local. */
const char *gy__tls_complaint(void);

/* "2026-01-01". */
void gy__tls_day(const ASN1_TIME *at, char out[16]);

/* Why a handshake failed. */
void gy__tls_explain(struct gy__tls_link *s);

/* The reason in OpenSSL's queue of errors, when it is what the peer has told as an alert; else 0. */
int gy__tls_refusal(void);

/* Such a reason, or another of OpenSSL's, in words. */
const char *gy__tls_refusal_text(int reason);

/* -- tls_judge.c --------------------------------------------------------------------------------- */

/* Remember why a certificate is not good: for SSL_CTX_set_verify. */
int gy__tls_judge(int good, X509_STORE_CTX *store);

/* -- tls_socket.c -------------------------------------------------------------------------------- */

/* What OpenSSL reads from and writes to. NULL when out of memory. */
BIO *gy__tls_socket_new(struct gy__tls_link *s);

/* Send what is unsent. 0, -EAGAIN or another -errno. */
int gy__tls_socket_flush(struct gy__tls_link *s);

#endif
