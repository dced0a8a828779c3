/* SPDX-License-Identifier: MIT */
/* test_escaping.c - the public escapes. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <gyre/escape.h>

#include "base/alloc.h"

static void there_and_back(void **state)
{
    (void)state;
    gy_arena a = {0};
    gy_str text = gy_str_of("a <b> & \"c\" 'd' /?%\xc3\xa9");
    assert_string_equal(gy_html_escape(&a, text).ptr,
                        "a &lt;b&gt; &amp; &quot;c&quot; &#x27;d&#x27; /?%\xc3\xa9");
    assert_string_equal(gy_url_escape(&a, gy_str_of("a b/c?~")).ptr, "a%20b%2Fc%3F~");
    assert_true(gy_str_eq(gy_url_unescape(&a, gy_url_escape(&a, text)), text));
    assert_string_equal(gy_url_unescape(&a, gy_str_of("100%")).ptr, "100%");
    assert_string_equal(gy_base64(&a, gy_str_of("foob")).ptr, "Zm9vYg==");
    assert_string_equal(gy_unbase64(&a, gy_str_of("Zm9vYg==")).ptr, "foob");
    assert_null(gy_unbase64(&a, gy_str_of("Zm9vYg=")).ptr);
    gy_arena_done(&a);
}

static int never(void *arg)
{
    (void)arg;
    return 0;
}

static void without_memory(void **state)
{
    (void)state;
    gy_arena a = {0};
    gy__alloc_set_hook(never, NULL);
    assert_null(gy_html_escape(&a, gy_str_of("<")).ptr);
    assert_null(gy_url_escape(&a, gy_str_of(" ")).ptr);
    assert_null(gy_url_unescape(&a, gy_str_of("%20")).ptr);
    assert_null(gy_base64(&a, gy_str_of("x")).ptr);
    assert_null(gy_unbase64(&a, gy_str_of("Zm9v")).ptr);
    gy__alloc_set_hook(NULL, NULL);
    gy_arena_done(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
