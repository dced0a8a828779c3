/* SPDX-License-Identifier: MIT */
/* test_client_auth.c - challenges and what they are answered with; credentials go nowhere else. */
#include "client_party.h"

#include "codec/digest_hash.h"

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
#define NO "HTTP/1.1 401 No\r\nContent-Length: 4\r\nWWW-Authenticate: "
#define MD5(nonce_) NO "Digest realm=\"r\", nonce=\"" nonce_ "\", qop=\"auth\"\r\n\r\nnone"
#define STALE(nonce_)                                                                              \
    NO "Digest realm=\"r\", stale=true, nonce=\"" nonce_ "\", qop=\"auth\"\r\n\r\nnone"
#define SHA(nonce_)                                                                                \
    NO "Basic realm=\"b\", Digest realm=\"r\", nonce=\"" nonce_                                    \
       "\", algorithm=SHA-256, qop=\"auth, auth-int\", opaque=\"o\"\r\n\r\nnone"
#define SESS(nonce_)                                                                               \
    NO "Digest realm=\"r\", nonce=\"" nonce_ "\", algorithm=MD5-sess, qop=auth\r\n\r\nnone"

#define DIGEST .auth = GY_AUTH_DIGEST, .user = "u", .password = "secret"

/* -- The server's side of the sum ---------------------------------------------------------------- */

static void parameter(const char *head, const char *name, char out[128])
{
    char key[32];
    snprintf(key, sizeof key, " %s=", name);
    const char *at = strstr(head, key);
    out[0] = '\0';
    if (!at)
        return;
    at += strlen(key);
    if (*at == '"')
        snprintf(out, 128, "%.*s", (int)strcspn(at + 1, "\""), at + 1);
    else
        snprintf(out, 128, "%.*s", (int)strcspn(at, ",\r"), at);
}

static void sum(enum gy__digest_algorithm a, const char *text, char out[GY__DIGEST_HEX])
{
    gy_str all = gy_str_of(text);
    if (gy__digest_hash(a, &all, 1, out))
        out[0] = '\0';
}

/* Does the request bring the right answer to [nonce], the [nc]th? */
static bool answers(const char *head, const char *method, const char *nonce, const char *nc,
                    enum gy__digest_algorithm a, bool sess)
{
    char uri[128], cnonce[128], count[128], got[128], a1[GY__DIGEST_HEX], a2[GY__DIGEST_HEX];
    char text[600], want[GY__DIGEST_HEX], said[128];
    parameter(head, "uri", uri);
    parameter(head, "cnonce", cnonce);
    parameter(head, "nc", count);
    parameter(head, "response", got);
    parameter(head, "nonce", said);
    sum(a, "u:r:secret", a1);
    if (sess) {
        snprintf(text, sizeof text, "%s:%s:%s", a1, nonce, cnonce);
        sum(a, text, a1);
    }
    snprintf(text, sizeof text, "%s:%s", method, uri);
    sum(a, text, a2);
    snprintf(text, sizeof text, "%s:%s:%s:%s:auth:%s", a1, nonce, nc, cnonce, a2);
    sum(a, text, want);
    return strcmp(count, nc) == 0 && strcmp(said, nonce) == 0 && strlen(cnonce) == 32 &&
           strcmp(got, want) == 0;
}

static int count(const struct party *p, const char *what)
{
    int n = 0;
    for (const char *at = p->seen; (at = strstr(at, what)); at++)
        n++;
    return n;
}

/* -- Digest -------------------------------------------------------------------------------------- */

static void answered(gy_test *t, const char *challenge, enum gy__digest_algorithm a, bool sess)
{
    struct party p = {.answers = {gy_str_of(challenge), GY_STR(OK), GY_STR(OK)}};
    party_open(&p);
    struct ask one = {.url = p.url, .opts = {DIGEST, .client = gy_client_new(NULL)}};
    GY_CHECK_INT(ask(t, &one), 0);
    GY_CHECK_INT(one.res.status, 200);
    GY_CHECK_TEXT(one.res.body, "hi");
    GY_CHECK_INT(one.res.redirects, 0);
    GY_CHECK_INT(p.connections, 1);
    GY_CHECK_INT(count(&p, "Authorization"), 1);
    const char *second = strstr(p.seen, "Authorization: Digest username=\"u\", realm=\"r\"");
    if (GY_CHECK(second != NULL))
        GY_CHECK(answers(second, "GET", "n1", "00000001", a, sess));
    /* The next one brings it at once. */
    GY_CHECK_INT(ask(t, &one), 0);
    GY_CHECK_INT(p.next, 3);
    const char *third = second ? strstr(second + 1, "Authorization: Digest") : NULL;
    if (GY_CHECK(third != NULL))
        GY_CHECK(answers(third, "GET", "n1", "00000002", a, sess));
    gy_arena_done(&one.arena);
    gy_client_free(one.opts.client);
    party_close(&p);
}

GY_TEST(a_challenge_is_answered_and_remembered)
{
    answered(t, MD5("n1"), GY__DIGEST_MD5, false);
    answered(t, SHA("n1"), GY__DIGEST_SHA256, false);
    answered(t, SESS("n1"), GY__DIGEST_MD5, true);
}

GY_TEST(a_second_refusal_is_given)
{
    struct party p = {
        .answers = {GY_STR(MD5("n1")), GY_STR(MD5("n2")), GY_STR(MD5("n3")), GY_STR(OK)}};
    party_open(&p);
    struct ask a = {.url = p.url, .opts = {DIGEST}};
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK_INT(a.res.status, 401);
    GY_CHECK_TEXT(a.res.body, "none");
    GY_CHECK_INT(p.next, 2);
    /* What was refused is not tried first the next time. */
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK_INT(a.res.status, 200);
    GY_CHECK_INT(count(&p, "Authorization"), 2);
    GY_CHECK(!strstr(p.seen, "secret") && !strstr(a.res.why, "secret"));
    gy_arena_done(&a.arena);
    party_close(&p);
}

GY_TEST(an_old_nonce_is_replaced)
{
    struct party p = {.answers = {GY_STR(MD5("n1")), GY_STR(STALE("n2")), GY_STR(OK),
                                  GY_STR(STALE("n3")), GY_STR(OK), GY_STR(MD5("n4")), GY_STR(OK),
                                  GY_STR(STALE("n5")), GY_STR(STALE("n6")), GY_STR(STALE("n7"))}};
    party_open(&p);
    struct ask a = {.url = p.url, .opts = {DIGEST}};
    for (size_t i = 0; i < 3; i++) {
        static const size_t asked[] = {3, 5, 7};
        GY_CHECK_INT(ask(t, &a), 0);
        GY_CHECK_INT(a.res.status, 200);
        GY_CHECK_INT(p.next, asked[i]);
    }
    /* A server for which each is too old. */
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK_INT(a.res.status, 401);
    GY_CHECK_INT(p.next, 10);
    gy_arena_done(&a.arena);
    party_close(&p);
}

GY_TEST(what_is_no_such_challenge_is_given)
{
    static const char *const challenges[] = {
        NO "Basic realm=\"b\"\r\n\r\nnone",
        NO "Digest realm=\"r\", nonce=\"n\", qop=\"auth-int\"\r\n\r\nnone",
        NO "Digest realm=\"r\", nonce=\"n\", algorithm=NEW\r\n\r\nnone",
        NO "Digest realm=\"r, nonce=\"n\"\r\n\r\nnone",
        "HTTP/1.1 401 No\r\nContent-Length: 4\r\n\r\nnone",
        ("HTTP/1.1 407 No\r\nContent-Length: 4\r\nWWW-Authenticate: Digest realm=\"r\", "
         "nonce=\"n\"\r\n\r\nnone"),
    };
    for (size_t i = 0; i < sizeof challenges / sizeof challenges[0]; i++) {
        struct party p = {.answers = {gy_str_of(challenges[i])}};
        party_open(&p);
        struct ask a = {.url = p.url, .opts = {DIGEST}};
        GY_CHECK_INT(ask(t, &a), 0);
        GY_CHECK_TEXT(a.res.body, "none");
        GY_CHECK_INT(count(&p, "Authorization"), 0);
        gy_arena_done(&a.arena);
        party_close(&p);
    }
}

GY_TEST(the_user_of_the_url_and_headers_win)
{
    char url[128];
    const gy_field mine[] = {{GY_STR("Authorization"), GY_STR("mine")}, {{0}, {0}}};
    struct party p = {.answers = {GY_STR(MD5("n1")), GY_STR(OK), GY_STR(MD5("n2"))}};
    party_open(&p);
    snprintf(url, sizeof url, "http://u:secret@127.0.0.1:%d/x?y", p.port);
    struct ask a = {.url = url,
                    .opts = {.auth = GY_AUTH_DIGEST, .user = "other", .password = "other"}};
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK_INT(a.res.status, 200);
    const char *answer = strstr(p.seen, "Authorization: Digest username=\"u\"");
    if (GY_CHECK(answer != NULL))
        GY_CHECK(answers(answer, "GET", "n1", "00000001", GY__DIGEST_MD5, false));
    GY_CHECK(!strstr(a.res.url, "secret"));
    a.opts.headers = mine;
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK_INT(a.res.status, 401);
    gy_arena_done(&a.arena);
    party_close(&p);
}

GY_TEST(an_answer_is_for_its_server_only)
{
    char go[128];
    struct party to = {.answers = {GY_STR(MD5("n9"))}};
    party_open(&to);
    snprintf(go, sizeof go,
             "HTTP/1.1 307 Go\r\nLocation: http://127.0.0.1:%d/\r\nContent-Length: 0\r\n\r\n",
             to.port);
    struct party from = {.answers = {GY_STR(MD5("n1")), gy_str_of(go)}};
    party_open(&from);
    struct ask a = {.url = from.url, .opts = {DIGEST, .body = GY_STR("abc")}};
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK_INT(a.res.status, 401);
    GY_CHECK_INT(a.res.redirects, 1);
    GY_CHECK_INT(count(&from, "Authorization: Digest"), 1);
    GY_CHECK_INT(count(&to, "Authorization"), 0);
    GY_CHECK_INT(to.next, 1);
    gy_arena_done(&a.arena);
    party_close(&from);
    party_close(&to);
}

GY_TEST(each_user_and_each_server_has_an_answer_of_its_own)
{
    struct party p[2] = {
        {.answers = {GY_STR(MD5("n1")), GY_STR(OK), GY_STR(MD5("n2")), GY_STR(OK), GY_STR(OK)}},
        {.answers = {GY_STR(MD5("n3")), GY_STR(OK)}}};
    for (int i = 0; i < 2; i++)
        party_open(&p[i]);
    struct ask a = {.url = p[0].url, .opts = {DIGEST}};
    GY_CHECK_INT(ask(t, &a), 0);
    a.opts.user = "v";
    GY_CHECK_INT(ask(t, &a), 0);
    a.opts.user = "u";
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK_INT(a.res.status, 200);
    GY_CHECK_INT(p[0].next, 5);
    a.url = p[1].url;
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK_INT(p[1].next, 2);
    gy_arena_done(&a.arena);
    for (int i = 0; i < 2; i++)
        party_close(&p[i]);
}

/* Never more than a hundred: those used last. */
GY_TEST(challenges_of_many_servers_are_forgotten)
{
    struct party p = {.answers = {GY_STR("")}, .next = 1};
    party_open(&p);
    struct ask a = {.opts = {DIGEST, .client = gy_client_new(NULL)}};
    for (int i = 0; i < 130; i++) {
        char user[16];
        snprintf(user, sizeof user, "u%d", i);
        p.next = 0;
        p.answers[0] = (gy_str)GY_STR(MD5("n1"));
        p.answers[1] = (gy_str)GY_STR(OK);
        a.url = p.url;
        a.opts.user = user;
        p.seen_len = 0;
        GY_CHECK_INT(ask(t, &a), 0);
        GY_CHECK_INT(a.res.status, 200);
    }
    p.next = 0;
    p.answers[0] = (gy_str)GY_STR(OK);
    memset(p.seen, 0, sizeof p.seen);
    p.seen_len = 0;
    a.opts.user = "u40";
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK_INT(count(&p, "username=\"u40\""), 1);
    a.opts.user = "u20";
    p.next = 0;
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK_INT(count(&p, "username=\"u20\""), 0);
    gy_arena_done(&a.arena);
    gy_client_free(a.opts.client);
    party_close(&p);
}

/* -- Digest and bodies --------------------------------------------------------------------------- */

struct source {
    int reads;
};

static ssize_t read_once(void *arg, void *buf, size_t size)
{
    struct source *s = arg;
    (void)size;
    memcpy(buf, "abc", 3);
    return s->reads++ ? 0 : 3;
}

static void streams(gy_test *t, const char *const said[], bool expect, int status, const char *want)
{
    struct source source = {0};
    struct party p = {.next = 0};
    for (int i = 0; said[i]; i++)
        p.answers[i] = gy_str_of(said[i]);
    party_open(&p);
    struct ask a = {.url = p.url,
                    .opts = {DIGEST, .client = gy_client_new(NULL), .read_body = read_once,
                             .read_arg = &source, .user_agent = "", .no_decompress = true,
                             .expect_continue = expect}};
    GY_CHECK_INT(ask(t, &a), 0);
    if (!GY_CHECK_INT(a.res.status, status))
        gy_test_fail(t, "%s", a.res.why);
    GY_CHECK_GLOB(gy_str_n(p.seen, p.seen_len), want);
    gy_arena_done(&a.arena);
    gy_client_free(a.opts.client);
    party_close(&p);
}

GY_TEST(a_body_in_memory_is_sent_again)
{
    struct party p = {.answers = {GY_STR(MD5("n1")), GY_STR(OK)}};
    party_open(&p);
    struct ask a = {.url = p.url, .opts = {DIGEST, .body = GY_STR("abc"), .method = "PUT"}};
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK_INT(a.res.status, 200);
    GY_CHECK_GLOB(gy_str_n(p.seen, p.seen_len), "PUT *\r\n\r\nabcPUT *Auth*\r\n\r\nabc");
    const char *answer = strstr(p.seen, "Authorization");
    GY_CHECK(answer && answers(answer, "PUT", "n1", "00000001", GY__DIGEST_MD5, false));
    gy_arena_done(&a.arena);
    party_close(&p);
}

GY_TEST(a_streamed_body_waits_until_it_is_wanted)
{
    const char *challenged[] = {MD5("n1"), OK, NULL}, *open[] = {OK, OK, NULL};
    const char *forbidden[] = {"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", NULL};
    const char *wrong[] = {MD5("n1"), MD5("n2"), NULL};
    streams(t, challenged, false, 200,
            "POST /a HTTP/1.1\r\nHost: *\r\nContent-Length: 0\r\n\r\nPOST "
            "*\r\nAuthorization: *\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
    streams(t, open, false, 200,
            "POST /a HTTP/1.1\r\nHost: *\r\nContent-Length: 0\r\n\r\nPOST /a "
            "HTTP/1.1\r\nHost: *\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
    streams(t, forbidden, false, 403, "POST /a HTTP/1.1\r\nHost: *\r\nContent-Length: 0\r\n\r\n");
    streams(t, wrong, false, 401, "POST *Content-Length: 0\r\n\r\nPOST *\r\n3\r\nabc\r\n0\r\n\r\n");
}

GY_TEST(a_streamed_body_may_be_held_back_by_expect)
{
    const char *said[] = {MD5("n1"), "HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n", NULL};
    streams(t, said, true, 417,
            "POST /a *\r\nExpect: 100-continue\r\n*chunked\r\n\r\nPOST /a *\r\nAuthorization: "
            "Digest *\r\nExpect: 100-continue\r\n*chunked\r\n\r\n");
}

GY_TEST(a_streamed_body_that_was_sent_is_not_sent_again)
{
    struct source source = {0};
    struct party p = {.answers = {GY_STR(MD5("n1")), GY_STR(OK), GY_STR(STALE("n2")), GY_STR(OK)}};
    party_open(&p);
    struct ask a = {.url = p.url, .opts = {DIGEST}};
    GY_CHECK_INT(ask(t, &a), 0);
    a.opts.read_body = read_once;
    a.opts.read_arg = &source;
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK_INT(a.res.status, 401);
    GY_CHECK_INT(p.next, 3);
    /* But its challenge is remembered. */
    source.reads = 0;
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK_INT(a.res.status, 200);
    GY_CHECK_INT(p.next, 4);
    GY_CHECK_INT(count(&p, "nonce=\"n2\""), 1);
    gy_arena_done(&a.arena);
    party_close(&p);
}

/* -- What is refused ----------------------------------------------------------------------------- */

GY_TEST(credentials_that_break_a_head_are_refused)
{
    static const gy_fetch_opts cases[] = {
        {.user = "a\r\nB: c", .password = "d"},
        {.user = "a", .password = "b\n"},
        {.user = "a:b", .password = "c"},
        {.auth = GY_AUTH_DIGEST, .user = "a\r\nB: c", .password = "d"},
        {.auth = GY_AUTH_BEARER, .password = "a\r\nB: c"},
        {.auth = GY_AUTH_BEARER, .password = ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct party p = {.answers = {GY_STR(OK)}};
        party_open(&p);
        struct ask a = {.url = p.url, .opts = cases[i]};
        GY_CHECK_INT(ask(t, &a), GY_EINVAL);
        GY_CHECK(a.res.why[0]);
        GY_CHECK_INT(p.seen_len, 0);
        gy_arena_done(&a.arena);
        party_close(&p);
    }
}

/* -- Sweeps -------------------------------------------------------------------------------------- */

static void scenario(gy_test *t, void *arg)
{
    struct party p = {.answers = {GY_STR(SHA("n1")), GY_STR(OK)}};
    (void)arg;
    party_open(&p);
    struct ask a = {
        .url = p.url,
        .opts = {DIGEST, .proxy = p.proxy, .client = gy_client_new(NULL), .body = GY_STR("abc")}};
    int e = a.opts.client ? ask(t, &a) : GY_ENOMEM;
    if (!gy_test_disturbed(t)) {
        GY_CHECK_INT(e, 0);
        GY_CHECK_INT(a.res.status, 200);
    }
    gy_test_calm(t);
    gy_arena_done(&a.arena);
    gy_client_free(a.opts.client);
    party_close(&p);
}

GY_TEST(each_wait_may_be_cancelled)
{
    GY_CHECK(gy_test_sweep_cancel(t, scenario, NULL) > 3);
}

GY_TEST(each_allocation_may_fail)
{
    GY_CHECK(gy_test_sweep_alloc(t, scenario, NULL) > 5);
}

int main(int argc, char **argv)
{
    char hash[GY__DIGEST_HEX];
    if (gy__digest_hash(GY__DIGEST_MD5, NULL, 0, hash)) {
        puts("skipped: a build without hashes");
        return 77;
    }
    return gy_test_main(argc, argv);
}
