/* SPDX-License-Identifier: MIT */
/* Content-Disposition fields. */
#include "codec/disposition.h"
#include "support/sweep.h"

#include <gyre/error.h>
#include <stdio.h>

#define COUNT(table_) (sizeof(table_) / sizeof(table_)[0])

static void reading(void **state)
{
    (void)state;
    /* Written as "type|name|filename". */
    static const char *cases[][2] = {
        {"inline", "inline|-|-"},
        {" ATTACHMENT ;", "attachment|-|-"},
        {"attachment; filename=a.txt", "attachment|-|a.txt"},
        {"attachment;FileName = \"a b\\\"c\\\\d\" ; x=y", "attachment|-|a b\"c\\d"},
        {"form-data; name=\"n\"; filename=\"\"", "form-data|n|"},
        {"attachment; filename=\"\xc3\xa4\"", "attachment|-|\xc3\xa4"},
        {"attachment; filename=\"\xe4\"", "attachment|-|\xc3\xa4"},
        {"attachment; filename=\"%41;x=y\"", "attachment|-|%41;x=y"},
        {"attachment; filename=a; filename*=UTF-8''%e2%82%ac%20x", "attachment|-|\xe2\x82\xac x"},
        {"attachment; filename*=utf-8'en'b; filename=a", "attachment|-|b"},
        {"attachment; filename*=ISO-8859-1''%e4; filename=a", "attachment|-|\xc3\xa4"},
        {"attachment; filename*=UTF-8''%e4; filename=a", "attachment|-|a"},
        {"attachment; filename*=UTF-8''%zz; filename=a", "attachment|-|a"},
        {"attachment; filename*=UTF-7''b; filename=a", "attachment|-|a"},
        {"attachment; filename*=b; filename=a", "attachment|-|a"},
        {"attachment; filename*=UTF-8'b; filename=a", "attachment|-|a"},
        {"attachment; filename*0=\"a b\"; filename*1=c; filename=d", "attachment|-|a bc"},
        {"attachment; filename*0*=UTF-8''%c3; filename*1*=%a4; filename*2=%41",
         "attachment|-|\xc3\xa4%41"},
        {"attachment; filename*0*=iso-8859-1''%c3; filename*1=x", "attachment|-|\xc3\x83x"},
        {"attachment; filename*1=b; filename*0=a; filename=c", "attachment|-|c"},
        {"attachment; filename*0=a; filename*2=b; filename=c", "attachment|-|c"},
        {"attachment; filename*00=a; filename=c", "attachment|-|c"},
        {"attachment; filename*0=a; filename*1*=b; filename=c", "attachment|-|c"},
        {"attachment; filename*0=a; filename*=UTF-8''b", "attachment|-|b"},
        {"attachment; filename*x=a; filenames=b", "attachment|-|-"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        gy_arena a = {0};
        struct gy__disposition d;
        char seen[200];
        if (gy__disposition_parse(&a, gy_str_of(cases[i][0]), &d))
            fail_msg("refused: %s", cases[i][0]);
        snprintf(seen, sizeof seen, "%s|%s|%s", d.type.ptr, d.name.ptr ? d.name.ptr : "-",
                 d.filename.ptr ? d.filename.ptr : "-");
        assert_string_equal(seen, cases[i][1]);
        gy_arena_done(&a);
    }
}

static void what_is_malformed(void **state)
{
    (void)state;
    static const char *bad[] = {"",
                                ";",
                                "; filename=a",
                                "\"attachment\"",
                                "a b",
                                "a, b",
                                "a=b; c=d",
                                "a; filename",
                                "a; filename=",
                                "a; filename=\"x",
                                "a; filename=\"x\\\"",
                                "a; filename=a; filename=b",
                                "a; name=a; name=b",
                                "a; =b",
                                "a; b=c d",
                                "a; b=\"c\"d",
                                "a; b=\"c\x01\"",
                                "a; filename=a/b",
                                "a; filename*=UTF-8''a; filename*=UTF-8''b",
                                "a; filename=a,b"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        gy_arena a = {0};
        struct gy__disposition d;
        if (gy__disposition_parse(&a, gy_str_of(bad[i]), &d) != GY_EPROTO)
            fail_msg("taken: %s", bad[i]);
        gy_arena_done(&a);
    }
}

static void bases(void **state)
{
    (void)state;
    static const char *cases[][2] = {{"a.txt", "a.txt"},
                                     {"/etc/passwd", "passwd"},
                                     {"..\\..\\x", "x"},
                                     {"a/", ""},
                                     {"", ""},
                                     {".", ""},
                                     {"x/..", ""},
                                     {"...", "..."},
                                     {"a\nb", ""},
                                     {"\x7f/b", "b"},
                                     {"C:\\a/b\\c", "c"},
                                     {".profile", ".profile"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        gy_str base = gy__disposition_base(gy_str_of(cases[i][0]));
        if (!gy_str_eq(base, gy_str_of(cases[i][1])))
            fail_msg("not as expected: %s", cases[i][0]);
    }
}

static void writing(void **state)
{
    (void)state;
    static const char *cases[][2] = {
        {"a b.txt", "attachment; filename=\"a b.txt\""},
        {"", "attachment; filename=\"\""},
        {"a\"b\\c%41", "attachment; filename=\"a_b_c_41\"; filename*=UTF-8''a%22b%5Cc%2541"},
        {"\xe2\x82\xac.txt", "attachment; filename=\"_.txt\"; filename*=UTF-8''%E2%82%AC.txt"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        gy_arena a = {0};
        struct gy__disposition d;
        struct gy__buf b;
        gy__buf_init(&b, 1000);
        assert_int_equal(gy__disposition_write(&b, "attachment", gy_str_of(cases[i][0])), 0);
        assert_string_equal(b.data, cases[i][1]);
        assert_int_equal(gy__disposition_parse(&a, gy__buf_str(&b), &d), 0);
        assert_string_equal(d.filename.ptr, cases[i][0]);
        gy__buf_done(&b);
        gy_arena_done(&a);
    }
    struct gy__buf b;
    gy__buf_init(&b, 30);
    assert_int_equal(gy__disposition_write(&b, "attachment", gy_str_of("a\r\nb")), GY_EINVAL);
    assert_int_equal(gy__disposition_write(&b, "attachment", gy_str_of("\xff")), GY_EINVAL);
    assert_int_equal(gy__disposition_write(&b, "attachment", gy_str_of("\xc3\xa4")), GY_ETOOBIG);
    assert_int_equal(b.len, 0);
    gy__buf_done(&b);
}

static int use_it_all(void *arg)
{
    static const char field[] =
        "attachment; name=\"\xe4\"; filename=\"x\"; filename*0*=UTF-8''%41; "
        "filename*1*=%c3%a4; filename*=ISO-8859-1''%e4";
    (void)arg;
    gy_arena a = {0};
    struct gy__disposition d;
    struct gy__buf b;
    gy__buf_init(&b, 1000);
    int e = gy__disposition_parse(&a, gy_str_of(field), &d);
    if (!e)
        e = gy__disposition_write(&b, "inline", d.filename);
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
        cmocka_unit_test(reading),
        cmocka_unit_test(what_is_malformed),
        cmocka_unit_test(bases),
        cmocka_unit_test(writing),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
