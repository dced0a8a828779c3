/* SPDX-License-Identifier: MIT */
/* Networks and addresses. */
#include "codec/cidr.h"
#include "support/sweep.h"

#include <gyre/error.h>

static bool has(const char *net, const char *address)
{
    struct gy__cidr n;
    struct gy__ip ip;
    assert_int_equal(gy__cidr_parse(gy_str_of(net), &n), 0);
    assert_int_equal(gy__ip_parse(gy_str_of(address), &ip), 0);
    return gy__cidr_has(&n, &ip);
}

static void matches(void **state)
{
    (void)state;
    assert_true(has("10.0.0.0/8", "10.255.255.255"));
    assert_false(has("10.0.0.0/8", "11.0.0.0"));
    assert_true(has("127.0.0.1", "127.0.0.1"));
    assert_false(has("127.0.0.1", "127.0.0.2"));
    assert_true(has("127.0.0.1", "::ffff:127.0.0.1"));
    assert_true(has("::ffff:10.0.0.0/104", "10.1.2.3"));
    assert_true(has("0.0.0.0/0", "255.255.255.255"));
    assert_false(has("0.0.0.0/0", "::1"));
    assert_true(has("::/0", "1.2.3.4"));
    assert_true(has("::1", "::1"));
    assert_true(has("fd00::/8", "fdff::1"));
    assert_false(has("fd00::/8", "fe00::1"));
    assert_true(has("fe80::/10", "febf::1"));
    assert_false(has("fe80::/10", "fec0::1"));
    assert_true(has("192.168.4.0/22", "192.168.7.255"));
    assert_false(has("192.168.4.0/22", "192.168.8.0"));
    assert_true(has("1.2.3.4/32", "1.2.3.4"));
    assert_false(has("1.2.3.4/31", "1.2.3.6"));
    assert_true(has("1:2:3:4:5:6:7:8/128", "1:2:3:4:5:6:7:8"));
}

static void what_is_no_network(void **state)
{
    (void)state;
    struct gy__cidr n;
    const char *const bad[] = {"",
                               "/",
                               "/8",
                               "10.0.0.0/",
                               "10.0.0.0/33",
                               "::/129",
                               "10.0.0/8",
                               "10.0.0.0/08",
                               "10.0.0.0/-1",
                               "10.0.0.0/+8",
                               "10.0.0.1/8",
                               "fd01::/8",
                               "10.0.0.0/8/8",
                               " 10.0.0.0",
                               "010.0.0.0",
                               "[::1]",
                               "fe80::1%lo",
                               "1.2.3.4:80",
                               "localhost",
                               "1.2.3.4/8x",
                               "256.0.0.0",
                               "0x7f.0.0.1",
                               "1",
                               "12345::",
                               ":::",
                               "1111:2222:3333:4444:5555:6666:7777:8888:9999"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (gy__cidr_parse(gy_str_of(bad[i]), &n) != GY_EINVAL)
            fail_msg("taken: %s", bad[i]);
    }
    assert_int_equal(gy__cidr_parse(gy_str_n("1.2.3.4\0x", 9), &n), GY_EINVAL);
    assert_int_equal(gy__cidr_parse(gy_str_n(NULL, 0), &n), GY_EINVAL);
    assert_int_equal(gy__cidr_parse(gy_str_n("1.2.3.45", 7), &n), 0);
    assert_int_equal(n.base.bytes[15], 4);
}

/* Each prefix length against an address that differs in one bit. */
static void every_bit(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits <= 128; bits++) {
        for (unsigned differs = 0; differs < 128; differs++) {
            struct gy__cidr n = {.bits = bits};
            struct gy__ip ip = {{0}};
            ip.bytes[differs / 8] = (unsigned char)(0x80 >> differs % 8);
            assert_int_equal(gy__cidr_has(&n, &ip), differs >= bits);
        }
    }
}

static void lists(void **state)
{
    (void)state;
    gy_arena a = {0};
    struct gy__cidrs nets;
    struct gy__ip ip;
    assert_int_equal(gy__cidrs_parse(&a, gy_str_of(" 127.0.0.1 ,\t::1, 10.0.0.0/8"), &nets), 0);
    assert_int_equal(nets.len, 3);
    assert_int_equal(gy__ip_parse(gy_str_of("10.9.9.9"), &ip), 0);
    assert_true(gy__cidrs_have(&nets, &ip));
    assert_int_equal(gy__ip_parse(gy_str_of("11.9.9.9"), &ip), 0);
    assert_false(gy__cidrs_have(&nets, &ip));
    assert_int_equal(gy__cidrs_parse(&a, gy_str_of("*"), &nets), 0);
    assert_true(gy__cidrs_have(&nets, &ip));
    assert_int_equal(gy__cidrs_parse(&a, gy_str_of("  "), &nets), 0);
    assert_false(gy__cidrs_have(&nets, &ip));
    assert_int_equal(gy__cidrs_parse(&a, gy_str_n(NULL, 0), &nets), 0);
    assert_int_equal(nets.len, 0);
    assert_int_equal(gy__cidrs_parse(&a, gy_str_of("::1,"), &nets), GY_EINVAL);
    assert_int_equal(gy__cidrs_parse(&a, gy_str_of("::1 127.0.0.1"), &nets), GY_EINVAL);
    assert_int_equal(gy__cidrs_parse(&a, gy_str_of("**"), &nets), GY_EINVAL);
    gy_arena_done(&a);
}

static int use_it_all(void *arg)
{
    (void)arg;
    gy_arena a = {0};
    struct gy__cidrs nets;
    int e = gy__cidrs_parse(&a, gy_str_of("::1"), &nets);
    gy_arena_done(&a);
    return e;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    sweep_allocations(use_it_all, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches),
        cmocka_unit_test(what_is_no_network),
        cmocka_unit_test(every_bit),
        cmocka_unit_test(lists),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
