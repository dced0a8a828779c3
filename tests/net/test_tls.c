/* SPDX-License-Identifier: MIT */
/* test_tls.c - TLS over sockets: handshakes that succeed and fail, bytes both ways, ends. */
#include "net/stream.h"
#include "net/tls.h"
#include "support/certificates.h"
#include "support/tls_site.h"
#include "testing/test.h"

#include <gyre/error.h>
#include <gyre/net.h>
#include <gyre/task.h>
#include <gyre/testing.h>
#include <gyre/tls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* -- Certificates: made once --------------------------------------------------------------------- */

static struct certificate authority, between, good, other, expired, early, chained, alone, client;

static void make_certificates(void)
{
    authority = certificate_make((struct certificate_wish){.name = "Test Root", .authority = true});
    between = certificate_make(
        (struct certificate_wish){.name = "Test Between", .authority = true, .signer = &authority});
    good = certificate_make((struct certificate_wish){
        .name = "good", .names = "DNS:localhost,IP:127.0.0.1", .signer = &authority});
    other = certificate_make((struct certificate_wish){
        .name = "other", .names = "DNS:other.example,DNS:*.wild.example", .signer = &authority});
    expired = certificate_make((struct certificate_wish){.name = "expired",
                                                         .names = "DNS:localhost",
                                                         .to = "20200101000000Z",
                                                         .signer = &authority});
    early = certificate_make((struct certificate_wish){.name = "early",
                                                       .names = "DNS:localhost",
                                                       .from = "20980101000000Z",
                                                       .signer = &authority});
    chained = certificate_make(
        (struct certificate_wish){.name = "chained", .names = "DNS:localhost", .signer = &between});
    alone = certificate_make((struct certificate_wish){.name = "alone", .names = "DNS:localhost"});
    client = certificate_make((struct certificate_wish){.name = "ada", .signer = &authority});
}

static void free_certificates(void)
{
    struct certificate *all[] = {&authority, &between, &good,  &other, &expired,
                                 &early,     &chained, &alone, &client};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        certificate_free(all[i]);
}

/* -- A server that echoes, and somebody who asks it ---------------------------------------------- */

/* Settings that trust the test's root. */
static gy_tls_opts trusting(void)
{
    return (gy_tls_opts){.ca = gy_str_of(authority.text)};
}

/* One question to a server with [one]. */
static void ask_one(gy_test *t, const struct certificate *one, struct tls_site *site, int code)
{
    gy_tls_certificate list[2] = {certificate_of(one)};
    gy_tls_opts asker = trusting();
    if (!tls_site_open(site, t, &(gy_tls_opts){.certificates = list}, &asker))
        return;
    GY_CHECK_INT(gy_test_run(t, tls_site_ask, site), code);
    gy_test_settle(t);
    tls_site_close(site);
}

GY_TEST(bytes_go_both_ways)
{
    struct tls_site site;
    ask_one(t, &good, &site, 0);
    GY_CHECK_TEXT(gy_str_of(site.info.version), "TLSv1.3");
    GY_CHECK(!site.info.resumed);
    GY_CHECK_TEXT(gy_str_of(site.seen_name), "localhost");
    GY_CHECK_INT(site.served, GY_EOF);
}

GY_TEST(much_goes_both_ways)
{
    struct tls_site site;
    gy_tls_certificate list[2] = {certificate_of(&good)};
    gy_tls_opts asker = trusting();
    if (!tls_site_open(&site, t, &(gy_tls_opts){.certificates = list}, &asker))
        return;
    static const size_t sizes[] = {1, 16383, 16384, 16385, 100000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        site.size = sizes[i];
        GY_CHECK_INT(gy_test_run(t, tls_site_ask, &site), 0);
    }
    tls_site_close(&site);
}

/* -- A full connection: what the kernel does not take is kept, and nothing is lost ----------------- */

enum { FULL = 8 * 1000 * 1000, PIECE = 37000 };

static char byte_at(size_t i)
{
    return (char)(i * 31 % 251);
}

static int write_all(void *arg)
{
    gy_stream *s = arg;
    char piece[PIECE];
    int e = 0;
    for (size_t at = 0; at < FULL && !e; at += PIECE) {
        size_t n = FULL - at < PIECE ? FULL - at : PIECE;
        for (size_t i = 0; i < n; i++)
            piece[i] = byte_at(at + i);
        struct iovec two[2] = {{.iov_base = piece, .iov_len = n / 3},
                               {.iov_base = piece + n / 3, .iov_len = n - n / 3}};
        /* Now and then both change their keys: the answer to that comes when nothing can be sent. */
        if (at / PIECE % 20 == 19)
            GY_CHECK_INT(
                SSL_key_update(gy_of(s->t, struct gy__tls_link, t)->ssl, SSL_KEY_UPDATE_REQUESTED),
                1);
        e = gy_stream_writev(s, two, 2);
    }
    return e;
}

static int read_all(void *arg)
{
    gy_stream *s = arg;
    gy_str some;
    size_t at = 0, wrong = 0;
    int e = gy_sleep(1); /* it comes when nothing moves any more */
    while (at < FULL && !e) {
        e = gy_stream_read(s, 50000, &some);
        for (size_t i = 0; i < some.len && !e; i++)
            wrong += some.ptr[i] != byte_at(at + i);
        at += e ? 0 : some.len;
    }
    GY_CHECK_INT(wrong, 0);
    return e;
}

static int fill_up(void *arg)
{
    struct tls_site *site = arg;
    gy_stream *s;
    int e = gy_connect(site->address, &(gy_connect_opts){.timeout = 5}, &s);
    if (e)
        return e;
    e = gy_stream_start_tls(s, site->client, site->host, 5, site->why, sizeof site->why);
    if (!e) {
        gy_group g = {.timeout = 60};
        gy_group_spawn(&g, write_all, s);
        gy_group_spawn(&g, read_all, s);
        e = gy_group_wait(&g);
    }
    gy_stream_close(s);
    return e;
}

GY_TEST(nothing_is_lost_when_nothing_is_read)
{
    struct tls_site site;
    gy_tls_certificate list[2] = {certificate_of(&good)};
    gy_tls_opts asker = trusting();
    if (!tls_site_open(&site, t,
                       &(gy_tls_opts){
                           .certificates = list,
                       },
                       &asker))
        return;
    gy_test_clock_auto(t);
    GY_CHECK_INT(gy_test_run(t, fill_up, &site), 0);
    tls_site_close(&site);
}

/* Some bytes and then silence: the last of them must not stay behind either. */
struct last {
    struct tls_site *site;
    size_t size;
};

static void narrow(const gy_stream *s)
{
    int size = 100000;
    setsockopt(gy_stream_fd(s), SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    setsockopt(gy_stream_fd(s), SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
}

static int write_and_listen(gy_stream *s, void *arg)
{
    struct last *last = arg;
    static const char piece[16000];
    gy_str none;
    int e = 0;
    narrow(s);
    for (size_t at = 0; at < last->size && !e; at += sizeof piece)
        e = gy_stream_write(s, piece, sizeof piece);
    return e ? e : gy_stream_read(s, 1, &none);
}

static int read_late(void *arg)
{
    struct last *last = arg;
    struct tls_site *site = last->site;
    gy_stream *s;
    gy_str all;
    int e = gy_connect(site->address, &(gy_connect_opts){.timeout = 5}, &s);
    if (e)
        return e;
    narrow(s);
    e = gy_stream_start_tls(s, site->client, site->host, 5, site->why, sizeof site->why);
    if (!e)
        e = gy_sleep(1);
    if (!e)
        e = gy_stream_read_exact(s, last->size, &all);
    gy_stream_close(s);
    return e;
}

GY_TEST(the_last_bytes_are_not_left_behind)
{
    struct tls_site site;
    struct last last = {.site = &site};
    gy_tls_certificate list[2] = {certificate_of(&good)};
    gy_tls_opts asker = trusting();
    if (!tls_site_open(&site, t, &(gy_tls_opts){.certificates = list}, &asker))
        return;
    gy_tcp_server_close(site.tcp, 0);
    int fd = gy_listen(&(gy_listen_opts){.address = "127.0.0.1"}, site.why, sizeof site.why);
    GY_CHECK_INT(gy_local_address(fd, site.address), 0);
    site.tcp =
        gy_tcp_server_open(fd, &(gy_tcp_server_opts){.tls = site.server}, write_and_listen, &last);
    gy_test_clock_auto(t);
    for (int i = 1; i <= 40; i++) {
        last.size = (size_t)i * 16000;
        GY_CHECK_INT(gy_test_run(t, read_late, &last), 0);
    }
    tls_site_close(&site);
}

/* A record is more than is asked for: the rest is there, and nothing will tell of it. */
static int read_bit_by_bit(void *arg)
{
    struct tls_site *site = arg;
    gy_stream *s;
    char bit[100];
    int e = gy_connect(site->address, &(gy_connect_opts){.timeout = 5}, &s);
    if (e)
        return e;
    e = gy_stream_start_tls(s, site->client, site->host, 5, site->why, sizeof site->why);
    if (!e)
        e = gy_stream_write_str(s, (gy_str)GY_STR("0123456789"
                                                  "abcdefghij"));
    for (int i = 0; i < 10 && !e; i++) {
        ssize_t n = gy_stream_read_into(s, bit, 2, false, NULL);
        e = n < 0 ? (int)n : 0;
    }
    gy_stream_close(s);
    return e;
}

GY_TEST(what_openssl_holds_back_is_found)
{
    struct tls_site site;
    gy_tls_certificate list[2] = {certificate_of(&good)};
    gy_tls_opts asker = trusting();
    if (!tls_site_open(&site, t, &(gy_tls_opts){.certificates = list}, &asker))
        return;
    GY_CHECK_INT(gy_test_run(t, read_bit_by_bit, &site), 0);
    tls_site_close(&site);
}

GY_TEST(a_chain_leads_to_the_root)
{
    struct tls_site site;
    ask_one(t, &chained, &site, 0);
}

GY_TEST(an_expired_certificate_is_refused)
{
    struct tls_site site;
    ask_one(t, &expired, &site, GY_ETLS);
    GY_CHECK_TEXT(gy_str_of(site.why), "the certificate of localhost expired on 2020-01-01");
}

GY_TEST(an_early_certificate_is_refused)
{
    struct tls_site site;
    ask_one(t, &early, &site, GY_ETLS);
    GY_CHECK_TEXT(gy_str_of(site.why),
                  "the certificate of localhost is not valid before 2098-01-01");
}

GY_TEST(a_certificate_for_others_is_refused)
{
    struct tls_site site;
    ask_one(t, &other, &site, GY_ETLS);
    GY_CHECK_TEXT(gy_str_of(site.why),
                  "the certificate of localhost is for other.example, *.wild.example");
}

GY_TEST(who_signs_for_himself_is_refused)
{
    struct tls_site site;
    ask_one(t, &alone, &site, GY_ETLS);
    GY_CHECK_GLOB(gy_str_of(site.why), "the certificate of localhost is signed by itself*");
}

GY_TEST(who_is_signed_by_a_stranger_is_refused)
{
    struct tls_site site;
    gy_tls_certificate list[2] = {certificate_of(&good)};
    gy_tls_opts asker = {.ca = gy_str_of(alone.text)};
    if (!tls_site_open(&site, t, &(gy_tls_opts){.certificates = list}, &asker))
        return;
    GY_CHECK_INT(gy_test_run(t, tls_site_ask, &site), GY_ETLS);
    GY_CHECK_TEXT(gy_str_of(site.why),
                  "the certificate of localhost is signed by Test Root, who is not trusted, and "
                  "whose own certificate has not come with it");
    site.host = NULL;
    GY_CHECK_INT(gy_test_run(t, tls_site_ask, &site), GY_EINVAL);
    tls_site_close(&site);
}

GY_TEST(an_address_is_verified_too)
{
    struct tls_site site;
    gy_tls_certificate list[2] = {certificate_of(&good)};
    gy_tls_opts asker = trusting();
    if (!tls_site_open(&site, t, &(gy_tls_opts){.certificates = list}, &asker))
        return;
    site.host = "127.0.0.1";
    GY_CHECK_INT(gy_test_run(t, tls_site_ask, &site), 0);
    site.host = "127.0.0.2";
    GY_CHECK_INT(gy_test_run(t, tls_site_ask, &site), GY_ETLS);
    GY_CHECK_GLOB(gy_str_of(site.why), "the certificate of 127.0.0.2 is for *");
    tls_site_close(&site);
}

GY_TEST(the_name_chooses_the_certificate)
{
    struct tls_site site;
    gy_tls_certificate list[3] = {certificate_of(&good), certificate_of(&other)};
    gy_tls_opts asker = trusting();
    if (!tls_site_open(&site, t, &(gy_tls_opts){.certificates = list}, &asker))
        return;
    static const char *const names[] = {"localhost", "other.example", "a.wild.example"};
    for (size_t i = 0; i < 3; i++) {
        site.host = names[i];
        GY_CHECK_INT(gy_test_run(t, tls_site_ask, &site), 0);
        GY_CHECK_GLOB(gy_str_of(site.seen_name), names[i]);
    }
    site.host = "unknown.example";
    GY_CHECK_INT(gy_test_run(t, tls_site_ask, &site), GY_ETLS);
    tls_site_close(&site);
}

GY_TEST(clients_show_who_they_are)
{
    struct tls_site site;
    gy_tls_certificate list[2] = {certificate_of(&good)}, own[2] = {certificate_of(&client)};
    gy_tls_opts server = {
        .certificates = list, .ca = gy_str_of(authority.text), .verify_client = true};
    gy_tls_opts asker = trusting();
    asker.certificates = own;
    if (!tls_site_open(&site, t, &server, &asker))
        return;
    GY_CHECK_INT(gy_test_run(t, tls_site_ask, &site), 0);
    GY_CHECK_TEXT(gy_str_of(site.seen_peer), "CN=ada");
    GY_CHECK_INT(gy_test_run(t, tls_site_ask, &site), 0);
    GY_CHECK(site.seen.resumed);
    GY_CHECK_TEXT(gy_str_of(site.seen_peer), "CN=ada");
    tls_site_close(&site);
    asker.certificates = NULL;
    if (!tls_site_open(&site, t, &server, &asker))
        return;
    gy_test_expect_log(t, "*a connection was closed: the client has shown no certificate*");
    GY_CHECK(gy_test_run(t, tls_site_ask, &site) < 0);
    gy_test_settle(t);
    GY_CHECK_INT(site.served, 1); /* the handler has not seen it */
    tls_site_close(&site);
}

GY_TEST(protocols_are_agreed_on)
{
    struct tls_site site;
    gy_tls_certificate list[2] = {certificate_of(&good)};
    const char *const ours[] = {"one", "two", NULL}, *const theirs[] = {"two", "one", NULL},
                      *const none[] = {"three", NULL};
    gy_tls_opts asker = trusting();
    asker.alpn = theirs;
    if (!tls_site_open(&site, t, &(gy_tls_opts){.certificates = list, .alpn = ours}, &asker))
        return;
    GY_CHECK_INT(gy_test_run(t, tls_site_ask, &site), 0);
    GY_CHECK_TEXT(gy_str_of(site.alpn), "one");
    tls_site_close(&site);
    asker.alpn = none;
    if (!tls_site_open(&site, t, &(gy_tls_opts){.certificates = list, .alpn = ours}, &asker))
        return;
    GY_CHECK_INT(gy_test_run(t, tls_site_ask, &site), GY_ETLS);
    GY_CHECK_GLOB(gy_str_of(site.why), "refused by localhost: *application protocol*");
    tls_site_close(&site);
}

/* -- Resuming ------------------------------------------------------------------------------------ */

GY_TEST(sessions_are_resumed)
{
    struct tls_site site;
    gy_tls_certificate list[3] = {certificate_of(&good), certificate_of(&other)};
    gy_tls_opts asker = trusting();
    if (!tls_site_open(&site, t, &(gy_tls_opts){.certificates = list}, &asker))
        return;
    GY_CHECK_INT(gy_test_run(t, tls_site_ask, &site), 0);
    GY_CHECK(!site.info.resumed);
    GY_CHECK_INT(gy_test_run(t, tls_site_ask, &site), 0);
    GY_CHECK(site.info.resumed);
    /* Only with the host that was verified. */
    site.host = "other.example";
    GY_CHECK_INT(gy_test_run(t, tls_site_ask, &site), 0);
    GY_CHECK(!site.info.resumed);
    tls_site_close(&site);
}

GY_TEST(servers_share_the_keys_of_tickets)
{
    struct tls_site site;
    gy_tls_certificate list[2] = {certificate_of(&good)};
    gy_tls_opts asker = trusting(), server = {.certificates = list};
    char keys[160], turned[160];
    memset(keys, 'k', 80);
    memset(keys + 80, 'o', 80);
    memcpy(turned, keys + 80, 80);
    memcpy(turned + 80, keys, 80);
    if (!tls_site_open(&site, t, &server, &asker))
        return;
    GY_CHECK_INT(gy_tls_set_ticket_keys(site.server, keys, 79), GY_EINVAL);
    GY_CHECK_INT(gy_tls_set_ticket_keys(site.server, keys, 80), 0);
    GY_CHECK_INT(gy_test_run(t, tls_site_ask, &site), 0);
    /* Read again, the contexts are other ones; a key that was replaced still opens its tickets. */
    GY_CHECK_INT(gy_tls_reload(site.server, site.why, sizeof site.why), 0);
    GY_CHECK_INT(gy_tls_set_ticket_keys(site.server, turned, 160), 0);
    GY_CHECK_INT(gy_test_run(t, tls_site_ask, &site), 0);
    GY_CHECK(site.info.resumed);
    memset(turned, 'x', 80);
    GY_CHECK_INT(gy_tls_set_ticket_keys(site.server, turned, 80), 0);
    GY_CHECK_INT(gy_test_run(t, tls_site_ask, &site), 0);
    GY_CHECK(!site.info.resumed);
    tls_site_close(&site);
}

/* -- Files --------------------------------------------------------------------------------------- */

static void write_file(const char *name, const char *text)
{
    FILE *f = fopen(name, "w");
    if (!GY_CHECK(f != NULL))
        return;
    fputs(text, f);
    fclose(f);
}

GY_TEST(files_are_read_again)
{
    struct tls_site site;
    char folder[] = "/tmp/gyre-tls-XXXXXX", certificate[64], key[64];
    GY_CHECK(mkdtemp(folder) != NULL);
    snprintf(certificate, sizeof certificate, "%s/c.pem", folder);
    snprintf(key, sizeof key, "%s/k.pem", folder);
    write_file(certificate, expired.text);
    write_file(key, expired.key_text);
    gy_tls_certificate list[2] = {{.certificate_file = certificate, .key_file = key}};
    gy_tls_opts asker = trusting();
    if (tls_site_open(&site, t, &(gy_tls_opts){.certificates = list}, &asker)) {
        GY_CHECK_INT(gy_test_run(t, tls_site_ask, &site), GY_ETLS);
        write_file(certificate, good.text);
        GY_CHECK_INT(gy_tls_reload(site.server, site.why, sizeof site.why), GY_ETLS);
        GY_CHECK_GLOB(gy_str_of(site.why),
                      "the key in */k.pem is not that of the certificate in *");
        write_file(key, good.key_text);
        GY_CHECK_INT(gy_tls_reload(site.server, site.why, sizeof site.why), 0);
        GY_CHECK_INT(gy_test_run(t, tls_site_ask, &site), 0);
        tls_site_close(&site);
    }
    unlink(certificate);
    unlink(key);
    rmdir(folder);
}

GY_TEST(settings_that_are_wrong_are_explained)
{
    char why[200];
    gy_tls_certificate list[2] = {{.certificate_file = "/nowhere/c.pem"}};
    GY_CHECK(!gy_tls_server_new(NULL, why, sizeof why));
    GY_CHECK_TEXT(gy_str_of(why), "a server needs a certificate");
    GY_CHECK(!gy_tls_server_new(&(gy_tls_opts){.certificates = list}, why, sizeof why));
    GY_CHECK_TEXT(gy_str_of(why),
                  "cannot read the certificate in /nowhere/c.pem: No such file or directory");
    list[0] = (gy_tls_certificate){.certificate = GY_STR("no PEM")};
    GY_CHECK(!gy_tls_server_new(&(gy_tls_opts){.certificates = list}, why, sizeof why));
    GY_CHECK_GLOB(gy_str_of(why), "no good certificate in the given text: *");
    list[0] = certificate_of(&good);
    GY_CHECK(!gy_tls_server_new(&(gy_tls_opts){.certificates = list, .ciphers = "NONE-SUCH"}, why,
                                sizeof why));
    GY_CHECK_TEXT(gy_str_of(why), "no cipher that is known in \"NONE-SUCH\"");
    GY_CHECK(!gy_tls_server_new(&(gy_tls_opts){.certificates = list, .verify_client = true}, why,
                                sizeof why));
    GY_CHECK(!gy_tls_client_new(&(gy_tls_opts){.ca_file = "/nowhere/ca.pem"}, why, sizeof why));
}

/* -- What is no TLS, and ends that are not said ---------------------------------------------------- */

static int ask_in_plain(void *arg)
{
    struct tls_site *site = arg;
    gy_stream *s;
    gy_str none;
    int e = gy_connect(site->address, &(gy_connect_opts){.timeout = 5}, &s);
    if (!e)
        e = gy_stream_write_str(s, (gy_str)GY_STR("nothing that TLS begins with\n"));
    while (!e)
        e = gy_stream_read(s, 100, &none);
    gy_stream_close(s);
    return e;
}

GY_TEST(what_is_no_tls_is_refused)
{
    struct tls_site site;
    gy_tls_certificate list[2] = {certificate_of(&good)};
    gy_tls_opts asker = trusting();
    if (!tls_site_open(&site, t, &(gy_tls_opts){.certificates = list}, &asker))
        return;
    gy_test_expect_log(t, "*the client does not speak TLS here*");
    int e = gy_test_run(t, ask_in_plain, &site);
    GY_CHECK(e == GY_EOF || e == GY_ECLOSED);
    GY_CHECK_INT(site.served, 1);
    tls_site_close(&site);
}

static int speak_plainly(gy_stream *s, void *arg)
{
    (void)arg;
    return gy_stream_write_str(s, (gy_str)GY_STR("220 hello\r\n"));
}

GY_TEST(a_server_without_tls_is_told_from_one_with)
{
    struct tls_site site;
    gy_tls_certificate list[2] = {certificate_of(&good)};
    gy_tls_opts asker = trusting();
    if (!tls_site_open(&site, t, &(gy_tls_opts){.certificates = list}, &asker))
        return;
    gy_tcp_server_close(site.tcp, 0);
    int fd = gy_listen(&(gy_listen_opts){.address = "127.0.0.1"}, site.why, sizeof site.why);
    GY_CHECK_INT(gy_local_address(fd, site.address), 0);
    site.tcp = gy_tcp_server_open(fd, NULL, speak_plainly, &site);
    int e = gy_test_run(t, tls_site_ask, &site);
    GY_CHECK(e == GY_ETLS || e == GY_EOF);
    if (e == GY_ETLS)
        GY_CHECK_TEXT(gy_str_of(site.why), "localhost does not speak TLS here");
    tls_site_close(&site);
}

/* A goodbye in the same packet as the last bytes, and the connection stays open. */
static int say_goodbye(void *arg)
{
    struct tls_site *site = arg;
    gy_stream *s;
    gy_str none;
    int e = gy_connect(site->address, &(gy_connect_opts){.timeout = 5}, &s);
    if (e)
        return e;
    e = gy_stream_start_tls(s, site->client, site->host, 5, site->why, sizeof site->why);
    if (!e)
        e = gy_stream_write_str(s, (gy_str)GY_STR("the last bytes"));
    if (!e)
        SSL_shutdown(gy_of(s->t, struct gy__tls_link, t)->ssl);
    while (!e)
        e = gy_stream_read(s, 100, &none);
    gy_stream_close(s);
    return e;
}

GY_TEST(a_goodbye_is_an_end)
{
    struct tls_site site;
    gy_tls_certificate list[2] = {certificate_of(&good)};
    gy_tls_opts asker = trusting();
    if (!tls_site_open(&site, t, &(gy_tls_opts){.certificates = list}, &asker))
        return;
    GY_CHECK_INT(gy_test_run(t, say_goodbye, &site), GY_EOF);
    GY_CHECK_INT(site.served, GY_EOF);
    tls_site_close(&site);
}

/* Leave without a goodbye. */
static int cut_off(void *arg)
{
    struct tls_site *site = arg;
    gy_stream *s;
    int e = gy_connect(site->address, &(gy_connect_opts){.timeout = 5}, &s);
    if (e)
        return e;
    e = gy_stream_start_tls(s, site->client, site->host, 5, site->why, sizeof site->why);
    if (!e)
        e = tls_site_exchange(site, s);
    shutdown(gy_stream_fd(s), SHUT_WR);
    gy_str none;
    while (!e)
        e = gy_stream_read(s, 100, &none);
    gy_stream_close(s);
    return e;
}

GY_TEST(an_end_that_is_cut_off_is_no_end)
{
    struct tls_site site;
    gy_tls_certificate list[2] = {certificate_of(&good)};
    gy_tls_opts asker = trusting();
    if (!tls_site_open(&site, t, &(gy_tls_opts){.certificates = list}, &asker))
        return;
    (void)gy_test_run(t, cut_off, &site);
    gy_test_settle(t);
    GY_CHECK_INT(site.served, GY_ECLOSED);
    tls_site_close(&site);
}

static int dawdle(void *arg)
{
    struct tls_site *site = arg;
    gy_stream *s;
    int e = gy_connect(site->address, &(gy_connect_opts){.timeout = 5}, &s);
    if (e)
        return e;
    e = gy_stream_start_tls(s, site->client, site->host, 2, site->why, sizeof site->why);
    gy_stream_close(s);
    return e;
}

static int say_nothing(gy_stream *s, void *arg)
{
    gy_str none;
    (void)arg;
    int e;
    while ((e = gy_stream_read(s, 1000, &none)) == 0)
        ;
    return 0;
}

GY_TEST(a_handshake_has_its_time)
{
    struct tls_site site;
    gy_tls_certificate list[2] = {certificate_of(&good)};
    gy_tls_opts asker = trusting();
    if (!tls_site_open(&site, t, &(gy_tls_opts){.certificates = list}, &asker))
        return;
    gy_tcp_server_close(site.tcp, 0);
    int fd = gy_listen(&(gy_listen_opts){.address = "127.0.0.1"}, site.why, sizeof site.why);
    GY_CHECK_INT(gy_local_address(fd, site.address), 0);
    site.tcp = gy_tcp_server_open(fd, NULL, say_nothing, &site);
    gy_test_clock_auto(t);
    GY_CHECK_INT(gy_test_run(t, dawdle, &site), GY_ETIMEDOUT);
    GY_CHECK_TEXT(gy_str_of(site.why), "the TLS handshake took too long");
    tls_site_close(&site);
}

/* -- In place ------------------------------------------------------------------------------------ */

struct upgrade {
    struct tls_site *site;
    const char *go; /* the line after which TLS begins */
    int code;
};

static int offer(gy_stream *s, void *arg)
{
    struct upgrade *u = arg;
    gy_str line;
    char why[200];
    int e = gy_stream_read_until(s, "\n", 100, &line);
    if (!e)
        e = gy_stream_write_str(s, gy_str_of(u->go));
    if (!e)
        e = gy_stream_start_tls(s, u->site->server, NULL, 5, why, sizeof why);
    return e ? e : tls_site_echo(s, u->site);
}

static int upgrade(void *arg)
{
    struct upgrade *u = arg;
    struct tls_site *site = u->site;
    gy_stream *s;
    gy_str line;
    int e = gy_connect(site->address, &(gy_connect_opts){.timeout = 5}, &s);
    if (e)
        return e;
    e = gy_stream_write_str(s, (gy_str)GY_STR("STARTTLS\n"));
    if (!e)
        e = gy_stream_read_until(s, "\n", 100, &line);
    if (!e)
        e = gy_stream_start_tls(s, site->client, site->host, 5, site->why, sizeof site->why);
    if (!e)
        e = tls_site_exchange(site, s);
    gy_stream_close(s);
    return e;
}

static void upgrade_with(gy_test *t, const char *go, int code)
{
    struct tls_site site;
    struct upgrade u = {.site = &site, .go = go};
    gy_tls_certificate list[2] = {certificate_of(&good)};
    gy_tls_opts asker = trusting();
    if (!tls_site_open(&site, t, &(gy_tls_opts){.certificates = list}, &asker))
        return;
    gy_tcp_server_close(site.tcp, 0);
    int fd = gy_listen(&(gy_listen_opts){.address = "127.0.0.1"}, site.why, sizeof site.why);
    GY_CHECK_INT(gy_local_address(fd, site.address), 0);
    site.tcp = gy_tcp_server_open(fd, NULL, offer, &u);
    GY_CHECK_INT(gy_test_run(t, upgrade, &u), code);
    tls_site_close(&site);
}

GY_TEST(a_stream_becomes_a_secure_one)
{
    upgrade_with(t, "go ahead\n", 0);
}

GY_TEST(what_was_slipped_in_before_is_refused)
{
    upgrade_with(t, "go ahead\n250 slipped in\n", GY_EINVAL);
}

/* -- Sweeps -------------------------------------------------------------------------------------- */

static void handshake_and_echo(gy_test *t, void *arg)
{
    struct tls_site site;
    gy_tls_certificate list[3] = {certificate_of(&good), certificate_of(&other)};
    const char *const names[] = {"echo", NULL};
    gy_tls_opts server = {.certificates = list, .alpn = names}, asker = trusting();
    (void)arg;
    asker.alpn = names;
    gy_test_clock_auto(t);
    if (tls_site_open(&site, t, &server, &asker)) {
        site.size = 20000;
        int e = gy_test_run(t, tls_site_ask, &site);
        GY_CHECK(e == 0 || gy_test_disturbed(t));
    }
    tls_site_close(&site);
}

GY_TEST(without_memory)
{
    GY_CHECK(gy_test_sweep_alloc(t, handshake_and_echo, NULL) > 20);
}

GY_TEST(cancelled_at_every_wait)
{
    GY_CHECK(gy_test_sweep_cancel(t, handshake_and_echo, NULL) > 4);
}

int main(int argc, char **argv)
{
    make_certificates();
    int failures = gy_test_main(argc, argv);
    free_certificates();
    return failures;
}
