/* SPDX-License-Identifier: MIT */
/* test_listeners.c - where a server listens, and the file of its unix socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <gyre/error.h>
#include <gyre/tls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/lookup.h"
#include "serve/listeners.h"
#include "support/unix_name.h"

static char why[256];

static void must_open(struct gy__listeners *l, const gy_serve_opts *opts)
{
    if (gy__listeners_open(l, opts, why, sizeof why))
        fail_msg("%s", why);
}

static void test_localhost(void **state)
{
    (void)state;
    struct gy__listeners l;
    must_open(&l, &(gy_serve_opts){.port = GY_PORT_ANY});
    int port = gy_local_port(l.fds[0]);
    assert_true(port > 0);
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%d", port);
    assert_string_equal(l.url, url);
    if (l.count == 2)
        assert_int_equal(gy_local_port(l.fds[1]), port);

    struct gy__listeners second;
    assert_int_equal(gy__listeners_open(&second, &(gy_serve_opts){.port = port}, why, sizeof why),
                     -EADDRINUSE);
    assert_int_equal(second.count, 0);
    gy__listeners_close(&l);
    assert_int_equal(l.count, 0);
}

static void test_others(void **state)
{
    (void)state;
    struct gy__listeners l;
    must_open(&l, &(gy_serve_opts){.port = GY_PORT_ANY, .address = "*"});
    assert_int_equal(l.count, 1);
    assert_memory_equal(l.url, "http://0.0.0.0:", 15);
    gy__listeners_close(&l);
    must_open(&l, &(gy_serve_opts){.port = GY_PORT_ANY, .address = "127.0.0.2"});
    assert_memory_equal(l.url, "http://127.0.0.2:", 17);
    gy__listeners_close(&l);
}

static void test_https(void **state)
{
    (void)state;
    struct gy__listeners l;
    const gy_tls_opts tls = {.certificates = NULL};
    must_open(&l, &(gy_serve_opts){.port = GY_PORT_ANY, .address = "127.0.0.1", .tls = &tls});
    assert_memory_equal(l.url, "https://127.0.0.1:", 18);
    gy__listeners_close(&l);
    must_open(&l, &(gy_serve_opts){.port = GY_PORT_ANY, .address = "*", .tls = &tls});
    assert_memory_equal(l.url, "https://0.0.0.0:", 16);
    gy__listeners_close(&l);
    const gy_http_opts http = {.tls = (struct gy_tls *)(void *)&l};
    must_open(&l, &(gy_serve_opts){.port = GY_PORT_ANY, .address = "127.0.0.1", .http = &http});
    assert_memory_equal(l.url, "https://127.0.0.1:", 18);
    gy__listeners_close(&l);
}

static int two_addresses(void *query)
{
    struct gy__query *q = query;
    assert_string_equal(q->name, "name.test");
    q->count = 2;
    assert_int_equal(gy__inet_parse("127.0.0.3", &q->ips[0]), 0);
    return gy__inet_parse("127.0.0.4", &q->ips[1]);
}

static void test_name(void **state)
{
    (void)state;
    struct gy__listeners l;
    gy__lookup_source = (struct gy__lookup_source){.fn = two_addresses};
    must_open(&l, &(gy_serve_opts){.port = GY_PORT_ANY, .address = "name.test"});
    gy__lookup_source = (struct gy__lookup_source){.fn = gy__lookup};
    assert_int_equal(l.count, 2);
    assert_int_equal(gy_local_port(l.fds[0]), gy_local_port(l.fds[1]));
    assert_memory_equal(l.url, "http://127.0.0.3:", 17);
    gy__listeners_close(&l);

    assert_int_equal(
        gy__listeners_open(&l, &(gy_serve_opts){.address = "10.0.0.300"}, why, sizeof why),
        GY_EINVAL);
    assert_non_null(strstr(why, "10.0.0.300 is neither an IP address nor a name"));
    assert_int_equal(l.count, 0);
}

static void test_unix_file(void **state)
{
    (void)state;
    char folder[] = "/tmp/gyre-listeners-XXXXXX", path[64], other[64], url[80];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/a", folder);
    snprintf(other, sizeof other, "%s/b", folder);
    gy_serve_opts opts = {.unix_path = path, .unix_mode = 0660};

    struct gy__listeners l;
    must_open(&l, &opts);
    snprintf(url, sizeof url, "unix:%s", path);
    assert_string_equal(l.url, url);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0660);
    gy__listeners_hide(&l);
    assert_int_equal(access(path, F_OK), -1);
    gy__listeners_hide(&l);
    gy__listeners_close(&l);

    /* One that has been replaced is not ours any more. */
    struct gy__listeners next;
    must_open(&l, &opts);
    must_open(&next, &(gy_serve_opts){.unix_path = other});
    assert_int_equal(rename(other, path), 0);
    gy__listeners_hide(&l);
    assert_int_equal(access(path, F_OK), 0);
    gy__listeners_close(&l);
    gy__listeners_close(&next);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void test_abstract(void **state)
{
    (void)state;
    struct gy__listeners l;
    must_open(&l, &(gy_serve_opts){.unix_path = unix_name("listeners")});
    assert_string_equal(l.file.path, "");
    gy__listeners_hide(&l);
    gy__listeners_close(&l);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_localhost), cmocka_unit_test(test_others),
        cmocka_unit_test(test_https),     cmocka_unit_test(test_name),
        cmocka_unit_test(test_unix_file), cmocka_unit_test(test_abstract),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
