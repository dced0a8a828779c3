/* SPDX-License-Identifier: MIT */
/* test_tls_options.c - what the options about TLS ask for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <gyre/error.h>
#include <string.h>

#include "serve/tls_options.h"

static struct gy__tls_options s;
static gy_serve_opts got;
static gy_http_opts http;
static char why[300];

static gy_options parser;

static int end(void **state)
{
    (void)state;
    gy_options_done(&parser);
    return 0;
}

/* The arguments end with NULL. What is got holds until the next. */
static int given(const gy_serve_opts *defaults, ...)
{
    char *argv[16] = {(char[]){"prog"}};
    int argc = 1;
    va_list ap;
    va_start(ap, defaults);
    while ((argv[argc] = va_arg(ap, char *)))
        argc++;
    va_end(ap);
    gy_options_done(&parser);
    gy__tls_options_init(&s, defaults);
    got = defaults ? *defaults : (gy_serve_opts){.port = 0};
    got.http = &http;
    parser = (gy_options){.table = s.rows};
    assert_int_equal(gy_options_parse(&parser, &argc, argv, why, sizeof why), 0);
    return gy__tls_options_apply(&s, &got, why, sizeof why);
}

static void test_none(void **state)
{
    (void)state;
    assert_int_equal(given(NULL, NULL), 0);
    assert_null(got.tls);
    assert_int_equal(got.redirect_port, 0);
    assert_true(got.tls_check == 60 && got.ticket_rotation == 12 * 3600.0);
}

static void test_certificates(void **state)
{
    (void)state;
    assert_int_equal(given(NULL, "--tls-certificate=a.pem", NULL), 0);
    assert_string_equal(got.tls->certificates[0].certificate_file, "a.pem");
    assert_null(got.tls->certificates[0].key_file);
    assert_null(got.tls->certificates[1].certificate_file);
    assert_int_equal(given(NULL, "--tls-certificate=a.pem,b.pem", "--tls-key=a.key",
                           "--tls-key=b.key", "--redirect-port=80", NULL),
                     0);
    assert_string_equal(got.tls->certificates[0].key_file, "a.key");
    assert_string_equal(got.tls->certificates[1].certificate_file, "b.pem");
    assert_string_equal(got.tls->certificates[1].key_file, "b.key");
    assert_null(got.tls->certificates[2].certificate_file);
    assert_int_equal(got.redirect_port, 80);
    assert_false(got.tls->verify_client);
}

static void test_others(void **state)
{
    (void)state;
    assert_int_equal(given(NULL, "--tls-certificate=a.pem", "--tls-client-ca=ca.pem", "--tls-ocsp",
                           "--tls-check=0", "--tls-ticket-rotation=0", NULL),
                     0);
    assert_true(got.tls->verify_client);
    assert_true(got.tls->ocsp);
    assert_true(got.tls_check < 0 && got.ticket_rotation < 0);
    assert_int_equal(
        given(NULL, "--tls-certificate=a.pem", "--tls-client-ca=ca.pem", "--tls-crl=crl.pem", NULL),
        0);
    assert_string_equal(got.tls->crl_file, "crl.pem");
    assert_int_equal(
        given(NULL, "--tls-certificate=a.pem", "--tls-check=5", "--tls-ticket-rotation=1h", NULL),
        0);
    assert_true(got.tls_check == 5 && got.ticket_rotation == 3600);
}

static void test_what_makes_no_sense(void **state)
{
    (void)state;
    assert_int_equal(given(NULL, "--tls-certificate=a.pem,b.pem", "--tls-key=a.key", NULL),
                     GY_EINVAL);
    assert_string_equal(why,
                        "--tls-key needs a file for each of --tls-certificate: 1 for 2 were given");
    assert_int_equal(given(NULL, "--tls-key=a.key", NULL), GY_EINVAL);
    assert_string_equal(why, "--tls-key needs --tls-certificate");
    assert_int_equal(given(NULL, "--tls-client-ca=x", NULL), GY_EINVAL);
    assert_int_equal(given(NULL, "--tls-ciphers=x", NULL), GY_EINVAL);
    assert_int_equal(given(NULL, "--tls-crl=x", NULL), GY_EINVAL);
    assert_string_equal(why, "--tls-crl needs --tls-certificate");
    assert_int_equal(given(NULL, "--tls-certificate=a.pem", "--tls-crl=x", NULL), GY_EINVAL);
    assert_string_equal(why, "--tls-crl needs --tls-client-ca");
    assert_int_equal(given(NULL, "--tls-ocsp", NULL), GY_EINVAL);
    assert_int_equal(given(NULL, "--redirect-port=80", NULL), GY_EINVAL);
    assert_string_equal(why, "--redirect-port needs --tls-certificate");
}

/* What the program says is the default. */
static void test_of_the_program(void **state)
{
    (void)state;
    const gy_tls_certificate own[] = {{.certificate_file = "own.pem"}, {.certificate_file = NULL}};
    const gy_tls_opts tls = {.certificates = own, .ciphers = "X", .no_tickets = true};
    const gy_serve_opts defaults = {
        .tls = &tls, .redirect_port = 80, .tls_check = -1, .ticket_rotation = 7};
    assert_int_equal(given(&defaults, NULL), 0);
    assert_ptr_equal(got.tls->certificates, own);
    assert_string_equal(got.tls->ciphers, "X");
    assert_true(got.tls->no_tickets);
    assert_int_equal(got.redirect_port, 80);
    assert_true(got.tls_check < 0 && got.ticket_rotation == 7);

    assert_int_equal(given(&defaults, "--redirect-port=0", "--tls-certificate=a.pem", NULL), 0);
    assert_ptr_equal(got.tls->certificates, s.list);
    assert_true(got.tls->no_tickets);
    assert_int_equal(got.redirect_port, 0);
    assert_int_equal(given(&defaults, "--tls-key=a.key", NULL), GY_EINVAL);

    const gy_tls_opts texts = {
        .certificates = own, .ca = GY_STR("text"), .crl = GY_STR("list"), .verify_client = true};
    const gy_serve_opts with_texts = {.tls = &texts};
    assert_int_equal(given(&with_texts, NULL), 0);
    assert_int_equal(got.tls->ca.len, 4);
    assert_int_equal(given(&with_texts, "--tls-crl=crl.pem", NULL), 0);
    assert_int_equal(got.tls->ca.len, 4);
    assert_null(got.tls->crl.ptr);
    assert_int_equal(given(&with_texts, "--tls-client-ca=ca.pem", NULL), 0);
    assert_null(got.tls->ca.ptr);
    assert_int_equal(got.tls->crl.len, 4);

    /* Its server may have TLS of its own. */
    http.tls = (struct gy_tls *)(void *)&http;
    assert_int_equal(given(NULL, "--redirect-port=80", NULL), 0);
    assert_null(got.tls);
    http.tls = NULL;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_none, end),
        cmocka_unit_test_teardown(test_certificates, end),
        cmocka_unit_test_teardown(test_others, end),
        cmocka_unit_test_teardown(test_what_makes_no_sense, end),
        cmocka_unit_test_teardown(test_of_the_program, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
