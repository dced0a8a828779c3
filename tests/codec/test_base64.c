/* SPDX-License-Identifier: MIT */
/* Base64: the vectors of RFC 4648, all lengths, and what is refused. */
#include "codec/base64.h"
#include "support/sweep.h"

#include <gyre/error.h>

static void vectors(void **state)
{
    (void)state;
    static const char *const pairs[][3] = {
        {"", "", ""},
        {"f", "Zg==", "Zg"},
        {"fo", "Zm8=", "Zm8"},
        {"foo", "Zm9v", "Zm9v"},
        {"foob", "Zm9vYg==", "Zm9vYg"},
        {"fooba", "Zm9vYmE=", "Zm9vYmE"},
        {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
        {"\xfb\xff\xbf", "+/+/", "-_-_"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        for (int kind = 0; kind < 2; kind++) {
            char text[16], bytes[16];
            size_t len = 99;
            size_t n =
                gy__base64_encode(text, pairs[i][0], strlen(pairs[i][0]), (enum gy__base64)kind);
            assert_string_equal(text, pairs[i][1 + kind]);
            assert_int_equal(n, strlen(text));
            assert_true(n <= gy__base64_room(strlen(pairs[i][0])));
            assert_int_equal(gy__base64_decode(bytes, &len, gy_str_of(text), (enum gy__base64)kind),
                             0);
            assert_int_equal(len, strlen(pairs[i][0]));
            assert_memory_equal(bytes, pairs[i][0], len);
        }
    }
}

static void every_length(void **state)
{
    (void)state;
    unsigned char bytes[100], back[104];
    char text[140];
    size_t len;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 37 + 11);
    for (size_t n = 0; n <= sizeof bytes; n++) {
        for (int kind = 0; kind < 2; kind++) {
            gy__base64_encode(text, bytes, n, (enum gy__base64)kind);
            assert_int_equal(gy__base64_decode(back, &len, gy_str_of(text), (enum gy__base64)kind),
                             0);
            assert_int_equal(len, n);
            assert_memory_equal(back, bytes, n);
        }
    }
}

static int decode(const char *text, enum gy__base64 kind)
{
    char out[32];
    size_t len;
    return gy__base64_decode(out, &len, gy_str_of(text), kind);
}

static void what_is_refused(void **state)
{
    (void)state;
    const char *const never[] = {
        "Z",    "Zg=",   "=",     "====", "Z===", "Zg==Zg==", "Zg =",       "Zm9v\n", "Zm=v",
        "=Zm9", "Zm9v=", "Zm9vZ", "Zh==", "Zm9=", "Zm9v====", "\xc3\xa4==", "Zm9!"};
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++) {
        assert_int_equal(decode(never[i], GY__BASE64), GY_EINVAL);
        assert_int_equal(decode(never[i], GY__BASE64_URL), GY_EINVAL);
    }
    assert_int_equal(decode("Zg", GY__BASE64), GY_EINVAL);
    assert_int_equal(decode("Zg==", GY__BASE64_URL), 0);
    assert_int_equal(decode("Zh", GY__BASE64_URL), GY_EINVAL);
    assert_int_equal(decode("-_-_", GY__BASE64), GY_EINVAL);
    assert_int_equal(decode("+/+/", GY__BASE64_URL), GY_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors),
        cmocka_unit_test(every_length),
        cmocka_unit_test(what_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
