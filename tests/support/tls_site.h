/* SPDX-License-Identifier: MIT */
/* tls_site.h - a TLS server that sends back what it gets, and a client that asks it. */
#ifndef GYRE_TESTS_SUPPORT_TLS_SITE_H
#define GYRE_TESTS_SUPPORT_TLS_SITE_H

#include <gyre/net.h>
#include <gyre/testing.h>
#include <gyre/tls.h>

struct tls_site {
    gy_test *test;
    gy_tls *server, *client;
    gy_tcp_server *tcp;
    char address[GY_ADDRESS_MAX];
    const char *host;
    gy_tls_info seen;    /* by the server */
    char seen_peer[100]; /* the texts of it that a test looks at */
    char seen_name[100];
    char seen_pem[3000]; /* the certificate of the client */
    char pem[3000];      /* that of the server */
    char why[256];
    gy_tls_info info; /* of the client */
    char alpn[20];
    size_t size; /* of what is sent and echoed */
    int served;  /* what the handler ended with */
};

/* False when it could not be opened, which is a failure unless the test is disturbed. */
bool tls_site_open(struct tls_site *site, gy_test *t, const gy_tls_opts *server,
                   const gy_tls_opts *asker);
void tls_site_close(struct tls_site *site);

/* The handler of its server: [arg] is the site. */
int tls_site_echo(gy_stream *s, void *arg);

/* Connect and shake hands. 0, or a negative code and no stream. */
int tls_site_enter(struct tls_site *site, gy_stream **s);

/* 0 when the other side has ended well, with nothing more. */
int tls_site_hear_end(gy_stream *s);

/* Send [size] bytes and get the same back. */
int tls_site_exchange(struct tls_site *site, gy_stream *s);

/* A task: connect, shake hands, exchange, and say goodbye on both ends. [arg] is the site. */
int tls_site_ask(void *arg);

#endif
