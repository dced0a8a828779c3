/* SPDX-License-Identifier: MIT */
/* test_tls_streams.c - TLS when both ends write at once and in version 1.2. */
#include "net/stream.h"
#include "net/tls.h"
#include "support/certificates.h"
#include "support/tls_site.h"
#include "testing/test.h"

#include <gyre/error.h>
#include <gyre/locks.h>
#include <gyre/task.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct certificate authority, good;
static gy_event filled;

static gy_tls_opts trusting(void)
{
    return (gy_tls_opts){.ca = gy_str_of(authority.text)};
}

static bool opens(struct tls_site *site, gy_test *t)
{
    gy_tls_certificate list[2] = {certificate_of(&good)};
    gy_tls_opts asker = trusting();
    return tls_site_open(site, t, &(gy_tls_opts){.certificates = list}, &asker);
}

/* A server with another handler. */
static void serve_with(struct tls_site *site, gy_tcp_handler *fn, void *arg)
{
    gy_tcp_server_close(site->tcp, 0);
    int fd = gy_listen(&(gy_listen_opts){.address = "127.0.0.1"}, site->why, sizeof site->why);
    GY_CHECK_INT(gy_local_address(fd, site->address), 0);
    site->tcp = gy_tcp_server_open(fd, &(gy_tcp_server_opts){.tls = site->server}, fn, arg);
}

/* -- Both write much, and neither reads before the other has no room any more ------------------------ */

enum { MUCH = 6 * 1000 * 1000, PIECE = 50000 };

static char byte_at(size_t i)
{
    return (char)(i * 37 % 241);
}

static SSL *ssl_of(gy_stream *s)
{
    return gy_of(s->t, struct gy__tls_link, t)->ssl;
}

static int write_much(void *arg)
{
    gy_stream *s = arg;
    static char piece[PIECE]; /* the same for all, and written before anything waits */
    int e = 0;
    for (size_t at = 0; at < MUCH && !e; at += PIECE) {
        for (size_t i = 0; i < PIECE; i++)
            piece[i] = byte_at(i);
        /* A key update makes each answer the other within what it writes itself. */
        if (at / PIECE % 30 == 15 && SSL_version(ssl_of(s)) == TLS1_3_VERSION)
            GY_CHECK_INT(SSL_key_update(ssl_of(s), SSL_KEY_UPDATE_REQUESTED), 1);
        e = gy_stream_write(s, piece, PIECE);
    }
    return e;
}

static int read_much(void *arg)
{
    gy_stream *s = arg;
    gy_str some;
    size_t at = 0, wrong = 0;
    int e = gy_sleep(1); /* it comes when nothing moves any more */
    while (at < MUCH && !e) {
        e = gy_stream_read(s, 70000, &some);
        for (size_t i = 0; !e && i < some.len; i++)
            wrong += some.ptr[i] != byte_at((at + i) % PIECE);
        at += e ? 0 : some.len;
    }
    GY_CHECK_INT(wrong, 0);
    return e;
}

static int cross(gy_stream *s)
{
    gy_group g = {0};
    gy_group_spawn(&g, write_much, s);
    gy_group_spawn(&g, read_much, s);
    return gy_group_wait(&g);
}

/* The last key update is answered when all was written: it waits for the end of that, for a socket closed
 * with something unread resets the connection, and what the other side had not read yet is gone. */
static int cross_there(gy_stream *s, void *arg)
{
    struct tls_site *site = arg;
    int e = cross(s);
    if (!e)
        e = gy_stream_shutdown(s);
    if (!e)
        e = tls_site_hear_end(s);
    site->served = e;
    return 0;
}

static int cross_here(void *arg)
{
    struct tls_site *site = arg;
    gy_stream *s;
    int e = tls_site_enter(site, &s);
    if (e)
        return e;
    gy_test_clock_auto(site->test); /* from here on only the sleep has a time */
    e = cross(s);
    if (!e)
        e = tls_site_hear_end(s);
    gy_stream_close(s);
    return e;
}

static void cross_with(gy_test *t, int version)
{
    struct tls_site site;
    if (!opens(&site, t))
        return;
    SSL_CTX_set_max_proto_version(site.client->contexts.items[0], version);
    serve_with(&site, cross_there, &site);
    GY_CHECK_INT(gy_test_run(t, cross_here, &site), 0);
    GY_CHECK_INT(site.served, 0);
    tls_site_close(&site);
}

GY_TEST(both_write_at_once)
{
    cross_with(t, TLS1_3_VERSION);
}

GY_TEST(both_write_at_once_in_1_2)
{
    cross_with(t, TLS1_2_VERSION);
}

/* -- The end of what is sent ------------------------------------------------------------------------- */

enum { MORE = 100000 };

/* Its half is closed, and it reads what a client says that changes its keys and asks for the server's. */
static int hear_out(gy_stream *s, void *arg)
{
    struct tls_site *site = arg;
    gy_str all;
    int e = gy_stream_shutdown(s);
    if (!e)
        e = gy_stream_read_all(s, (size_t)2 * MORE, &all);
    site->size = e ? 0 : all.len;
    site->served = e;
    return 0;
}

static int tell_after_the_end(void *arg)
{
    static char some[MORE];
    struct tls_site *site = arg;
    gy_stream *s;
    int e = tls_site_enter(site, &s);
    if (e)
        return e;
    GY_CHECK_INT(tls_site_hear_end(s), 0);
    for (int i = 0; i < 2 && !e; i++) {
        GY_CHECK_INT(SSL_key_update(ssl_of(s), SSL_KEY_UPDATE_REQUESTED), 1);
        e = gy_stream_write(s, some, MORE);
    }
    gy_stream_close(s);
    return e;
}

GY_TEST(who_has_said_all_answers_no_key_update)
{
    struct tls_site site;
    if (!opens(&site, t))
        return;
    serve_with(&site, hear_out, &site);
    GY_CHECK_INT(gy_test_run(t, tell_after_the_end, &site), 0);
    tls_site_close(&site);
    GY_CHECK_INT(site.served, 0);
    GY_CHECK_INT(site.size, 2 * MORE);
}

/* It says all that the kernel has room for, and that it was all. */
static int fill_and_end(gy_stream *s, void *arg)
{
    static char some[16 * 1024];
    struct tls_site *site = arg;
    struct iovec piece = {some, sizeof some};
    ssize_t n;
    site->size = 0;
    while ((n = s->t->ops->writev(s->t, &piece, 1)) > 0)
        site->size += (size_t)n;
    GY_CHECK_INT(n, -EAGAIN);
    GY_CHECK(gy_of(s->t, struct gy__tls_link, t)->unsent_len > 0);
    site->size += gy_of(s->t, struct gy__tls_link, t)->owed;
    int e = gy_stream_shutdown(s);
    GY_CHECK(s->t->unended);
    gy_event_set(&filled);
    if (!e)
        e = tls_site_hear_end(s);
    GY_CHECK(!s->t->unended);
    site->served = e;
    return 0;
}

static int read_what_filled(void *arg)
{
    struct tls_site *site = arg;
    gy_stream *s;
    gy_str all;
    int e = tls_site_enter(site, &s);
    if (e)
        return e;
    e = gy_event_wait(&filled, GY_FOREVER);
    if (!e)
        e = gy_stream_read_all(s, (size_t)64 * 1024 * 1024, &all);
    if (!e)
        GY_CHECK_INT(all.len, site->size);
    gy_stream_close(s);
    return e;
}

GY_TEST(the_end_waits_for_room)
{
    struct tls_site site;
    gy_test_clock_real(t); /* the client takes what the kernel has: nothing is to be jumped over */
    if (!opens(&site, t))
        return;
    filled = (gy_event){0};
    serve_with(&site, fill_and_end, &site);
    GY_CHECK_INT(gy_test_run(t, read_what_filled, &site), 0);
    tls_site_close(&site);
    GY_CHECK_INT(site.served, 0);
}

/* -- The first messages go together ----------------------------------------------------------------- */

/* What a client has said with the end of its handshake is answered, tickets and all. */
GY_TEST(a_question_may_come_with_the_end_of_the_handshake)
{
    struct tls_site site;
    if (!opens(&site, t))
        return;
    for (int i = 0; i < 3; i++) {
        GY_CHECK_INT(gy_test_run(t, tls_site_ask, &site), 0);
        GY_CHECK(site.info.resumed == (i > 0));
    }
    tls_site_close(&site);
}

static int greet(gy_stream *s, void *arg)
{
    gy_str none;
    (void)arg;
    int e = gy_stream_write_str(s, (gy_str)GY_STR("220 hello\n"));
    return e ? e : gy_stream_read(s, 1, &none);
}

static int hear_greeting(void *arg)
{
    struct tls_site *site = arg;
    gy_stream *s;
    gy_str line;
    int e = tls_site_enter(site, &s);
    if (e)
        return e;
    e = gy_stream_read_until(s, "\n", 100, &line);
    gy_stream_close(s);
    return e;
}

GY_TEST(a_server_may_speak_first)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    struct tls_site site;
    if (!opens(&site, t))
        return;
    serve_with(&site, greet, &site);
    gy_test_clock_auto(t);
    for (size_t i = 0; i < 2; i++) {
        SSL_CTX_set_max_proto_version(site.client->contexts.items[0], versions[i]);
        GY_CHECK_INT(gy_test_run(t, hear_greeting, &site), 0);
    }
    tls_site_close(&site);
}

/* More than is held back: it goes out in parts, before the client says anything. */
GY_TEST(a_handshake_may_be_large)
{
    enum { MANY = 220 };
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    size_t own = strlen(good.text), one = strlen(authority.text);
    char *text = malloc(own + MANY * one + 1);
    struct tls_site site;
    gy_tls_opts asker = trusting();
    memcpy(text, good.text, own);
    for (size_t i = 0; i < MANY; i++)
        memcpy(text + own + i * one, authority.text, one);
    text[own + MANY * one] = '\0';
    gy_tls_certificate list[2] = {
        {.certificate = gy_str_of(text), .key = gy_str_of(good.key_text)}};
    if (tls_site_open(&site, t, &(gy_tls_opts){.certificates = list}, &asker)) {
        for (size_t i = 0; i < 2; i++) {
            SSL_CTX_set_max_proto_version(site.client->contexts.items[0], versions[i]);
            GY_CHECK_INT(gy_test_run(t, tls_site_ask, &site), 0);
            gy__tls_sessions_done(site.client);
        }
        tls_site_close(&site);
    }
    free(text);
}

/* -- Version 1.2 ----------------------------------------------------------------------------------- */

GY_TEST(sessions_of_1_2_are_resumed)
{
    char keys[80];
    struct tls_site site;
    if (!opens(&site, t))
        return;
    SSL_CTX_set_max_proto_version(site.client->contexts.items[0], TLS1_2_VERSION);
    for (int i = 0; i < 4; i++) { /* one session serves again and again */
        GY_CHECK_INT(gy_test_run(t, tls_site_ask, &site), 0);
        GY_CHECK_TEXT(gy_str_of(site.info.version), "TLSv1.2");
        GY_CHECK(site.info.resumed == (i > 0));
    }
    memset(keys, 'n', sizeof keys);
    GY_CHECK_INT(gy_tls_set_ticket_keys(site.server, keys, sizeof keys), 0);
    GY_CHECK_INT(gy_test_run(t, tls_site_ask, &site), 0);
    GY_CHECK(!site.info.resumed);
    tls_site_close(&site);
}

GY_TEST(without_tickets_nothing_is_resumed)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    for (size_t v = 0; v < 2; v++) {
        struct tls_site site;
        gy_tls_certificate list[2] = {certificate_of(&good)};
        gy_tls_opts asker = trusting();
        if (!tls_site_open(&site, t, &(gy_tls_opts){.certificates = list, .no_tickets = true},
                           &asker))
            return;
        SSL_CTX_set_max_proto_version(site.client->contexts.items[0], versions[v]);
        for (int i = 0; i < 2; i++) {
            GY_CHECK_INT(gy_test_run(t, tls_site_ask, &site), 0);
            GY_CHECK(!site.info.resumed);
        }
        tls_site_close(&site);
    }
}

/* -- Ciphers ----------------------------------------------------------------------------------------- */

GY_TEST(ciphers_are_those_that_were_named)
{
    static const struct {
        const char *ciphers, *in_1_2, *in_1_3;
    } cases[] = {
        {NULL, "ECDHE-ECDSA-AES256-GCM-SHA384", "TLS_AES_128_GCM_SHA256"},
        {"ECDHE+CHACHA20", "ECDHE-ECDSA-CHACHA20-POLY1305", "TLS_AES_128_GCM_SHA256"},
        {"TLS_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
         "TLS_CHACHA20_POLY1305_SHA256"},
        {"TLS_AES_256_GCM_SHA384:ECDHE-ECDSA-AES128-GCM-SHA256:TLS_AES_128_GCM_SHA256",
         "ECDHE-ECDSA-AES128-GCM-SHA256", "TLS_AES_256_GCM_SHA384"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tls_site site;
        gy_tls_certificate list[2] = {certificate_of(&good)};
        gy_tls_opts asker = trusting(),
                    server = {.certificates = list, .ciphers = cases[i].ciphers};
        if (!tls_site_open(&site, t, &server, &asker))
            return;
        GY_CHECK_INT(gy_test_run(t, tls_site_ask, &site), 0);
        GY_CHECK_TEXT(gy_str_of(site.info.cipher), cases[i].in_1_3);
        gy__tls_sessions_done(site.client);
        SSL_CTX_set_max_proto_version(site.client->contexts.items[0], TLS1_2_VERSION);
        GY_CHECK_INT(gy_test_run(t, tls_site_ask, &site), 0);
        GY_CHECK_TEXT(gy_str_of(site.info.cipher), cases[i].in_1_2);
        tls_site_close(&site);
    }
}

int main(int argc, char **argv)
{
    authority = certificate_make((struct certificate_wish){.name = "Test Root", .authority = true});
    good = certificate_make(
        (struct certificate_wish){.name = "good", .names = "DNS:localhost", .signer = &authority});
    int failures = gy_test_main(argc, argv);
    certificate_free(&good);
    certificate_free(&authority);
    return failures;
}
