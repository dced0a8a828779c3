/* SPDX-License-Identifier: MIT */
/* Hexadecimal there and back. */
#include "codec/hex.h"
#include "support/sweep.h"

#include <gyre/error.h>

static void values(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        const char *all = "0123456789abcdefABCDEF";
        const char *found = c ? strchr(all, c) : NULL;
        int expected = !found ? -1 : found - all < 16 ? (int)(found - all) : (int)(found - all) - 6;
        assert_int_equal(gy__hex_value((char)c), expected);
    }
}

static void there_and_back(void **state)
{
    (void)state;
    unsigned char bytes[256], back[256];
    char text[513];
    for (int i = 0; i < 256; i++)
        bytes[i] = (unsigned char)i;
    gy__hex_encode(text, bytes, sizeof bytes);
    assert_memory_equal(text, "000102", 6);
    assert_string_equal(text + 508, "feff");
    assert_int_equal(gy__hex_decode(back, gy_str_of(text)), 0);
    assert_memory_equal(back, bytes, sizeof bytes);
    gy__hex_encode(text, bytes, 0);
    assert_string_equal(text, "");
    assert_int_equal(gy__hex_decode(back, gy_str_of("fF")), 0);
    assert_int_equal(back[0], 0xff);
    assert_int_equal(gy__hex_decode(back, gy_str_n(NULL, 0)), 0);
}

static void malformed(void **state)
{
    (void)state;
    unsigned char out[4];
    assert_int_equal(gy__hex_decode(out, gy_str_of("0")), GY_EINVAL);
    assert_int_equal(gy__hex_decode(out, gy_str_of("0g")), GY_EINVAL);
    assert_int_equal(gy__hex_decode(out, gy_str_of("g0")), GY_EINVAL);
    assert_int_equal(gy__hex_decode(out, gy_str_of("0x00")), GY_EINVAL);
    assert_int_equal(gy__hex_decode(out, gy_str_of(" 00")), GY_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values),
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(malformed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
