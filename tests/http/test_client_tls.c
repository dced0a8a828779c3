/* SPDX-License-Identifier: MIT */
/* test_client_tls.c - https: kept connections, and certificates that are not good. */
#include "client_party.h"
#include "support/certificates.h"

#include <gyre/tls.h>
#include <sys/socket.h>

struct secure {
    struct party p;
    gy_tls *tls;
};

static int serve(gy_stream *s, void *arg)
{
    struct secure *x = arg;
    char why[200];
    int e = gy_stream_start_tls(s, x->tls, NULL, GY_FOREVER, why, sizeof why);
    return e ? e : party_serve(s, &x->p);
}

GY_TEST(https_is_kept_and_checked)
{
    char why[256], url[64], other[64];
    struct certificate own =
        certificate_make((struct certificate_wish){.name = "localhost", .names = "DNS:localhost"});
    gy_tls_certificate list[] = {certificate_of(&own), {.certificate_file = NULL}};
    gy_str answer = GY_STR("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
    struct secure x = {.p = {.answers = {answer, answer}}};
    x.tls = gy_tls_server_new(&(gy_tls_opts){.certificates = list}, why, sizeof why);
    gy_tls *trust = gy_tls_client_new(&(gy_tls_opts){.ca = gy_str_of(own.text)}, why, sizeof why);
    int fd = gy_listen(&(gy_listen_opts){.address = "127.0.0.1"}, why, sizeof why);
    snprintf(url, sizeof url, "https://localhost:%d/", gy_local_port(fd));
    snprintf(other, sizeof other, "https://127.0.0.1:%d/", gy_local_port(fd));
    gy_tcp_server *s = gy_tcp_server_open(fd, NULL, serve, &x);
    struct ask a = {.url = url, .opts = {.tls = trust, .family = AF_INET}};
    for (int i = 0; i < 2; i++) {
        if (!GY_CHECK_INT(ask(t, &a), 0))
            gy_test_fail(t, "%s", a.res.why);
        GY_CHECK_TEXT(a.res.body, "hi");
        GY_CHECK_INT(a.res.reused, i);
        GY_CHECK(i || a.res.times.tls >= 0);
    }
    a.url = other;
    GY_CHECK_INT(ask(t, &a), GY_ETLS);
    GY_CHECK_GLOB(gy_str_of(a.res.why), "no secure connection to 127.0.0.1:*");
    gy_arena_done(&a.arena);
    gy_tcp_server_close(s, 0);
    gy_tls_free(x.tls);
    gy_tls_free(trust);
    certificate_free(&own);
}

int main(int argc, char **argv)
{
    return gy_test_main(argc, argv);
}
