/* SPDX-License-Identifier: MIT */
/* client_secure.h - a server of https for tests of the client. */
#ifndef GYRE_TESTS_CLIENT_SECURE_H
#define GYRE_TESTS_CLIENT_SECURE_H

#include "client_party.h"
#include "support/certificates.h"

#include <gyre/tls.h>

/* A server of https, as the party says, and settings that trust it; both for localhost too. */
struct secure {
    struct party p;
    struct certificate own;
    struct gy_tls *tls, *trust;
    gy_tcp_server *server;
    int port;
    char url[64];
};

static inline void secure_open(struct secure *x)
{
    char why[256];
    x->own = certificate_make((struct certificate_wish){
        .name = "localhost", .names = "DNS:localhost,DNS:far.test,IP:127.0.0.1"});
    gy_tls_certificate list[] = {certificate_of(&x->own), {.certificate_file = NULL}};
    x->tls = gy_tls_server_new(&(gy_tls_opts){.certificates = list}, why, sizeof why);
    x->trust = gy_tls_client_new(&(gy_tls_opts){.ca = gy_str_of(x->own.text)}, why, sizeof why);
    int fd = gy_listen(&(gy_listen_opts){.address = "127.0.0.1"}, why, sizeof why);
    x->port = gy_local_port(fd);
    snprintf(x->url, sizeof x->url, "https://127.0.0.1:%d/", x->port);
    x->server = gy_tcp_server_open(fd, &(gy_tcp_server_opts){.tls = x->tls}, party_serve, &x->p);
}

static inline void secure_close(struct secure *x)
{
    gy_tcp_server_close(x->server, 0);
    gy_tls_free(x->tls);
    gy_tls_free(x->trust);
    certificate_free(&x->own);
}

#endif
