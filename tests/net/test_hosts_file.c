/* SPDX-License-Identifier: MIT */
/* test_hosts_file.c - the lines of /etc/hosts, and what can be the name of a host. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "net/host_name.h"
#include "net/hosts_file.h"

struct seen {
    char text[1000];
    int stop_after; /* 0: never */
};

static int note(void *arg, const struct gy__inet *ip, const char *name)
{
    struct seen *s = arg;
    char host[INET6_ADDRSTRLEN];
    size_t len = strlen(s->text);
    inet_ntop(ip->family, ip->bytes, host, sizeof host);
    snprintf(s->text + len, sizeof s->text - len, "%s=%s ", name, host);
    return s->stop_after && --s->stop_after == 0 ? -7 : 0;
}

static void gives(const char *file, const char *expected)
{
    struct seen s = {.stop_after = 0};
    assert_int_equal(gy__hosts_parse(gy_str_of(file), note, &s), 0);
    assert_string_equal(s.text, expected);
}

static void test_lines(void **state)
{
    (void)state;
    gives("", "");
    gives("127.0.0.1 a", "a=127.0.0.1 ");
    gives("127.0.0.1\ta b\tc  \n::1 a\n", "a=127.0.0.1 b=127.0.0.1 c=127.0.0.1 a=::1 ");
    gives("  10.0.0.1 Big.Example. # and small\r\n\n#10.0.0.2 no\n", "big.example=10.0.0.1 ");
    gives("10.0.0.1 a#b c\n", "a=10.0.0.1 ");
    gives("10.0.0.1\n10.0.0.2 \n", "");
}

static void test_what_is_passed_over(void **state)
{
    (void)state;
    gives("10.0.0 a\n10.0.0.1 b\n", "b=10.0.0.1 ");
    gives("name 10.0.0.1\n", "");
    gives("10.0.0.1 a..b ok 1.2.3.4 -.- a/b\n", "ok=10.0.0.1 -.-=10.0.0.1 ");
    gives("fe80::1%nosuchinterface a\n::1 b\n", "b=::1 ");
    static const char nul[] = "10.0.0.1\0x a\n10.0.0.2 b\0c d\n";
    struct seen s = {.stop_after = 0};
    assert_int_equal(gy__hosts_parse(gy_str_n(nul, sizeof nul - 1), note, &s), 0);
    assert_string_equal(s.text, "d=10.0.0.2 ");
}

static void test_long_words(void **state)
{
    (void)state;
    char line[1200] = "10.0.0.1 ";
    memset(line + 9, 'x', 1000);
    strcpy(line + 1009, " a\n");
    gives(line, "a=10.0.0.1 ");
    memset(line, '1', 1000);
    line[1000] = ' ';
    gives(line, "");
}

static void test_the_end(void **state)
{
    (void)state;
    struct seen s = {.stop_after = 2};
    assert_int_equal(gy__hosts_parse((gy_str)GY_STR("10.0.0.1 a b c\n"), note, &s), -7);
    assert_string_equal(s.text, "a=10.0.0.1 b=10.0.0.1 ");
}

static void valid(const char *name, bool expected)
{
    if (gy__host_name_valid(gy_str_of(name)) != expected)
        fail_msg("\"%s\" was taken for %s name", name, expected ? "no" : "a");
}

static void test_names(void **state)
{
    (void)state;
    static const char *const good[] = {"a",
                                       "a.b",
                                       "A-1.example.",
                                       "_srv._tcp.example",
                                       "3com.example",
                                       "1a",
                                       "xn--bcher-kva.example",
                                       "0x.a"};
    static const char *const bad[] = {
        "",      ".",          "..",         "a..b", ".a",     "a..",       "a b",
        "a\tb",  "a\nb",       "a%b",        "a:1",  "[::1]",  "a/b",       "b\xc3\xbczzz",
        "127.1", "2130706433", "0x7f000001", "0x",   "a.0X1f", "10.0.0.08", "10.0.0.1.",
        "a.1",   "\x7f"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        valid(good[i], true);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        valid(bad[i], false);
    assert_false(gy__host_name_valid((gy_str)GY_STR("a\0b")));
}

static void test_length_of_names(void **state)
{
    (void)state;
    char name[300];
    memset(name, 'a', sizeof name);
    assert_true(gy__host_name_valid(gy_str_n(name, 63)));
    assert_false(gy__host_name_valid(gy_str_n(name, 64)));
    for (size_t i = 63; i < sizeof name; i += 64)
        name[i] = '.';
    assert_true(gy__host_name_valid(gy_str_n(name, 253)));
    assert_false(gy__host_name_valid(gy_str_n(name, 254)));
    name[253] = '.';
    assert_true(gy__host_name_valid(gy_str_n(name, 254)));
    char plain[GY__HOST_ROOM];
    gy__host_name_plain(gy_str_n(name, 254), plain);
    assert_int_equal(strlen(plain), 253);
}

static void test_local_names(void **state)
{
    (void)state;
    assert_true(gy__host_name_is_local("localhost"));
    assert_true(gy__host_name_is_local("app.localhost"));
    assert_false(gy__host_name_is_local("notlocalhost"));
    assert_false(gy__host_name_is_local("localhost.example"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),       cmocka_unit_test(test_what_is_passed_over),
        cmocka_unit_test(test_long_words),  cmocka_unit_test(test_the_end),
        cmocka_unit_test(test_names),       cmocka_unit_test(test_length_of_names),
        cmocka_unit_test(test_local_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
