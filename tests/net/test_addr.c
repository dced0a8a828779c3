/* SPDX-License-Identifier: MIT */
/* test_addr.c - addresses go to text and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <gyre/error.h>
#include <string.h>
#include <unistd.h>

#include "net/addr.h"

static void same_text_back(const char *text)
{
    struct gy__addr a;
    char out[GY_ADDRESS_MAX];
    assert_int_equal(gy__addr_parse(text, &a), 0);
    gy__addr_print(&a, out);
    assert_string_equal(out, text);
}

static void test_round_trip(void **state)
{
    (void)state;
    same_text_back("127.0.0.1:8888");
    same_text_back("0.0.0.0:0");
    same_text_back("255.255.255.255:65535");
    same_text_back("[::1]:80");
    same_text_back("[::]:1");
    same_text_back("[2001:db8::7]:443");
    same_text_back("[fe80::1%lo]:80");
    same_text_back("unix:/run/app.sock");
    same_text_back("unix:@name");
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        ":",
        "127.0.0.1",
        "127.0.0.1:",
        ":80",
        "127.0.0.1:65536",
        "127.0.0.1:-1",
        "127.0.0.1:+1",
        "127.0.0.1: 80",
        "127.0.0.1:80 ",
        "127.0.0.1:0x50",
        "127.0.0.01:80",
        "127.0.0:80",
        "::1:80",
        "[::1]",
        "[::1]80",
        "[::1:80",
        "::1]:80",
        "[127.0.0.1]:80",
        "[]:80",
        "]:80",
        "[:80",
        "[::1%nosuchinterface]:80",
        "example.com:80",
        "unix:",
        "unix:@",
        "[11111111111111111111111111111111111111111111111111111111111111111111111::]:80",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct gy__addr a;
        if (gy__addr_parse(bad[i], &a) != GY_EINVAL)
            fail_msg("\"%s\" was taken for an address", bad[i]);
    }
}

static void test_localhost(void **state)
{
    (void)state;
    struct gy__addr a;
    char out[GY_ADDRESS_MAX];
    assert_int_equal(gy__addr_parse("localhost:80", &a), 0);
    gy__addr_print(&a, out);
    assert_string_equal(out, "127.0.0.1:80");
}

static void test_host_and_port(void **state)
{
    (void)state;
    struct gy__addr a;
    char out[GY_ADDRESS_MAX];
    assert_int_equal(gy__addr_parse("[::ffff:10.1.2.3]:99", &a), 0);
    gy__addr_host(&a, out);
    assert_string_equal(out, "10.1.2.3");
    gy__addr_print(&a, out);
    assert_string_equal(out, "10.1.2.3:99");
    assert_int_equal(gy__addr_port(&a), 99);
    gy__addr_set_port(&a, 65535);
    assert_int_equal(gy__addr_port(&a), 65535);

    assert_int_equal(gy__addr_unix("/tmp/x", &a), 0);
    gy__addr_host(&a, out);
    assert_string_equal(out, "unix");
    assert_int_equal(gy__addr_port(&a), 0);

    assert_int_equal(gy__addr_ip("::1", 65536, &a), GY_EINVAL);
    assert_int_equal(gy__addr_ip("::1", -1, &a), GY_EINVAL);
}

/* The longest path fits with its "unix:" into GY_ADDRESS_MAX; one more is refused. */
static void test_long_unix_path(void **state)
{
    (void)state;
    struct gy__addr a;
    char path[110], out[GY_ADDRESS_MAX];
    memset(path, 'x', sizeof path);
    path[107] = 0;
    for (int abstract = 0; abstract < 2; abstract++) {
        path[0] = abstract ? '@' : '/';
        assert_int_equal(gy__addr_unix(path, &a), 0);
        gy__addr_print(&a, out);
        assert_memory_equal(out, "unix:", 5);
        assert_string_equal(out + 5, path);
    }
    path[107] = 'x';
    path[108] = 0;
    assert_int_equal(gy__addr_unix(path, &a), -ENAMETOOLONG);
}

static void test_of_a_socket(void **state)
{
    (void)state;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    struct gy__addr a;
    assert_int_equal(gy__addr_ip("127.0.0.1", 0, &a), 0);
    assert_int_equal(bind(fd, &a.any, a.len), 0);

    char out[GY_ADDRESS_MAX];
    assert_int_equal(gy_local_address(fd, out), 0);
    assert_memory_equal(out, "127.0.0.1:", 10);
    assert_true(gy_local_port(fd) > 0);
    assert_int_equal(gy_peer_address(fd, out), -ENOTCONN);
    close(fd);
    assert_int_equal(gy_local_address(fd, out), -EBADF);
    assert_int_equal(gy_local_port(fd), 0);

    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_int_equal(gy_peer_address(pair[0], out), 0);
    assert_string_equal(out, "unix:");
    assert_int_equal(gy_local_port(pair[0]), 0);
    close(pair[0]);
    close(pair[1]);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),     cmocka_unit_test(test_refused),
        cmocka_unit_test(test_localhost),      cmocka_unit_test(test_host_and_port),
        cmocka_unit_test(test_long_unix_path), cmocka_unit_test(test_of_a_socket),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
