/* SPDX-License-Identifier: MIT */
/* Cookies: what is read holds nothing that could end a line, and what a jar gives out reads as it was
 * put in. */
#include "codec/cookie.h"
#include "fuzz.h"
#include "http/cookie_jar.h"

#include <gyre/error.h>
#include <stdlib.h>

static void must(bool held)
{
    if (!held)
        abort();
}

static void check_text(gy_str s)
{
    for (size_t i = 0; i < s.len; i++)
        must(s.ptr[i] == '\t' || ((unsigned char)s.ptr[i] >= 0x20 && s.ptr[i] != 0x7f));
}

static void check_field(gy_str field)
{
    struct gy__cookie c;
    int e = gy__cookie_parse(field, 1000000000, &c);
    must(e == 0 || e == GY_EINVAL);
    if (e)
        return;
    check_text(c.name);
    check_text(c.value);
    check_text(c.domain);
    check_text(c.path);
    must(c.name.len + c.value.len > 0 && c.name.len + c.value.len <= GY__COOKIE_MAX);
    must(gy_str_find(c.name, '=') == SIZE_MAX && gy_str_find(c.value, ';') == SIZE_MAX);
    must(c.path.len == 0 || c.path.ptr[0] == '/');
    must(c.expires == INT64_MAX || c.expires <= 1000000000 + GY__COOKIE_MAX_AGE);
}

static void check_pairs(gy_str rest)
{
    gy_str name, value;
    while (gy__cookie_next(&rest, &name, &value))
        must(name.len && gy_str_find(name, ';') == SIZE_MAX && gy_str_find(value, ';') == SIZE_MAX);
}

/* Each line is a field of the same host. */
static void check_jar(gy_str rest)
{
    gy_arena a = {0};
    struct gy__url u;
    gy_cookie_jar *jar = gy_cookie_jar_new();
    must(jar && gy__url_parse(&a, gy_str_of("https://a.b.org/x/y"), &u) == 0);
    for (gy_str line; gy_str_cut(&rest, '\n', &line);) {
        int e = gy__cookie_jar_set(jar, &u, line);
        must(e == 0 || e == GY_EINVAL);
    }
    gy_str field = gy__cookie_jar_get(&a, jar, &u);
    must(field.ptr && field.len <= GY__JAR_FIELD_MAX);
    check_text(field);
    gy_cookie_jar_free(jar);
    gy_arena_done(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gy_str text = gy_str_n((const char *)data, size);
    int64_t t;
    if (gy__cookie_date(text, &t) == 0)
        must(t >= INT64_C(-11644473600) && t < INT64_C(253402300800));
    check_field(text);
    check_pairs(text);
    check_jar(text);
    return 0;
}
