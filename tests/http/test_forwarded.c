/* SPDX-License-Identifier: MIT */
/* test_forwarded.c - which address and scheme the proxies' fields come to. */
#include "http/forwarded.h"
#include "support/sweep.h"
#include <gyre/error.h>
#include <string.h>

static bool ten(void *arg, const char *address)
{
    size_t *calls = arg;
    ++*calls;
    /* Only addresses are asked about. */
    assert_non_null(strpbrk(address, ".:"));
    return strncmp(address, "10.", 3) == 0 || strcmp(address, "fd00::1") == 0;
}

struct row {
    const char *fields[4][2];
    const char *address, *scheme;
};

static int eval(gy_arena *a, const struct row *row, struct gy__forwarded *out)
{
    gy_headers h = {.arena = a};
    int e = 0;
    for (size_t i = 0; i < 4 && row->fields[i][0] && !e; i++) {
        e = gy_headers_add(&h, row->fields[i][0], row->fields[i][1]);
    }
    size_t calls = 0;
    return e ? e : gy__forwarded_eval(a, &h, ten, &calls, out);
}

static const struct row rows[] = {
    {{{"X", "y"}}, NULL, NULL},
    {{{"X-Forwarded-For", "1.2.3.4"}}, "1.2.3.4", NULL},
    {{{"X-Real-Ip", "1.2.3.4"}}, "1.2.3.4", NULL},
    {{{"X-Real-IP", "2001:db8::1"}}, "2001:db8::1", NULL},
    /* From the right, ours are skipped; whatever stands left of the client's is hearsay. */
    {{{"X-Forwarded-For", "6.6.6.6, 1.2.3.4,10.0.0.1 , 10.0.0.2"}}, "1.2.3.4", NULL},
    {{{"X-Forwarded-For", "6.6.6.6"}, {"X-Forwarded-For", "1.2.3.4, 10.0.0.1"}}, "1.2.3.4", NULL},
    {{{"X-Forwarded-For", "2001:db8::7, fd00::1"}}, "2001:db8::7", NULL},
    /* All are ours: the leftmost. */
    {{{"X-Forwarded-For", "10.0.0.3, 10.0.0.4"}}, "10.0.0.3", NULL},
    /* Rubbish ends the chain and says nothing. */
    {{{"X-Forwarded-For", "1.2.3.4, rubbish, 10.0.0.1"}}, NULL, NULL},
    {{{"X-Forwarded-For", ""}}, NULL, NULL},
    {{{"X-Forwarded-For", "1.2.3.4,"}}, NULL, NULL},
    {{{"X-Forwarded-For", "1.2.3.4:80"}}, NULL, NULL},
    {{{"X-Forwarded-For", "1.2.3"}}, NULL, NULL},
    {{{"X-Forwarded-For", "localhost"}}, NULL, NULL},
    {{{"X-Real-Ip", "<script>"}}, NULL, NULL},
    {{{"X-Real-Ip", "1.2.3.4"}, {"X-Real-Ip", "1.2.3.5"}}, NULL, NULL},
    {{{"X-Forwarded-For", "1.2.3.4"}, {"X-Real-Ip", "4.4.4.4"}}, "4.4.4.4", NULL},
    {{{"X-Forwarded-For", "1.2.3.4"}, {"X-Real-Ip", "4.4.4"}}, NULL, NULL},
    {{{"X-Scheme", "https"}}, NULL, "https"},
    {{{"X-Forwarded-Proto", "HTTPS"}}, NULL, "https"},
    {{{"X-Forwarded-Proto", "https, http"}}, NULL, "http"},
    {{{"X-Forwarded-Proto", "http,https "}}, NULL, "https"},
    {{{"X-Scheme", "http"}, {"X-Forwarded-Proto", "https"}}, NULL, "http"},
    {{{"X-Forwarded-Proto", "gopher"}}, NULL, NULL},
    {{{"X-Scheme", ""}}, NULL, NULL},
    {{{"Forwarded", "for=1.2.3.4"}}, "1.2.3.4", NULL},
    {{{"Forwarded", "For=\"[2001:db8::1]:4711\"; Proto=https;by=10.0.0.1"}},
     "2001:db8::1",
     "https"},
    {{{"Forwarded", "for=\"1.2.3.4:80\";proto=https, for=10.0.0.1;proto=http"}},
     "1.2.3.4",
     "https"},
    {{{"Forwarded", "for=6.6.6.6"}, {"Forwarded", "for=1.2.3.4, for=10.0.0.1"}}, "1.2.3.4", NULL},
    {{{"Forwarded", "for=\"a,b\";x=\"\\\";\", for=1.2.3.4"}}, "1.2.3.4", NULL},
    {{{"Forwarded", "for=1.2.3.4, for=unknown"}}, NULL, NULL},
    {{{"Forwarded", "for=_hidden;proto=http"}}, NULL, "http"},
    {{{"Forwarded", "for=\"[2001:db8::1\""}}, NULL, NULL},
    {{{"Forwarded", "for=\""}}, NULL, NULL},
    {{{"Forwarded", "for"}}, NULL, NULL},
    {{{"Forwarded", ";;,=,for=;"}}, NULL, NULL},
    {{{"Forwarded", "for=9.9.9.9;proto=https"}, {"X-Forwarded-For", "1.2.3.4"}},
     "1.2.3.4",
     "https"},
    {{{"Forwarded", "for=9.9.9.9;proto=https"}, {"X-Scheme", "http"}}, "9.9.9.9", "http"},
};

static void is(gy_str s, const char *text)
{
    if (!text) {
        assert_null(s.ptr);
        return;
    }
    assert_non_null(s.ptr);
    assert_string_equal(s.ptr, text);
    assert_int_equal(s.len, strlen(text));
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        gy_arena a = {0};
        struct gy__forwarded out;
        assert_int_equal(eval(&a, &rows[i], &out), 0);
        if (!out.address.ptr != !rows[i].address) {
            print_error("row %zu: %s\n", i, rows[i].fields[0][1]);
        }
        is(out.address, rows[i].address);
        is(out.scheme, rows[i].scheme);
        gy_arena_done(&a);
    }
}

static void test_without_trust_the_rightmost_counts(void **state)
{
    (void)state;
    gy_arena a = {0};
    gy_headers h = {.arena = &a};
    struct gy__forwarded out;
    assert_int_equal(gy_headers_add(&h, "X-Forwarded-For", "1.2.3.4, 10.0.0.1"), 0);
    assert_int_equal(gy__forwarded_eval(&a, &h, NULL, NULL, &out), 0);
    is(out.address, "10.0.0.1");
    gy_arena_done(&a);
}

static int eval_last_but_one(void *arg)
{
    (void)arg;
    gy_arena a = {0};
    struct gy__forwarded out;
    int e = eval(&a, &rows[sizeof rows / sizeof rows[0] - 2], &out);
    gy_arena_done(&a);
    return e;
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    sweep_allocations(eval_last_but_one, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_without_trust_the_rightmost_counts),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
