/* SPDX-License-Identifier: MIT */
/* tls.h - certificates and TLS 1.2 and 1.3, for servers and clients (OpenSSL 3). */
#ifndef GYRE_TLS_H
#define GYRE_TLS_H

#include <gyre/arena.h>
#include <gyre/export.h>
#include <gyre/str.h>
#include <gyre/stream.h>
#include <stdbool.h>
#include <stddef.h>

struct gy_exchange;
struct gy_request;

/* A certificate with its chain, which begins with its own, and its key, as PEM. Each is a file, or, with the
 * text set, memory. */
typedef struct gy_tls_certificate {
    const char *certificate_file, *key_file; /* the key may be in the certificate's file */
    gy_str certificate, key;
    const char *password; /* of the key */
} gy_tls_certificate;

typedef struct gy_tls_opts {
    /* A server's own; a client's, where the server asks for one. The list ends with an empty one. The one
     * whose names fit what the client asks for (SNI) is taken, else the first; of an RSA and an ECDSA
     * one for the same names that which the client can use. */
    const gy_tls_certificate *certificates;
    /* PEM: whom to trust; NULL is the system's. A server: who signs its clients. */
    const char *ca_file;
    gy_str ca; /* the same as text */
    /* PEM: lists of revoked certificates (RFC 5280), looked up for those whose issuer has one in it; that
     * of a client needs one. */
    const char *crl_file;
    gy_str crl;              /* the same as text */
    bool verify_client;      /* a server: clients need a certificate that [ca] signed */
    bool insecure;           /* a client: take any certificate. For tests */
    const char *const *alpn; /* protocols, best first, NULL-terminated; NULL is none */
    /* As OpenSSL writes them, best first: those that begin with TLS_ are of TLS 1.3, the others of 1.2; a
     * version of which none is named has a modern list. */
    const char *ciphers;
    bool no_tickets; /* a server: sessions are not resumed by tickets */
    bool ocsp;       /* a server: staple what is in FILE.ocsp beside each certificate */
    bool no_ktls;    /* do not let the kernel encrypt where it could */
} gy_tls_opts;

/* Settings that connections share. Used from any number of streams, on any thread; the last user frees it. */
typedef struct gy_tls gy_tls;

/* What a handshake has agreed on. The texts live as long as the stream. */
typedef struct gy_tls_info {
    const char *version;     /* "TLSv1.3" */
    const char *cipher;      /* "TLS_AES_128_GCM_SHA256" */
    const char *alpn;        /* NULL: none */
    const char *server_name; /* what the client asked for; NULL: nothing */
    const char *peer;        /* the subject of the peer's certificate, as "CN=ada,O=Example" (RFC
                                2253); NULL: it has shown none */
    bool resumed;            /* without a new key exchange */
    bool ktls_send, ktls_receive;
} gy_tls_info;

GY_BEGIN_DECLS

/* Settings; gy_tls_free them. [opts] is copied, its texts too. NULL when something is wrong: [why], of [size]
 * bytes, then says what, in which file. [opts] may be NULL for a client: it then trusts whom the system trusts.
 * Files are read now, which may block for as long as the disk does. */
GY_API gy_tls *gy_tls_server_new(const gy_tls_opts *opts, char *why, size_t size);
GY_API gy_tls *gy_tls_client_new(const gy_tls_opts *opts, char *why, size_t size);
GY_API void gy_tls_free(gy_tls *tls); /* connections that are there keep what they need */

/* Read the files again: new connections have the new certificates. 0; on failure a negative code and
 * [why], and the old ones stay. */
GY_API GY_CHECKED int gy_tls_reload(gy_tls *tls, char *why, size_t size);

/* Keys of session tickets (RFC 5077), [len] bytes, 80 each, of which the first encrypts and all decrypt: give
 * the same to all workers and put a new one in front from time to time. Until then each gy_tls has its own.
 * 0; GY_EINVAL; GY_ENOMEM. gy_serve does it by itself. */
GY_API GY_CHECKED int gy_tls_set_ticket_keys(gy_tls *tls, const void *keys, size_t len);

/* Turn a stream over a socket that has said what it had to in plain text into a TLS one, in place: as [tls]
 * is for, a server, or a client with the name or IP address [host] the certificate must be for (NULL only
 * when it is insecure). 0; GY_ETLS with [why] ("the certificate of example.org expired on 2026-01-01");
 * GY_ETIMEDOUT after [timeout] seconds (0: no limit); GY_EOF; or the cancellation: after these the stream
 * can only be closed. Nothing has happened yet with GY_EBUSY, -ENOTSOCK, and GY_EINVAL when bytes behind the
 * last read are there already: a peer that sends before the handshake may be somebody in between. A stream
 * that has had its handshake carries the next inside of it, as through a proxy.
 *
 * From then on an end that the peer has not announced is GY_ECLOSED: what it sent may have been cut off.
 * A client's reads give GY_ETLS when the server refuses it only now, as with TLS 1.3 it does for want of a
 * certificate.
 * gy_stream_shutdown announces ours, and so does gy_stream_close. */
GY_API GY_SUSPENDS GY_CHECKED int gy_stream_start_tls(gy_stream *s, gy_tls *tls, const char *host,
                                                      double timeout, char *why, size_t size);

/* Of a stream after its handshake; false for one without TLS. */
GY_API bool gy_stream_tls(const gy_stream *s, gy_tls_info *out);

/* The certificate that the peer has shown, as DER or, with [pem], as text; in [arena]. Empty when it has
 * shown none or memory has run out. */
GY_API gy_str gy_stream_certificate(gy_arena *arena, const gy_stream *s, bool pem);

/* The same of who asks an HTTP server, in the memory of what is asked. */
GY_API gy_str gy_exchange_certificate(struct gy_exchange *x, bool pem);
GY_API gy_str gy_request_certificate(struct gy_request *r, bool pem);

GY_END_DECLS

#endif
