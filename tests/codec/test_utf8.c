/* SPDX-License-Identifier: MIT */
/* Is it UTF-8? Every code point, every wrong start. */
#include "codec/utf8.h"
#include "support/sweep.h"

#include <stdint.h>
#include <string.h>

static size_t encode(char *p, uint32_t c)
{
    if (c < 0x80) {
        p[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        p[0] = (char)(0xc0 | c >> 6);
        p[1] = (char)(0x80 | (c & 63));
        return 2;
    }
    if (c < 0x10000) {
        p[0] = (char)(0xe0 | c >> 12);
        p[1] = (char)(0x80 | (c >> 6 & 63));
        p[2] = (char)(0x80 | (c & 63));
        return 3;
    }
    p[0] = (char)(0xf0 | c >> 18);
    p[1] = (char)(0x80 | (c >> 12 & 63));
    p[2] = (char)(0x80 | (c >> 6 & 63));
    p[3] = (char)(0x80 | (c & 63));
    return 4;
}

static void every_code_point(void **state)
{
    (void)state;
    char p[4];
    for (uint32_t c = 0; c < 0x120000; c++) {
        size_t n = encode(p, c);
        bool expected = !(c >= 0xd800 && c <= 0xdfff) && c <= 0x10ffff;
        if (gy__utf8_valid(p, n) != expected)
            fail_msg("U+%04X", (unsigned)c);
        for (size_t cut = 1; cut < n; cut++)
            assert_false(gy__utf8_valid(p, cut));
    }
}

/* All that two bytes can be, after another way of telling. */
static void every_pair_of_bytes(void **state)
{
    (void)state;
    for (unsigned a = 0; a < 256; a++) {
        for (unsigned b = 0; b < 256; b++) {
            char p[2] = {(char)a, (char)b};
            bool expected = (a < 0x80 && b < 0x80) || (a >= 0xc2 && a <= 0xdf && b >> 6 == 2);
            assert_int_equal(gy__utf8_valid(p, 2), expected);
        }
    }
}

static void what_is_malformed(void **state)
{
    (void)state;
    const char *const bad[] = {
        "\xc0\x80",
        "\xc1\xbf",
        "\xe0\x80\x80",
        "\xe0\x9f\xbf",
        "\xf0\x80\x80\x80",
        "\xf0\x8f\xbf\xbf",
        "\xed\xa0\x80",
        "\xed\xbf\xbf",
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xf8\x88\x80\x80",
        "\xfe",
        "\xff",
        "\x80",
        "\xe2\x28\xa1",
        "\xe2\x82\x28",
        "\xf0\x28\x8c\xbc",
        "\xf0\x90\x28\xbc",
        "\xf0\x90\x8c\x28",
        "abc\xc3",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(gy__utf8_valid(bad[i], strlen(bad[i])));
}

/* A bad byte is found wherever it stands among the steps of the fast path. */
static void at_every_place(void **state)
{
    (void)state;
    char text[80];
    for (size_t len = 0; len <= sizeof text; len++) {
        memset(text, 'a', sizeof text);
        assert_true(gy__utf8_valid(text, len));
        assert_int_equal(gy__utf8_ascii(text, len), len);
        for (size_t at = 0; at < len; at++) {
            text[at] = '\xff';
            assert_false(gy__utf8_valid(text, len));
            assert_int_equal(gy__utf8_ascii(text, len), at);
            if (at + 1 < len) {
                memcpy(text + at, "\xc3\xa4", 2);
                assert_true(gy__utf8_valid(text, len));
                text[at + 1] = 'a';
            }
            text[at] = 'a';
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_point),
        cmocka_unit_test(every_pair_of_bytes),
        cmocka_unit_test(what_is_malformed),
        cmocka_unit_test(at_every_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
