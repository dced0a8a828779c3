/* SPDX-License-Identifier: MIT */
/* test_tls_peers.c - TLS with a peer that is not ours: openssl's client and server. */
#include "support/certificates.h"

#include <gyre/error.h>
#include <gyre/net.h>
#include <gyre/process.h>
#include <gyre/task.h>
#include <gyre/testing.h>
#include <gyre/tls.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct certificate own;
static char folder[] = "/tmp/gyre-tls-XXXXXX", certificate_file[64], key_file[64], ocsp_file[80];

static void write_file(const char *name, const void *data, size_t len)
{
    FILE *f = fopen(name, "w");
    if (!f || fwrite(data, 1, len, f) != len)
        exit(1);
    fclose(f);
}

/* An answer that says nothing about anybody: it is handed on as it is. */
static void write_staple(void)
{
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    OCSP_basic_sign(basic, own.x, own.key, EVP_sha256(), NULL, 0);
    OCSP_RESPONSE *r = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
    unsigned char *bytes = NULL;
    int len = i2d_OCSP_RESPONSE(r, &bytes);
    write_file(ocsp_file, bytes, len > 0 ? (size_t)len : 0);
    OPENSSL_free(bytes);
    OCSP_RESPONSE_free(r);
    OCSP_BASICRESP_free(basic);
}

static void make_files(void)
{
    own = certificate_make((struct certificate_wish){.name = "own", .names = "DNS:localhost"});
    if (!mkdtemp(folder))
        exit(1);
    snprintf(certificate_file, sizeof certificate_file, "%s/c.pem", folder);
    snprintf(key_file, sizeof key_file, "%s/k.pem", folder);
    snprintf(ocsp_file, sizeof ocsp_file, "%s.ocsp", certificate_file);
    write_file(certificate_file, own.text, strlen(own.text));
    write_file(key_file, own.key_text, strlen(own.key_text));
    write_staple();
}

static void remove_files(void)
{
    unlink(certificate_file);
    unlink(key_file);
    unlink(ocsp_file);
    rmdir(folder);
    certificate_free(&own);
}

/* -- openssl's client ---------------------------------------------------------------------------- */

struct talk {
    char address[GY_ADDRESS_MAX];
    const char *option[4];      /* of openssl */
    const char *command, *done; /* before, and what it writes of it */
    const char *say, *want;     /* "want" has to be in what it writes */
    bool heard;
    int served;
};

static int echo(gy_stream *s, void *arg)
{
    struct talk *talk = arg;
    gy_str line;
    int e;
    while ((e = gy_stream_read_until(s, "\n", 1000, &line)) == 0)
        if ((e = gy_stream_write_str(s, line)))
            break;
    talk->served = e;
    return 0;
}

/* Read until it has written [want], or ended. */
static bool hear(gy_process *p, const char *want)
{
    char all[20000];
    size_t len = 0;
    gy_str some;
    while (len < sizeof all && gy_stream_read(gy_process_out(p), sizeof all - len, &some) == 0) {
        memcpy(all + len, some.ptr, some.len);
        len += some.len;
        if (memmem(all, len, want, strlen(want)))
            return true;
    }
    return false;
}

/* Say something, and when that has been heard the next. */
static int listen_for(gy_process *p, struct talk *talk)
{
    int e = 0;
    if (talk->command) {
        e = gy_stream_write_str(gy_process_in(p), gy_str_of(talk->command));
        if (!e && !hear(p, talk->done))
            return 0;
    }
    if (!e)
        e = gy_stream_write_str(gy_process_in(p), gy_str_of(talk->say));
    talk->heard = !e && hear(p, talk->want);
    return 0;
}

static int run_client(void *arg)
{
    struct talk *talk = arg;
    const char *argv[20] = {"openssl",     "s_client",       "-connect",
                            talk->address, "-servername",    "localhost",
                            "-CAfile",     certificate_file, "-verify_return_error"};
    gy_process *p;
    char why[200];
    for (size_t i = 0; i < 4 && talk->option[i]; i++)
        argv[9 + i] = talk->option[i];
    int e = gy_process_open(
        &(gy_process_opts){
            .argv = argv, .in = GY_STDIO_PIPE, .out = GY_STDIO_PIPE, .err = GY_STDIO_STDOUT},
        &p, why, sizeof why);
    if (e)
        return e;
    e = listen_for(p, talk);
    if (!e)
        e = gy_stream_shutdown(gy_process_in(p));
    if (!e)
        e = gy_process_wait(p, 20, NULL);
    gy_process_close(p);
    return e;
}

static void talk_to_client(gy_test *t, struct talk *talk)
{
    char why[200];
    gy_tls_certificate list[2] = {{.certificate_file = certificate_file, .key_file = key_file}};
    gy_tls *tls =
        gy_tls_server_new(&(gy_tls_opts){.certificates = list, .ocsp = true}, why, sizeof why);
    int fd = gy_listen(&(gy_listen_opts){.address = "127.0.0.1"}, why, sizeof why);
    if (!GY_CHECK(tls && fd >= 0))
        return;
    GY_CHECK_INT(gy_local_address(fd, talk->address), 0);
    talk->served = 1;
    gy_tcp_server *s = gy_tcp_server_open(fd, &(gy_tcp_server_opts){.tls = tls}, echo, talk);
    gy_test_clock_real(t);
    gy_test_allow_log(t, "*a connection was closed*");
    GY_CHECK_INT(gy_test_run(t, run_client, talk), 0);
    gy_tcp_server_close(s, 5);
    gy_tls_free(tls);
}

GY_TEST(a_client_of_1_2_and_of_1_3)
{
    static const char *const versions[] = {"-tls1_2", "-tls1_3"};
    for (size_t i = 0; i < 2; i++) {
        struct talk talk = {.option = {versions[i]}, .say = "hello\n", .want = "\nhello\n"};
        talk_to_client(t, &talk);
        GY_CHECK(talk.heard);
        GY_CHECK_INT(talk.served, GY_EOF);
    }
}

GY_TEST(older_versions_are_refused)
{
    struct talk talk = {.option = {"-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"},
                        .say = "hello\n",
                        .want = "\nhello\n"};
    talk_to_client(t, &talk);
    GY_CHECK(!talk.heard);
    GY_CHECK_INT(talk.served, 1);
}

GY_TEST(ciphers_without_forward_secrecy_are_refused)
{
    struct talk talk = {.option = {"-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA"},
                        .say = "hello\n",
                        .want = "\nhello\n"};
    talk_to_client(t, &talk);
    GY_CHECK(!talk.heard);
    GY_CHECK_INT(talk.served, 1);
}

GY_TEST(nothing_is_negotiated_again)
{
    struct talk talk = {.option = {"-tls1_2"},
                        .command = "R\n",
                        .done = "RENEGOTIATING",
                        .say = "hello\n",
                        .want = "\nhello\n"};
    talk_to_client(t, &talk);
    GY_CHECK(!talk.heard);
}

GY_TEST(a_staple_is_handed_on)
{
    struct talk talk = {
        .option = {"-status"}, .say = "hello\n", .want = "OCSP Response Status: successful"};
    talk_to_client(t, &talk);
    GY_CHECK(talk.heard);
}

/* -- openssl's server ---------------------------------------------------------------------------- */

struct visit {
    const char *option;
    char why[200];
};

/* "ACCEPT 127.0.0.1:40123", and what it said before. */
static int read_address(gy_process *p, char out[GY_ADDRESS_MAX])
{
    gy_str line;
    for (int i = 0; i < 10; i++) {
        int e = gy_stream_read_until(gy_process_out(p), "\n", 1000, &line);
        if (e)
            return e;
        if (sscanf(line.ptr, "ACCEPT %100[0-9.:]", out) == 1)
            return 0;
    }
    return GY_EPROTO;
}

static int ask_server(const char *address, struct visit *v)
{
    gy_tls *tls =
        gy_tls_client_new(&(gy_tls_opts){.ca_file = certificate_file}, v->why, sizeof v->why);
    gy_stream *s = NULL;
    gy_str line;
    int e = tls ? gy_connect(address, &(gy_connect_opts){.timeout = 10}, &s) : GY_ETLS;
    if (!e)
        e = gy_stream_start_tls(s, tls, "localhost", 10, v->why, sizeof v->why);
    if (!e)
        e = gy_stream_write_str(s, (gy_str)GY_STR("hello\n"));
    if (!e)
        e = gy_stream_read_until(s, "\n", 100, &line);
    if (!e)
        GY_CHECK_TEXT(line, "olleh\n");
    gy_stream_close(s);
    gy_tls_free(tls);
    return e;
}

static int run_server(void *arg)
{
    struct visit *v = arg;
    const char *argv[] = {"openssl", "s_server",       "-accept", "127.0.0.1:0",
                          "-cert",   certificate_file, "-key",    key_file,
                          "-rev",    "-naccept",       "1",       v->option,
                          NULL};
    char address[GY_ADDRESS_MAX];
    gy_process *p;
    int e = gy_process_open(
        &(gy_process_opts){
            .argv = argv, .in = GY_STDIO_PIPE, .out = GY_STDIO_PIPE, .err = GY_STDIO_STDOUT},
        &p, v->why, sizeof v->why);
    if (e)
        return e;
    e = read_address(p, address);
    if (!e)
        e = ask_server(address, v);
    gy_process_close(p);
    return e;
}

GY_TEST(a_server_of_1_2_and_of_1_3)
{
    static const char *const versions[] = {"-tls1_2", "-tls1_3"};
    gy_test_clock_real(t);
    for (size_t i = 0; i < 2; i++) {
        struct visit v = {.option = versions[i]};
        if (!GY_CHECK_INT(gy_test_run(t, run_server, &v), 0))
            gy_test_fail(t, "%s", v.why);
    }
}

int main(int argc, char **argv)
{
    if (access("/usr/bin/openssl", X_OK))
        return 77;
    make_files();
    int failures = gy_test_main(argc, argv);
    remove_files();
    return failures;
}
