/* SPDX-License-Identifier: MIT */
/* The header that a proxy puts before a connection. */
#include "codec/proxied.h"
#include "support/sweep.h"

#include <arpa/inet.h>
#include <gyre/error.h>
#include <string.h>

/* What [len] bytes make, however few of them come at first. */
static long parse(const char *data, size_t len, struct gy__proxied *out)
{
    long n = gy__proxied_parse(data, len, out);
    for (size_t few = 0; n > 0 && few < (size_t)n; few++) {
        struct gy__proxied cut;
        assert_int_equal(gy__proxied_parse(data, few, &cut), 0);
    }
    return n;
}

static void assert_ip(const struct gy__ip *ip, const char *want)
{
    char text[INET6_ADDRSTRLEN];
    inet_ntop(AF_INET6, ip->bytes, text, sizeof text);
    assert_string_equal(text, want);
}

static void lines_of_text(void **state)
{
    (void)state;
    struct gy__proxied p;
    const char four[] = "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\nGET /";
    assert_int_equal(parse(four, sizeof four - 1, &p), (long)sizeof four - 6);
    assert_int_equal(p.family, GY__PROXIED_IP4);
    assert_ip(&p.source.ip, "::ffff:192.0.2.1");
    assert_ip(&p.destination.ip, "::ffff:198.51.100.7");
    assert_int_equal(p.source.port, 56324);
    assert_int_equal(p.destination.port, 443);

    const char six[] = "PROXY TCP6 2001:db8::1 ::1 0 65535\r\n";
    assert_int_equal(parse(six, sizeof six - 1, &p), (long)sizeof six - 1);
    assert_int_equal(p.family, GY__PROXIED_IP6);
    assert_ip(&p.source.ip, "2001:db8::1");
    assert_int_equal(p.destination.port, 65535);

    const char none[] = "PROXY UNKNOWN\r\n", some[] = "PROXY UNKNOWN ffff:f...f:ffff 1 2 3\r\n";
    assert_int_equal(parse(none, sizeof none - 1, &p), (long)sizeof none - 1);
    assert_int_equal(p.family, GY__PROXIED_LOCAL);
    assert_int_equal(parse(some, sizeof some - 1, &p), (long)sizeof some - 1);
}

static void what_is_no_line(void **state)
{
    (void)state;
    struct gy__proxied p;
    char longest[120] = "PROXY UNKNOWN ";
    const char *const bad[] = {
        "GET / HTTP/1.1\r\n",
        "PROXX TCP4",
        "PROXY\r\n",
        "PROXY \r\n",
        "PROXY TCP4\r\n",
        "PROXY TCP5 1.2.3.4 1.2.3.4 1 2\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 2 \r\n",
        "PROXY TCP4  1.2.3.4 1.2.3.4 1 2\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 -1 2\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 123456\r\n",
        "PROXY TCP4 1.2.3 1.2.3.4 1 2\r\n",
        "PROXY TCP4 ::1 ::1 1 2\r\n",
        "PROXY TCP6 1.2.3.4 ::1 1 2\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n",
        "proxy TCP4 1.2.3.4 1.2.3.4 1 2\r\n",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (gy__proxied_parse(bad[i], strlen(bad[i]), &p) != GY_EPROTO)
            fail_msg("accepted: %s", bad[i]);
    memset(longest + 14, 'x', 91);
    memcpy(longest + 105, "\r\n", 2);
    assert_int_equal(gy__proxied_parse(longest, 107, &p), 107);
    memset(longest + 14, 'x', 100);
    assert_int_equal(gy__proxied_parse(longest, 106, &p), 0);
    assert_int_equal(gy__proxied_parse(longest, 107, &p), GY_EPROTO);
}

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"

static void binary(void **state)
{
    (void)state;
    struct gy__proxied p;
    const char four[] = SIGNATURE "\x21\x11\0\x0c\x0a\0\0\1\x0a\0\0\2\x12\x34\0\x50rest";
    assert_int_equal(parse(four, sizeof four - 1, &p), 28);
    assert_int_equal(p.family, GY__PROXIED_IP4);
    assert_ip(&p.source.ip, "::ffff:10.0.0.1");
    assert_ip(&p.destination.ip, "::ffff:10.0.0.2");
    assert_int_equal(p.source.port, 0x1234);
    assert_int_equal(p.destination.port, 80);

    char six[16 + 36 + 3 + 2] = SIGNATURE "\x21\x21\0\x29";
    six[16 + 15] = 1;
    six[16 + 31] = 2;
    six[16 + 33] = 3;
    memcpy(six + 52, "\x04\0\2xy", 5); /* a type to pass over */
    assert_int_equal(parse(six, sizeof six, &p), (long)sizeof six);
    assert_int_equal(p.family, GY__PROXIED_IP6);
    assert_ip(&p.source.ip, "::1");
    assert_ip(&p.destination.ip, "::2");
    assert_int_equal(p.source.port, 3);

    char local[16 + 216] = SIGNATURE "\x21\x31\0\xd8";
    memcpy(local + 16, "/run/a", 6);
    memcpy(local + 16 + 108, "\0name", 5);
    assert_int_equal(parse(local, sizeof local, &p), (long)sizeof local);
    assert_int_equal(p.family, GY__PROXIED_UNIX);
    assert_true(gy_str_eq(p.source.path, gy_str_of("/run/a")));
    assert_int_equal(p.destination.path.len, 5);
}

static void whom_the_proxy_says_nothing_about(void **state)
{
    (void)state;
    struct gy__proxied p;
    const char itself[] = SIGNATURE "\x20\x11\0\x02??";
    const char unspec[] = SIGNATURE "\x21\0\0\0";
    const char datagram[] = SIGNATURE "\x21\x12\0\x0c\x0a\0\0\1\x0a\0\0\2\x12\x34\0\x50";
    assert_int_equal(parse(itself, sizeof itself - 1, &p), 18);
    assert_int_equal(p.family, GY__PROXIED_LOCAL);
    assert_int_equal(parse(unspec, sizeof unspec - 1, &p), 16);
    assert_int_equal(p.family, GY__PROXIED_LOCAL);
    assert_int_equal(parse(datagram, sizeof datagram - 1, &p), 28);
    assert_int_equal(p.family, GY__PROXIED_LOCAL);
}

static void what_is_no_binary_header(void **state)
{
    (void)state;
    struct gy__proxied p;
    static const struct {
        const char *data;
        size_t len;
    } bad[] = {
#define ROW(text_) {text_, sizeof text_ - 1}
        ROW("\r\n\r\n\0\r\nQUIX\n"),
        ROW(SIGNATURE "\x11\x11\0\x0c"),            /* version 1 */
        ROW(SIGNATURE "\x22\x11\0\x0c"),            /* a command that there is not */
        ROW(SIGNATURE "\x21\x11\xff\xff"),          /* longer than we take */
        ROW(SIGNATURE "\x21\x11\0\x0b___________"), /* shorter than two addresses */
        ROW(SIGNATURE "\x21\x21\0\x0c____________"),
        ROW(SIGNATURE "\x21\x31\0\x0c____________"),
        ROW(SIGNATURE "\x21\x11\0\x0e____________\4\0"),           /* half a type */
        ROW(SIGNATURE "\x21\x11\0\x10____________\4\0\2x"),        /* a type that is cut */
        ROW(SIGNATURE "\x21\x11\0\x12____________\3\0\3abc"),      /* no checksum */
        ROW(SIGNATURE "\x21\x11\0\x13____________\3\0\4\1\2\3\4"), /* a wrong one */
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (gy__proxied_parse(bad[i].data, bad[i].len, &p) != GY_EPROTO)
            fail_msg("accepted: number %zu", i);
}

/* CRC-32C of "123456789" is e3069283: the sum that the tests below compute is that of the standard. */
static uint32_t sum(const unsigned char *p, size_t n)
{
    uint32_t crc = ~0U;
    while (n--) {
        crc ^= *p++;
        for (int i = 0; i < 8; i++)
            crc = (crc >> 1) ^ (0x82f63b78U & (0U - (crc & 1U)));
    }
    return ~crc;
}

static void checksums(void **state)
{
    (void)state;
    struct gy__proxied p;
    unsigned char data[] = SIGNATURE "\x21\x11\0\x13\x0a\0\0\1\x0a\0\0\2\x12\x34\0\x50\3\0\4\0\0\0";
    assert_int_equal(sum((const unsigned char *)"123456789", 9), 0xe3069283U);
    uint32_t crc = sum(data, sizeof data);
    for (int i = 0; i < 4; i++)
        data[31 + i] = (unsigned char)(crc >> (24 - 8 * i));
    assert_int_equal(parse((char *)data, sizeof data, &p), (long)sizeof data);
    data[20] ^= 1;
    assert_int_equal(gy__proxied_parse((char *)data, sizeof data, &p), GY_EPROTO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_of_text),
        cmocka_unit_test(what_is_no_line),
        cmocka_unit_test(binary),
        cmocka_unit_test(whom_the_proxy_says_nothing_about),
        cmocka_unit_test(what_is_no_binary_header),
        cmocka_unit_test(checksums),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
