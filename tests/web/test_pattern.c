/* SPDX-License-Identifier: MIT */
/* test_pattern.c - patterns taken apart, the types of parts, wrong patterns. */
#include "web/pattern.h"

#include <gyre/error.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

/* Pieces as text: literals in quotes, parts as name:type or name:re=expression. */
static void shows(const char *text, const char *expected)
{
    gy_arena a = {0};
    struct gy__pattern p;
    struct gy__fault why = {""};
    char shown[512] = "";
    int e = gy__pattern_parse(&a, gy_str_of(text), &p, &why);
    assert_string_equal(why.text, "");
    assert_int_equal(e, 0);
    for (size_t i = 0; i < p.count; i++) {
        const struct gy__piece *at = &p.pieces[i];
        size_t len = strlen(shown);
        if (!at->is_part)
            snprintf(shown + len, sizeof shown - len, "'%.*s'", GY_FMT(at->text));
        else if (at->type == GY__PART_RE)
            snprintf(shown + len, sizeof shown - len, "%.*s:re=%.*s ", GY_FMT(at->text),
                     GY_FMT(at->re));
        else
            snprintf(shown + len, sizeof shown - len, "%.*s:%s ", GY_FMT(at->text),
                     gy__part_type_name(at->type));
    }
    assert_string_equal(shown, expected);
    gy_arena_done(&a);
}

static void is_refused(const char *text, const char *expected)
{
    gy_arena a = {0};
    struct gy__pattern p;
    struct gy__fault why = {""};
    assert_int_equal(gy__pattern_parse(&a, gy_str_of(text), &p, &why), GY_EINVAL);
    assert_string_equal(why.text, expected);
    gy_arena_done(&a);
}

static void pieces_are_read(void **state)
{
    (void)state;
    shows("", "");
    shows("/", "'/'");
    shows("/story/{id:int}", "'/story/'id:int ");
    shows("/{a}/{b_2:slug}.html", "'/'a:str '/'b_2:slug '.html'");
    shows("/f/{path:rest}", "'/f/'path:rest ");
}

static void types_are_known(void **state)
{
    (void)state;
    shows("/{a:str}/{b:int}/{c:uint}/{d:float}", "'/'a:str '/'b:int '/'c:uint '/'d:float ");
    shows("/{e:slug}/{f:hex}/{g:uuid}/{h:rest}", "'/'e:slug '/'f:hex '/'g:uuid '/'h:rest ");
}

static void expressions_end_at_their_bracket(void **state)
{
    (void)state;
    shows("/v{n:re([12])}", "'/v'n:re=[12] ");
    shows("/{n:re((a|b)c)}x", "'/'n:re=(a|b)c 'x'");
    shows("/{n:re([)])}", "'/'n:re=[)] ");
    shows("/{n:re([])])}", "'/'n:re=[])] ");
    shows("/{n:re([^])])}", "'/'n:re=[^])] ");
    shows("/{n:re(\\)\\()}", "'/'n:re=\\)\\( ");
    shows("/{n:re(\\d{2})}", "'/'n:re=\\d{2} ");
}

static void braces_are_escaped(void **state)
{
    (void)state;
    shows("/\\{x\\}\\\\", "'/{x}\\'");
    shows("\\{{x}\\}", "'{'x:str '}'");
}

static void wrong_patterns_name_the_position(void **state)
{
    (void)state;
    is_refused("/{", "position 2: a part needs a name");
    is_refused("/{}", "position 2: a part needs a name");
    is_refused("/{1a}", "position 2: a part needs a name");
    is_refused("/{a", "position 3: '}' expected");
    is_refused("/{a-b}", "position 3: '}' expected");
    is_refused("/{a:int", "position 7: '}' expected");
    is_refused("/a}", "position 2: '}' without '{'; write \\} for the byte");
    is_refused("/a\\b", "position 2: only \\{, \\} and \\\\ are escapes");
    is_refused("/a\\", "position 2: only \\{, \\} and \\\\ are escapes");
    is_refused("/{a}{b}", "position 4: nothing stands between two parts");
    is_refused("/{a:rest}x", "position 9: nothing may follow a part of type rest");
    is_refused("/{a:re(}", "position 7: re( is never closed");
    is_refused("/{a:re(\\", "position 7: re( is never closed");
    is_refused("/{a:re()}", "position 7: re() holds no expression");
    is_refused("/{a:re(x)", "position 9: '}' expected");
    is_refused("/{a:itn}",
               "position 4: no type \"itn\"; there are str, int, uint, float, slug, hex, "
               "uuid, rest and re(...)");
    is_refused("/\xff", "is not UTF-8");
    is_refused("/{a:}",
               "position 4: no type \"\"; there are str, int, uint, float, slug, hex, uuid, "
               "rest and re(...)");
}

static bool fits(enum gy__part_type type, const char *value)
{
    return gy__part_fits(type, gy_str_of(value));
}

static void numbers_have_a_range(void **state)
{
    (void)state;
    assert_true(fits(GY__PART_INT, "0"));
    assert_true(fits(GY__PART_INT, "-7"));
    assert_true(fits(GY__PART_INT, "9223372036854775807"));
    assert_true(fits(GY__PART_INT, "-9223372036854775808"));
    assert_false(fits(GY__PART_INT, "9223372036854775808"));
    assert_false(fits(GY__PART_INT, ""));
    assert_false(fits(GY__PART_INT, "-"));
    assert_false(fits(GY__PART_INT, "+1"));
    assert_false(fits(GY__PART_INT, " 1"));
    assert_false(fits(GY__PART_INT, "1_0"));
    assert_false(fits(GY__PART_INT, "0x5"));
    assert_true(fits(GY__PART_UINT, "18446744073709551615"));
    assert_false(fits(GY__PART_UINT, "18446744073709551616"));
    assert_false(fits(GY__PART_UINT, "-1"));
    assert_true(fits(GY__PART_FLOAT, "-1.5"));
    assert_true(fits(GY__PART_FLOAT, "3"));
    assert_false(fits(GY__PART_FLOAT, "nan"));
    assert_false(fits(GY__PART_FLOAT, "inf"));
    assert_false(fits(GY__PART_FLOAT, "1e999"));
}

static void words_have_an_alphabet(void **state)
{
    (void)state;
    assert_true(fits(GY__PART_STR, "caf\xc3\xa9 noir"));
    assert_false(fits(GY__PART_STR, ""));
    assert_false(fits(GY__PART_STR, "a/b"));
    assert_true(fits(GY__PART_SLUG, "A_z-09"));
    assert_false(fits(GY__PART_SLUG, "a.b"));
    assert_false(fits(GY__PART_SLUG, ""));
    assert_true(fits(GY__PART_HEX, "09afAF"));
    assert_false(fits(GY__PART_HEX, "0g"));
    assert_true(fits(GY__PART_UUID, "123e4567-e89b-12d3-A456-426614174000"));
    assert_false(fits(GY__PART_UUID, "123e4567-e89b-12d3-a456-42661417400"));
    assert_false(fits(GY__PART_UUID, "123e4567ee89b-12d3-a456-426614174000"));
    assert_false(fits(GY__PART_UUID, "123e4567-e89b-12d3-a456-42661417400g"));
    assert_true(fits(GY__PART_REST, ""));
    assert_true(fits(GY__PART_REST, "a/b"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_read),
        cmocka_unit_test(types_are_known),
        cmocka_unit_test(expressions_end_at_their_bracket),
        cmocka_unit_test(braces_are_escaped),
        cmocka_unit_test(wrong_patterns_name_the_position),
        cmocka_unit_test(numbers_have_a_range),
        cmocka_unit_test(words_have_an_alphabet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
