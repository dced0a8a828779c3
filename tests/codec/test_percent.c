/* SPDX-License-Identifier: MIT */
/* Percent-encoding there and back. */
#include "codec/percent.h"
#include "support/sweep.h"

static void check_decode(const char *text, enum gy__percent kind, const char *expected,
                         size_t expected_len, bool expected_malformed)
{
    gy_arena a = {0};
    bool malformed = false;
    gy_str s = gy__percent_decoded(&a, gy_str_of(text), kind, &malformed);
    assert_int_equal(s.len, expected_len);
    assert_memory_equal(s.ptr, expected, expected_len + 1);
    assert_int_equal(malformed, expected_malformed);
    gy_arena_done(&a);
}

static void decodes(void **state)
{
    (void)state;
    check_decode("", GY__PERCENT_PATH, "", 0, false);
    check_decode("plain", GY__PERCENT_PATH, "plain", 5, false);
    check_decode("a%20b%2Fc%2f", GY__PERCENT_PATH, "a b/c/", 6, false);
    check_decode("a+b%2B", GY__PERCENT_PATH, "a+b+", 4, false);
    check_decode("a+b%2B+", GY__PERCENT_FORM, "a b+ ", 5, false);
    check_decode("%00x", GY__PERCENT_FORM, "\0x", 2, false);
    check_decode("%2541", GY__PERCENT_FORM, "%41", 3, false); /* once and not twice */
}

static void keeps_what_is_malformed(void **state)
{
    (void)state;
    check_decode("%", GY__PERCENT_FORM, "%", 1, true);
    check_decode("%4", GY__PERCENT_FORM, "%4", 2, true);
    check_decode("%g1%41", GY__PERCENT_FORM, "%g1A", 4, true);
    check_decode("%1g", GY__PERCENT_FORM, "%1g", 3, true);
    check_decode("%%41", GY__PERCENT_FORM, "%A", 2, true);
    check_decode("100%+x", GY__PERCENT_FORM, "100% x", 6, true);
    check_decode("%u0041", GY__PERCENT_FORM, "%u0041", 6, true);
}

static void decodes_in_place(void **state)
{
    (void)state;
    char text[] = "a%20b...";
    bool malformed = false;
    assert_int_equal(gy__percent_decode(text, 5, GY__PERCENT_PATH, &malformed), 3);
    assert_memory_equal(text, "a b\0b...", 8);
    /* The byte behind is not ours when nothing shrinks. */
    assert_int_equal(gy__percent_decode(text, 1, GY__PERCENT_PATH, &malformed), 1);
    assert_int_equal(text[1], ' ');
    assert_false(malformed);
}

static void check_encode(const char *text, enum gy__percent kind, const char *expected)
{
    struct gy__buf b;
    gy_arena a = {0};
    gy__buf_init(&b, 1000);
    assert_int_equal(gy__buf_add(&b, "=", 1), 0);
    assert_int_equal(gy__percent_encode(&b, gy_str_of(text), kind), 0);
    assert_string_equal(b.data + 1, expected);
    gy_str s = gy__percent_encoded(&a, gy_str_of(text), kind);
    assert_string_equal(s.ptr, expected);
    assert_int_equal(s.len, strlen(expected));
    gy__buf_done(&b);
    gy_arena_done(&a);
}

static void encodes(void **state)
{
    (void)state;
    check_encode("", GY__PERCENT_COMPONENT, "");
    check_encode("AZaz09-._~", GY__PERCENT_COMPONENT, "AZaz09-._~");
    check_encode("a b/c?d=e&f+g%", GY__PERCENT_COMPONENT, "a%20b%2Fc%3Fd%3De%26f%2Bg%25");
    check_encode("a b/c?d#\"<\x7f", GY__PERCENT_PATH, "a%20b/c%3Fd%23%22%3C%7F");
    check_encode("!$&'()*+,;=:@", GY__PERCENT_PATH, "!$&'()*+,;=:@");
    check_encode("a b+c~*-._", GY__PERCENT_FORM, "a+b%2Bc%7E*-._");
    check_encode("\xe2\x82\xac", GY__PERCENT_FORM, "%E2%82%AC");
}

static void there_and_back(void **state)
{
    (void)state;
    char bytes[256];
    for (int i = 0; i < 256; i++)
        bytes[i] = (char)i;
    for (int kind = 0; kind < 3; kind++) {
        gy_arena a = {0};
        bool malformed = false;
        gy_str s = gy__percent_encoded(&a, gy_str_n(bytes, 256), (enum gy__percent)kind);
        for (size_t i = 0; i < s.len; i++)
            assert_true(s.ptr[i] > ' ' && s.ptr[i] < 0x7f);
        s = gy__percent_decoded(&a, s, (enum gy__percent)kind, &malformed);
        assert_int_equal(s.len, 256);
        assert_memory_equal(s.ptr, bytes, 256);
        assert_false(malformed);
        gy_arena_done(&a);
    }
}

static int use_it_all(void *arg)
{
    (void)arg;
    gy_arena a = {0};
    struct gy__buf b;
    bool malformed;
    gy__buf_init(&b, 1000);
    int e = gy__percent_encode(&b, gy_str_of("a b"), GY__PERCENT_PATH);
    if (!e && !(gy__percent_decoded(&a, gy_str_of("%41"), GY__PERCENT_FORM, &malformed).ptr &&
                gy__percent_encoded(&a, gy_str_of("a b"), GY__PERCENT_FORM).ptr))
        e = GY_ENOMEM;
    gy__buf_done(&b);
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
        cmocka_unit_test(decodes),          cmocka_unit_test(keeps_what_is_malformed),
        cmocka_unit_test(decodes_in_place), cmocka_unit_test(encodes),
        cmocka_unit_test(there_and_back),   cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
