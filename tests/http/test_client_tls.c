/* SPDX-License-Identifier: MIT */
/* test_client_tls.c - https: kept connections, certificates that are not good, protocols, and settings that
 * tell connections apart. */
#include "client_secure.h"
#include "http/client.h"

#define GOOD GY_STR("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")

GY_TEST(https_is_kept_and_checked)
{
    struct secure x = {.p = {.answers = {GOOD, GOOD}}};
    secure_open(&x);
    const char *other = gy_strf(gy_test_arena(t), "https://far.test:%d/", x.port).ptr;
    struct ask a = {.url = x.url, .opts = {.tls = x.trust}};
    for (int i = 0; i < 2; i++) {
        if (!GY_CHECK_INT(ask(t, &a), 0))
            gy_test_fail(t, "%s", a.res.why);
        GY_CHECK_TEXT(a.res.body, "hi");
        GY_CHECK_INT(a.res.reused, i);
        GY_CHECK(i ? a.res.times.tls < 0 : a.res.times.tls >= a.res.times.connect);
    }
    /* The system's authorities know nothing of it. */
    a.opts.tls = NULL;
    GY_CHECK_INT(ask(t, &a), GY_ETLS);
    GY_CHECK_GLOB(gy_str_of(a.res.why), "no secure connection to 127.0.0.1:*");
    GY_CHECK(!a.res.reused);
    /* And the certificate is not for everybody. */
    gy_resolver_entry table[] = {{"near.test", "127.0.0.1"}, {"far.test", "127.0.0.1"}, {0}};
    gy_resolver *r = gy_resolver_new(&(gy_resolver_opts){.table = table});
    gy_client *c = gy_client_new(&(gy_client_opts){.resolver = r});
    a = (struct ask){.url = gy_strf(gy_test_arena(t), "https://near.test:%d/", x.port).ptr,
                     .opts = {.tls = x.trust, .client = c},
                     .arena = a.arena};
    GY_CHECK_INT(ask(t, &a), GY_ETLS);
    GY_CHECK_GLOB(gy_str_of(a.res.why), "no secure connection to near.test:*");
    x.p.next = 0;
    a.url = other;
    GY_CHECK_INT(ask(t, &a), 0);
    gy_arena_done(&a.arena);
    gy_client_free(c);
    gy_resolver_free(r);
    secure_close(&x);
}

/* -- Settings ------------------------------------------------------------------------------------ */

/* The memory of settings that were freed may be that of others soon: a connection is not theirs. */
GY_TEST(settings_are_not_mistaken_for_others)
{
    char why[256];
    struct secure x = {.p = {.answers = {GOOD, GOOD}}};
    secure_open(&x);
    gy_client *c = gy_client_new(NULL);
    struct ask a = {.url = x.url, .opts = {.client = c}};
    for (int i = 0; i < 8; i++) {
        gy_tls_opts opts = {.ca = gy_str_of(x.own.text)};
        struct gy_tls *known = gy_tls_client_new(&opts, why, sizeof why);
        x.p.next = 0;
        a.opts.tls = known;
        GY_CHECK_INT(ask(t, &a), 0);
        GY_CHECK(!a.res.reused);
        gy_tls_free(known);
        struct gy_tls *unknown = gy_tls_client_new(NULL, why, sizeof why);
        GY_CHECK(unknown && unknown != a.opts.tls);
        a.opts.tls = unknown;
        GY_CHECK_INT(ask(t, &a), GY_ETLS);
        gy_tls_free(unknown);
    }
    gy_arena_done(&a.arena);
    gy_client_free(c);
    secure_close(&x);
}

/* -- Protocols ----------------------------------------------------------------------------------- */

struct chooser {
    struct gy_tls *tls;
    char chosen[32];
};

static int choose(gy_stream *s, void *arg)
{
    struct chooser *x = arg;
    gy_tls_info info;
    gy_str head;
    if (!gy_stream_tls(s, &info))
        return GY_ETLS;
    snprintf(x->chosen, sizeof x->chosen, "%s", info.alpn ? info.alpn : "none");
    int e = gy_stream_read_until(s, "\r\n\r\n", 65536, &head);
    return e ? e : gy_stream_write_str(s, (gy_str)GOOD);
}

GY_TEST(http_1_1_is_offered)
{
    static const char *const h1[] = {"http/1.1", NULL}, *const h2[] = {"h2", NULL},
                             *const both[] = {"h2", "http/1.1", NULL};
    static const struct {
        const char *const *theirs, *const *ours;
        const char *chosen;
        int code;
    } cases[] = {{NULL, NULL, "none", 0}, {h1, NULL, "http/1.1", 0}, {both, NULL, "http/1.1", 0},
                 {h2, NULL, "", GY_ETLS}, {both, h1, "http/1.1", 0}, {both, both, "h2", GY_EPROTO},
                 {NULL, h2, "none", 0}};
    struct secure x = {.tls = NULL};
    char why[256];
    secure_open(&x);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        gy_tls_certificate list[] = {certificate_of(&x.own), {.certificate_file = NULL}};
        gy_tls_opts theirs = {.certificates = list, .alpn = cases[i].theirs};
        gy_tls_opts ours = {.ca = gy_str_of(x.own.text), .alpn = cases[i].ours};
        struct chooser chooser = {.tls = gy_tls_server_new(&theirs, why, sizeof why)};
        struct gy_tls *mine = gy_tls_client_new(&ours, why, sizeof why);
        int fd = gy_listen(&(gy_listen_opts){.address = "127.0.0.1"}, why, sizeof why);
        struct ask a = {
            .url = gy_strf(gy_test_arena(t), "https://127.0.0.1:%d/", gy_local_port(fd)).ptr,
            .opts = {.tls = mine}};
        gy_tcp_server *s =
            gy_tcp_server_open(fd, &(gy_tcp_server_opts){.tls = chooser.tls}, choose, &chooser);
        if (!GY_CHECK_INT(ask(t, &a), cases[i].code))
            gy_test_fail(t, "%zu: %s", i, a.res.why);
        GY_CHECK_TEXT(gy_str_of(chooser.chosen), cases[i].chosen);
        if (cases[i].code == GY_EPROTO)
            GY_CHECK_GLOB(gy_str_of(a.res.why), "127.0.0.1:* speaks h2, and not HTTP/1.1");
        gy_arena_done(&a.arena);
        gy_tcp_server_close(s, 0);
        gy_tls_free(chooser.tls);
        gy_tls_free(mine);
    }
    secure_close(&x);
}

/* With TLS 1.3 a client is through the handshake before the server has looked at what it has shown. */
GY_TEST(a_certificate_that_is_wanted_is_told_of)
{
    char why[256];
    struct secure x = {.tls = NULL};
    secure_open(&x);
    gy_tls_certificate list[] = {certificate_of(&x.own), {.certificate_file = NULL}};
    gy_tls_opts theirs = {.certificates = list, .ca = gy_str_of(x.own.text), .verify_client = true};
    struct chooser chooser = {.tls = gy_tls_server_new(&theirs, why, sizeof why)};
    int fd = gy_listen(&(gy_listen_opts){.address = "127.0.0.1"}, why, sizeof why);
    gy_tcp_server *s =
        gy_tcp_server_open(fd, &(gy_tcp_server_opts){.tls = chooser.tls}, choose, &chooser);
    struct ask a = {.url =
                        gy_strf(gy_test_arena(t), "https://127.0.0.1:%d/", gy_local_port(fd)).ptr,
                    .opts = {.tls = x.trust}};
    gy_test_allow_log(t, "*the client has shown no certificate*");
    GY_CHECK_INT(ask(t, &a), GY_ETLS);
    GY_CHECK_GLOB(gy_str_of(a.res.why), "refused by 127.0.0.1:*: it wants to see a certificate");
    gy_arena_done(&a.arena);
    gy_tcp_server_close(s, 0);
    gy_tls_free(chooser.tls);
    secure_close(&x);
}

enum { BUFFER = 16 * 1024, HEAD = 42, PIECE = 10 * 1000 };

/* An answer that fills the client's buffer to the last byte, in two records, and [arg] more. */
static int say_more(gy_stream *s, void *arg)
{
    static char text[BUFFER + 100];
    gy_str head;
    int e = gy_stream_read_until(s, "\r\n\r\n", 65536, &head);
    size_t n = (size_t)snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n",
                                BUFFER - HEAD);
    memset(text + n, 'x', sizeof text - n);
    if (!e)
        e = gy_stream_write(s, text, PIECE);
    if (!e)
        e = gy_stream_write(s, text + PIECE, (size_t)(BUFFER - PIECE + *(int *)arg));
    return e ? e : gy_stream_read(s, 1, &head);
}

/* Bytes that nobody asked for may also lie in TLS. */
GY_TEST(what_tls_still_holds_is_not_the_next_answer)
{
    for (int more = 0; more < 2; more++) {
        struct secure x = {.p = {.next = 0}};
        char why[256];
        secure_open(&x);
        int fd = gy_listen(&(gy_listen_opts){.address = "127.0.0.1"}, why, sizeof why);
        const char *url = gy_strf(gy_test_arena(t), "https://127.0.0.1:%d/", gy_local_port(fd)).ptr;
        gy_tcp_server *s =
            gy_tcp_server_open(fd, &(gy_tcp_server_opts){.tls = x.tls}, say_more, &more);
        gy_client *c = gy_client_new(NULL);
        struct ask a = {.url = url, .opts = {.tls = x.trust, .client = c}};
        GY_CHECK_INT(ask(t, &a), 0);
        GY_CHECK_INT(a.res.body.len, BUFFER - HEAD);
        GY_CHECK_INT(c->count, !more);
        gy_arena_done(&a.arena);
        gy_client_free(c);
        gy_tcp_server_close(s, 0);
        secure_close(&x);
    }
}

/* "far.test." is the same name, said from the root on; certificates and SNI do without the dot. */
GY_TEST(the_last_dot_is_no_part_of_who_is_verified)
{
    struct secure x = {.p = {.answers = {GOOD}}};
    secure_open(&x);
    gy_resolver_entry table[] = {{"far.test", "127.0.0.1"}, {0}};
    gy_resolver *r = gy_resolver_new(&(gy_resolver_opts){.table = table});
    gy_client *c = gy_client_new(&(gy_client_opts){.resolver = r});
    struct ask a = {.url = gy_strf(gy_test_arena(t), "https://far.test.:%d/", x.port).ptr,
                    .opts = {.tls = x.trust, .client = c}};
    if (!GY_CHECK_INT(ask(t, &a), 0))
        gy_test_fail(t, "%s", a.res.why);
    GY_CHECK_GLOB(gy_str_n(x.p.seen, x.p.seen_len), "*\r\nHost: far.test.:*");
    gy_arena_done(&a.arena);
    gy_client_free(c);
    gy_resolver_free(r);
    secure_close(&x);
}

/* The same host in plain text is somebody else. */
GY_TEST(what_was_secret_is_not_said_in_plain_text)
{
    const gy_field own[] = {
        {GY_STR("Authorization"), GY_STR("mine")}, {GY_STR("Cookie"), GY_STR("a=b")}, {{0}, {0}}};
    gy_cookie_jar *jar = gy_cookie_jar_new();
    for (int i = 0; i < 2; i++) {
        struct party plain = {.answers = {GOOD}};
        party_open(&plain);
        struct secure x = {.p = {.answers = {{NULL, 0}}}};
        x.p.answers[0] = gy_strf(gy_test_arena(t),
                                 "HTTP/1.1 307 Go\r\nLocation: http://127.0.0.1:%d/\r\n"
                                 "Set-Cookie: s=1; Secure\r\nContent-Length: 0\r\n\r\n",
                                 plain.port);
        secure_open(&x);
        struct ask a = {.url = x.url, .opts = {.tls = x.trust, .user = "u", .password = "p"}};
        a.opts.headers = i ? own : NULL;
        a.opts.cookies = i ? NULL : jar;
        GY_CHECK_INT(ask(t, &a), 0);
        GY_CHECK(strstr(x.p.seen, i ? "mine" : "Basic"));
        GY_CHECK(plain.seen_len > 0);
        GY_CHECK(!strstr(plain.seen, "Authorization") && !strstr(plain.seen, "Cookie"));
        gy_arena_done(&a.arena);
        secure_close(&x);
        party_close(&plain);
    }
    gy_cookie_jar_free(jar);
}

int main(int argc, char **argv)
{
    return gy_test_main(argc, argv);
}
