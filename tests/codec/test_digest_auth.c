/* SPDX-License-Identifier: MIT */
/* Digest authentication, the client's side. */
#include "codec/digest_auth.h"
#include "codec/digest_hash.h"
#include "support/sweep.h"

#include <gyre/error.h>

static int needs_hashes(void **state)
{
    (void)state;
    char hash[GY__DIGEST_HEX];
    return gy__digest_hash(GY__DIGEST_SHA256, NULL, 0, hash);
}

static const struct gy__digest_request mufasa = {
    GY_STR("Mufasa"),
    GY_STR("Circle of Life"),
    GY_STR("GET"),
    GY_STR("/dir/index.html"),
    GY_STR("f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"),
    1};

static void check(const char *field, const struct gy__digest_request *r, const char *expected)
{
    gy_arena a = {0};
    struct gy__digest_challenge c;
    gy_str answer;
    if (gy__digest_challenge_parse(&a, gy_str_of(field), &c))
        fail_msg("refused: %s", field);
    assert_int_equal(gy__digest_answer(&a, &c, r, &answer), 0);
    assert_string_equal(answer.ptr, expected);
    gy_arena_done(&a);
}

/* RFC 7616 section 3.9.1 */
#define NONCE "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
#define OPAQUE "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"
#define START                                                                                      \
    "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", nonce=\"" NONCE                  \
    "\", uri=\"/dir/index.html\", "
#define END                                                                                        \
    ", opaque=\"" OPAQUE                                                                           \
    "\", qop=auth, nc=00000001, cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\""

static void the_example(void **state)
{
    if (needs_hashes(state))
        skip();
    check("Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=MD5, "
          "nonce=\"" NONCE "\", opaque=\"" OPAQUE "\"",
          &mufasa, START "algorithm=MD5, response=\"8ca523f5e9506fed4657c9700eebdbec\"" END);
    check("Basic realm=\"x, Digest y=\\\"z\\\"\", digest  nonce=\"" NONCE
          "\" ,, QOP=auth,algorithm=sha-256,opaque=\"" OPAQUE
          "\",realm = \"http-auth@example.org\", Digest realm=x, nonce=y",
          &mufasa,
          START "algorithm=SHA-256, response=\"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf"
                "8db5856cb6c1\"" END);
}

static void older_ones(void **state)
{
    if (needs_hashes(state))
        skip();
    struct gy__digest_request r = mufasa;
    r.cnonce = gy_str_of("0a4f113b");
    r.password = gy_str_of("Circle Of Life"); /* RFC 2617 section 3.5 */
    check("Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", "
          "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\"",
          &r,
          "Digest username=\"Mufasa\", realm=\"testrealm@host.com\", "
          "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", uri=\"/dir/index.html\", "
          "response=\"6629fae49393a05397450978507c4ef1\", qop=auth, nc=00000001, "
          "cnonce=\"0a4f113b\"");
    r.password = gy_str_of("CircleOfLife"); /* RFC 2069, corrected */
    check("Digest realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", "
          "opaque=\"\"",
          &r,
          "Digest username=\"Mufasa\", realm=\"testrealm@host.com\", "
          "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", uri=\"/dir/index.html\", "
          "response=\"1949323746fe6a43ef61f9606e7febea\", opaque=\"\"");
}

/* Against what Python's hashlib makes of the same texts. */
static void sessions(void **state)
{
    if (needs_hashes(state))
        skip();
    struct gy__digest_request r = {GY_STR("a\"b\\c"), GY_STR("p"),  GY_STR("POST"),
                                   GY_STR("/"),       GY_STR("cc"), 0xabcdef01};
    check("Digest realm=\"q\\\"\", nonce=n, qop=auth, algorithm=MD5-sess", &r,
          "Digest username=\"a\\\"b\\\\c\", realm=\"q\\\"\", nonce=\"n\", uri=\"/\", "
          "algorithm=MD5-sess, response=\"e15d97b3b80398400481cf2569152a74\", qop=auth, "
          "nc=abcdef01, cnonce=\"cc\"");
    check("Digest realm=\"q\\\"\", nonce=n, qop=auth, algorithm=SHA-512-256", &r,
          "Digest username=\"a\\\"b\\\\c\", realm=\"q\\\"\", nonce=\"n\", uri=\"/\", "
          "algorithm=SHA-512-256, "
          "response=\"7cdac7794e1e6756acc3e37002b5b660f03ae0b987794f49ea01fd9c1f9e374e\", "
          "qop=auth, nc=abcdef01, cnonce=\"cc\"");
}

static void what_cannot_be_answered(void **state)
{
    static const struct {
        const char *field;
        int e;
    } cases[] = {{"", GY_ENOTFOUND},
                 {"Basic realm=\"x\"", GY_ENOTFOUND},
                 {"Negotiate abc==, Basic realm=x", GY_ENOTFOUND},
                 {"Digest", GY_ENOTFOUND},
                 {"Digest realm=x", GY_ENOTFOUND},
                 {"Digest nonce=x", GY_ENOTFOUND},
                 {"Digest realm=x, nonce=y, qop=auth-int", GY_ENOTFOUND},
                 {"Digest realm=x, nonce=y, qop=\"\"", GY_ENOTFOUND},
                 {"Digest realm=x, nonce=y, algorithm=SHA-1", GY_ENOTFOUND},
                 {"Basic realm=x, nonce=y", GY_ENOTFOUND},
                 {"Digest realm=x, nonce=\"y", GY_EPROTO},
                 {"Digest realm=x, nonce=\"y\\\"", GY_EPROTO},
                 {"Digest realm=x, nonce=\"y\\", GY_EPROTO},
                 {"Digest realm=x, nonce=", GY_EPROTO},
                 {"Digest realm=\"\x01\", nonce=y", GY_EPROTO},
                 {"Digest realm=\"\\\n\", nonce=y", GY_EPROTO},
                 {"\"Digest\" realm=x, nonce=y", GY_EPROTO},
                 {"Digest realm=x; nonce=y", GY_EPROTO},
                 {"Negotiate abc==, Digest realm=x, nonce=y", 0},
                 {"Digest realm=x, nonce=y, algorithm=SHA-1, Digest realm=x, nonce=y", 0},
                 {"Digest realm=\"\", nonce=\"\"", 0}};
    if (needs_hashes(state))
        skip();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        gy_arena a = {0};
        struct gy__digest_challenge c;
        if (gy__digest_challenge_parse(&a, gy_str_of(cases[i].field), &c) != cases[i].e)
            fail_msg("not as expected: %s", cases[i].field);
        gy_arena_done(&a);
    }
    gy_arena a = {0};
    struct gy__digest_challenge c;
    struct gy__digest_request r = mufasa;
    gy_str answer;
    r.user = gy_str_of("a\nb");
    assert_int_equal(
        gy__digest_challenge_parse(&a, gy_str_of("Digest stale=TRUE,realm=x,nonce=y"), &c), 0);
    assert_true(c.stale);
    assert_int_equal(gy__digest_answer(&a, &c, &r, &answer), GY_EINVAL);
    gy_arena_done(&a);
}

static int use_it_all(void *arg)
{
    (void)arg;
    gy_arena a = {0};
    struct gy__digest_challenge c;
    gy_str answer;
    int e = gy__digest_challenge_parse(&a, gy_str_of("Digest realm=\"x\", nonce=y, qop=auth"), &c);
    if (!e)
        e = gy__digest_answer(&a, &c, &mufasa, &answer);
    gy_arena_done(&a);
    return e;
}

static void every_allocation_may_fail(void **state)
{
    if (needs_hashes(state))
        skip();
    sweep_allocations(use_it_all, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example),
        cmocka_unit_test(older_ones),
        cmocka_unit_test(sessions),
        cmocka_unit_test(what_cannot_be_answered),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
