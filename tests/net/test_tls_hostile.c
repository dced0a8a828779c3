/* SPDX-License-Identifier: MIT */
/* test_tls_hostile.c - peers that flood, lie about who they are, or come back too late. */
#include "base/clock.h"
#include "net/stream.h"
#include "net/tls.h"
#include "support/certificates.h"
#include "support/tls_site.h"
#include "testing/test.h"

#include <errno.h>
#include <gyre/error.h>
#include <gyre/task.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct certificate authority, good, other, ada, liar, rude;

static void make_certificates(void)
{
    authority = certificate_make((struct certificate_wish){.name = "Test Root", .authority = true});
    good = certificate_make(
        (struct certificate_wish){.name = "good", .names = "DNS:localhost", .signer = &authority});
    other = certificate_make((struct certificate_wish){
        .name = "other", .names = "DNS:other.example", .signer = &authority});
    ada = certificate_make(
        (struct certificate_wish){.name = "ada", .to = "20980101000000Z", .signer = &authority});
    liar = certificate_make((struct certificate_wish){.name = "a\033]0;b\007\r\nc\302\233d\302\251",
                                                      .authority = true});
    rude = certificate_make((struct certificate_wish){
        .name = "\033[2Jrude", .names = "DNS:localhost", .signer = &liar});
}

static void free_certificates(void)
{
    struct certificate *all[] = {&authority, &good, &other, &ada, &liar, &rude};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        certificate_free(all[i]);
}

static gy_tls_opts trusting(void)
{
    return (gy_tls_opts){.ca = gy_str_of(authority.text)};
}

static bool opens(struct tls_site *site, gy_test *t, const struct certificate *one)
{
    gy_tls_certificate list[2] = {certificate_of(one)};
    gy_tls_opts asker = trusting();
    return tls_site_open(site, t, &(gy_tls_opts){.certificates = list}, &asker);
}

static struct gy__tls_link *link_of(gy_stream *s)
{
    return gy_of(s->t, struct gy__tls_link, t);
}

/* -- Floods -------------------------------------------------------------------------------------- */

enum { FLOOD = 20000 };

static int flood(void *arg)
{
    struct tls_site *site = arg;
    gy_stream *s;
    int e = tls_site_enter(site, &s), sent = 0;
    if (e)
        return e;
    struct gy__tls_link *link = link_of(s);
    for (; !e && sent < FLOOD; sent++) {
        bool went = SSL_key_update(link->ssl, SSL_KEY_UPDATE_NOT_REQUESTED) == 1 &&
                    SSL_do_handshake(link->ssl) == 1;
        e = went ? gy__tls_socket_flush(link) : GY_ECLOSED;
        if (e == -EAGAIN || sent % 100 == 0) {
            gy_yield();
            e = e == -EAGAIN ? 0 : e;
        }
    }
    if (!e)
        e = tls_site_exchange(site, s);
    gy_stream_close(s);
    return e;
}

GY_TEST(messages_without_a_byte_for_anybody_come_to_an_end)
{
    struct tls_site site;
    if (!opens(&site, t, &good))
        return;
    GY_CHECK(gy_test_run(t, flood, &site) != 0);
    GY_CHECK(site.served == GY_EPROTO || site.served == -EPROTO);
    tls_site_close(&site);
}

/* -- Who it was not ------------------------------------------------------------------------------ */

GY_TEST(a_certificate_says_nothing_to_a_terminal)
{
    struct tls_site site;
    if (!opens(&site, t, &rude))
        return;
    GY_CHECK_INT(gy_test_run(t, tls_site_ask, &site), GY_ETLS);
    GY_CHECK_TEXT(gy_str_of(site.why),
                  "the certificate of localhost is signed by a?]0;b???c??d\302\251, who is not "
                  "trusted, and whose own certificate has not come with it");
    tls_site_close(&site);
    gy_tls_certificate list[2] = {certificate_of(&good)}, own[2] = {certificate_of(&rude)};
    gy_tls_opts asker = trusting(), server = {.certificates = list,
                                              .ca = gy_str_of(authority.text),
                                              .verify_client = true};
    asker.certificates = own;
    if (!tls_site_open(&site, t, &server, &asker))
        return;
    GY_CHECK(gy_test_run(t, tls_site_ask, &site) != 0);
    tls_site_close(&site);
}

static int ask_badly(void *arg)
{
    struct tls_site *site = arg;
    gy_stream *s;
    gy_arena a = {0};
    gy_tls_info info;
    gy_str none;
    int e = gy_connect(site->address, &(gy_connect_opts){.timeout = 5}, &s);
    if (e)
        return e;
    e = gy_stream_start_tls(s, site->client, site->host, 5, site->why, sizeof site->why);
    GY_CHECK(!gy_stream_tls(s, &info));
    GY_CHECK_INT(gy_stream_certificate(&a, s, true).len, 0);
    GY_CHECK_INT(gy_stream_read(s, 1, &none), e);
    GY_CHECK_INT(gy_stream_write(s, "x", 1), e);
    GY_CHECK_INT(gy_stream_start_tls(s, site->client, site->host, 5, NULL, 0), e);
    gy_arena_done(&a);
    gy_stream_close(s);
    return e;
}

GY_TEST(who_was_refused_has_shown_nothing)
{
    struct tls_site site;
    if (!opens(&site, t, &rude))
        return;
    GY_CHECK_INT(gy_test_run(t, ask_badly, &site), GY_ETLS);
    site.host = "";
    GY_CHECK_INT(gy_test_run(t, ask_badly, &site), GY_EINVAL);
    tls_site_close(&site);
    /* To OpenSSL this would be all names that end so. */
    if (!opens(&site, t, &other))
        return;
    site.host = ".example";
    GY_CHECK_INT(gy_test_run(t, ask_badly, &site), GY_EINVAL);
    tls_site_close(&site);
}

static int choose_another(SSL *ssl, const unsigned char **out, unsigned char *len,
                          const unsigned char *in, unsigned in_len, void *arg)
{
    (void)ssl, (void)in, (void)in_len, (void)arg;
    *out = (const unsigned char *)"h9";
    *len = 2;
    return SSL_TLSEXT_ERR_OK;
}

GY_TEST(a_protocol_that_was_not_offered_is_not_spoken)
{
    struct tls_site site;
    static const char *const offered[] = {"h1", "h2", NULL};
    gy_tls_certificate list[2] = {certificate_of(&good)};
    gy_tls_opts asker = trusting();
    asker.alpn = offered;
    if (!tls_site_open(&site, t, &(gy_tls_opts){.certificates = list}, &asker))
        return;
    SSL_CTX_set_alpn_select_cb(site.server->contexts.items[0], choose_another, NULL);
    GY_CHECK_INT(gy_test_run(t, tls_site_ask, &site), GY_ETLS);
    GY_CHECK_TEXT(gy_str_of(site.why), "no TLS with localhost: bad extension");
    tls_site_close(&site);
}

GY_TEST(a_name_within_a_name_is_told)
{
    struct tls_site site;
    struct certificate eve = certificate_make(
        (struct certificate_wish){.name = "eve/O=us,CN=root+\nx", .signer = &authority});
    gy_tls_certificate list[2] = {certificate_of(&good)}, own[2] = {certificate_of(&eve)};
    gy_tls_opts asker = trusting(), server = {.certificates = list,
                                              .ca = gy_str_of(authority.text),
                                              .verify_client = true};
    asker.certificates = own;
    if (tls_site_open(&site, t, &server, &asker)) {
        GY_CHECK_INT(gy_test_run(t, tls_site_ask, &site), 0);
        GY_CHECK_TEXT(gy_str_of(site.seen_peer), "CN=eve/O=us\\,CN=root\\+\\0Ax");
        tls_site_close(&site);
    }
    certificate_free(&eve);
}

GY_TEST(names_that_are_asked_for_are_what_anybody_writes)
{
    struct tls_site site;
    char longest[257];
    memset(longest, 'x', sizeof longest - 1);
    longest[256] = '\0';
    const struct {
        const char *host;
        int code;
        const struct certificate *shown;
    } rows[] = {{"OTHER.Example", 0, &other},  {"other.example.", 0, &good}, {"example", 0, &good},
                {".example", GY_EINVAL, NULL}, {"127.0.0.1", 0, &good},      {"::1", 0, &good},
                {"a\001\033[2Jb", 0, &good},   {longest, GY_EINVAL, NULL},   {"", GY_EINVAL, NULL}};
    gy_tls_certificate list[3] = {certificate_of(&good), certificate_of(&other)};
    gy_tls_opts asker = {.insecure = true};
    if (!tls_site_open(&site, t, &(gy_tls_opts){.certificates = list}, &asker))
        return;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        site.host = rows[i].host;
        if (!GY_CHECK_INT(gy_test_run(t, tls_site_ask, &site), rows[i].code))
            gy_test_fail(t, "%s: %s", rows[i].host, site.why);
        if (rows[i].shown)
            GY_CHECK(strncmp(site.pem, rows[i].shown->text, strlen(rows[i].shown->text)) == 0);
    }
    tls_site_close(&site);
}

/* -- Streams that are not left alone --------------------------------------------------------------- */

static int say_nothing(gy_stream *s, void *arg)
{
    gy_str none;
    int e;
    (void)arg;
    while ((e = gy_stream_read(s, 1000, &none)) == 0)
        ;
    return 0;
}

static int close_it(void *arg)
{
    gy_stream_close(arg);
    return 0;
}

static int read_it(void *arg)
{
    gy_str some;
    return gy_stream_read(arg, 1, &some);
}

static int disturb(void *arg)
{
    struct tls_site *site = arg;
    gy_stream *s, *pair[2];
    gy_tls_info info;
    int e = gy_connect(site->address, &(gy_connect_opts){.timeout = 5}, &s);
    if (e)
        return e;
    GY_CHECK(!gy_stream_tls(s, &info));
    gy_task *reader = gy_task_new(gy_loop_current(), read_it, s, NULL);
    gy_yield();
    GY_CHECK_INT(gy_stream_start_tls(s, site->client, site->host, 5, NULL, 0), GY_EBUSY);
    gy_task_cancel(reader);
    GY_CHECK(gy_task_join(reader) < 0);
    GY_CHECK_INT(gy_stream_start_tls(s, site->client, NULL, 5, NULL, 0), GY_EINVAL);
    gy_stream_close(s);

    GY_CHECK_INT(gy_stream_pair(pair, 100), 0);
    GY_CHECK_INT(gy_stream_start_tls(pair[0], site->client, site->host, 5, NULL, 0), -ENOTSOCK);
    GY_CHECK_INT(gy_stream_write(pair[0], "x", 1), 0);
    gy_stream_close(pair[0]);
    gy_stream_close(pair[1]);

    e = gy_connect(site->address, &(gy_connect_opts){.timeout = 5}, &s);
    if (e)
        return e;
    gy_task *closer = gy_task_new(gy_loop_current(), close_it, s, NULL);
    e = gy_stream_start_tls(s, site->client, site->host, 5, site->why, sizeof site->why);
    GY_CHECK_INT(gy_task_join(closer), 0);
    return e;
}

GY_TEST(a_handshake_belongs_to_one)
{
    struct tls_site site;
    if (!opens(&site, t, &good))
        return;
    gy_tcp_server_close(site.tcp, 0);
    int fd = gy_listen(&(gy_listen_opts){.address = "127.0.0.1"}, site.why, sizeof site.why);
    GY_CHECK_INT(gy_local_address(fd, site.address), 0);
    site.tcp = gy_tcp_server_open(fd, NULL, say_nothing, &site);
    GY_CHECK_INT(gy_test_run(t, disturb, &site), GY_ECLOSED);
    tls_site_close(&site);
}

/* -- Too late ------------------------------------------------------------------------------------ */

static int reload_before_tickets(void *arg)
{
    struct tls_site *site = arg;
    gy_stream *s;
    int e = tls_site_enter(site, &s);
    if (e)
        return e;
    e = gy_tls_reload(site->client, site->why, sizeof site->why);
    if (!e)
        e = tls_site_exchange(site, s);
    gy_stream_close(s);
    return e;
}

GY_TEST(who_was_verified_before_a_reload_is_verified_again)
{
    struct tls_site site;
    if (!opens(&site, t, &good))
        return;
    GY_CHECK_INT(gy_test_run(t, reload_before_tickets, &site), 0);
    GY_CHECK_INT(gy_test_run(t, tls_site_ask, &site), 0);
    GY_CHECK(!site.info.resumed);
    GY_CHECK_INT(gy_test_run(t, tls_site_ask, &site), 0);
    GY_CHECK(site.info.resumed);
    tls_site_close(&site);
}

static int64_t much_later(void *arg)
{
    (void)arg;
    return INT64_C(4070000000) * GY__NS_PER_S; /* 2098-12-21 */
}

static int64_t some_time(void *arg)
{
    static int64_t ns = GY__NS_PER_S;
    (void)arg;
    return ns += 1000;
}

GY_TEST(a_session_does_not_outlive_the_certificate_of_a_client)
{
    struct tls_site site;
    static const struct gy__clock_source later = {.now_ns = some_time, .wall_ns = much_later};
    gy_tls_certificate list[2] = {certificate_of(&good)}, own[2] = {certificate_of(&ada)};
    gy_tls_opts asker = trusting(), server = {.certificates = list,
                                              .ca = gy_str_of(authority.text),
                                              .verify_client = true};
    asker.certificates = own;
    if (!tls_site_open(&site, t, &server, &asker))
        return;
    GY_CHECK_INT(gy_test_run(t, tls_site_ask, &site), 0);
    GY_CHECK_INT(gy_test_run(t, tls_site_ask, &site), 0);
    GY_CHECK(site.info.resumed);
    gy__clock_set(&later);
    GY_CHECK_INT(gy_test_run(t, tls_site_ask, &site), 0); /* OpenSSL has a clock of its own */
    GY_CHECK(!site.info.resumed);
    gy__clock_set(NULL);
    tls_site_close(&site);
}

GY_TEST(authorities_that_break_off_are_refused)
{
    char why[200] = "", text[6000];
    size_t whole = strlen(authority.text);
    snprintf(text, sizeof text, "%s%.*s", authority.text, (int)whole / 2, authority.text);
    gy_tls *tls = gy_tls_client_new(&(gy_tls_opts){.ca = gy_str_of(text)}, why, sizeof why);
    GY_CHECK(!tls);
    GY_CHECK_GLOB(gy_str_of(why), "no good certificate in the given text: *");
    gy_tls_free(tls);
}

int main(int argc, char **argv)
{
    make_certificates();
    int failures = gy_test_main(argc, argv);
    free_certificates();
    return failures;
}
