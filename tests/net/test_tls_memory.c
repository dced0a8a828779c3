/* SPDX-License-Identifier: MIT */
/* test_tls_memory.c - OpenSSL's own allocations fail, one after another. */
#include "net/tls.h"
#include "support/certificates.h"
#include "support/tls_site.h"
#include "testing/test.h"

#include <gyre/error.h>
#include <openssl/crypto.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* -- What OpenSSL allocates with --------------------------------------------------------------------- */

static atomic_long countdown = -1; /* to the one that fails; negative: none does */
static atomic_long asked, live;

static bool may(void)
{
    atomic_fetch_add(&asked, 1);
    return atomic_load(&countdown) < 0 || atomic_fetch_sub(&countdown, 1) != 0;
}

static void *counted(void *p)
{
    atomic_fetch_add(&live, p != NULL);
    return p;
}

static void *ours_alloc(size_t size, const char *file, int line)
{
    (void)file, (void)line;
    return may() ? counted(malloc(size)) : NULL;
}

static void ours_free(void *p, const char *file, int line)
{
    (void)file, (void)line;
    atomic_fetch_sub(&live, p != NULL);
    free(p);
}

static void *ours_realloc(void *p, size_t size, const char *file, int line)
{
    if (!p)
        return ours_alloc(size, file, line);
    if (!size) {
        ours_free(p, file, line);
        return NULL;
    }
    return may() ? realloc(p, size) : NULL;
}

/* -- What fails: each so many-th, so that it takes a second. With -DSTRIDE=1 all of them ----------- */

#ifndef STRIDE
#define STRIDE 11
#endif

/* -- The tests --------------------------------------------------------------------------------------- */

static struct certificate authority, good, ada;

static long count_of(gy_test *t, struct tls_site *site)
{
    long before = atomic_load(&asked);
    GY_CHECK_INT(gy_test_run(t, tls_site_ask, site), 0);
    gy_test_settle(t);
    return atomic_load(&asked) - before;
}

static void fail_each(gy_test *t, struct tls_site *site, bool resume)
{
    int failed = 0;
    gy_test_allow_log(t, "*");
    count_of(t, site); /* what is made once and kept */
    if (!resume)
        gy__tls_sessions_done(site->client);
    long total = count_of(t, site), before = atomic_load(&live);
    for (long n = 0; n < total; n += STRIDE) {
        if (!resume)
            gy__tls_sessions_done(site->client);
        atomic_store(&countdown, n);
        int e = gy_test_run(t, tls_site_ask, site);
        gy_test_settle(t);
        atomic_store(&countdown, -1);
        failed += e < 0;
    }
    GY_CHECK(failed > 0);
    /* It goes on as before, and what failed has left nothing behind. */
    gy__tls_sessions_done(site->client);
    count_of(t, site);
    gy__tls_sessions_done(site->client);
    GY_CHECK(atomic_load(&live) - before < 40);
}

static void sweep_handshakes(gy_test *t, bool verify, bool resume, int version)
{
    struct tls_site site;
    gy_tls_certificate list[2] = {certificate_of(&good)}, own[2] = {certificate_of(&ada)};
    gy_tls_opts server = {.certificates = list,
                          .ca = gy_str_of(authority.text),
                          .verify_client = verify},
                asker = {.ca = gy_str_of(authority.text), .certificates = own};
    if (!tls_site_open(&site, t, &server, &asker))
        return;
    gy_test_clock_auto(t);
    SSL_CTX_set_max_proto_version(site.client->contexts.items[0], version);
    fail_each(t, &site, resume);
    tls_site_close(&site);
}

GY_TEST(handshakes)
{
    sweep_handshakes(t, false, false, TLS1_3_VERSION);
}

GY_TEST(handshakes_in_which_both_are_verified)
{
    sweep_handshakes(t, true, false, TLS1_2_VERSION);
}

GY_TEST(resumed_handshakes)
{
    sweep_handshakes(t, true, true, TLS1_3_VERSION);
}

GY_TEST(settings)
{
    char why[200];
    gy_tls_certificate list[2] = {certificate_of(&good)};
    gy_tls_opts opts = {
        .certificates = list, .ca = gy_str_of(authority.text), .verify_client = true};
    long total = 0, before = 0;
    for (int i = 0; i < 2; i++) {
        before = atomic_load(&asked);
        gy_tls_free(gy_tls_server_new(&opts, why, sizeof why));
        total = atomic_load(&asked) - before;
    }
    before = atomic_load(&live);
    for (long n = 0; n < total; n += STRIDE) {
        why[0] = '\0';
        atomic_store(&countdown, n);
        gy_tls *tls = gy_tls_server_new(&opts, why, sizeof why);
        atomic_store(&countdown, -1);
        GY_CHECK(tls || why[0]);
        gy_tls_free(tls);
    }
    gy_tls *tls = gy_tls_server_new(&opts, why, sizeof why);
    GY_CHECK(tls != NULL);
    gy_tls_free(tls);
    GY_CHECK(atomic_load(&live) - before < 40);
}

int main(int argc, char **argv)
{
    if (!CRYPTO_set_mem_functions(ours_alloc, ours_realloc, ours_free))
        return 77;
    authority = certificate_make((struct certificate_wish){.name = "Test Root", .authority = true});
    good = certificate_make(
        (struct certificate_wish){.name = "good", .names = "DNS:localhost", .signer = &authority});
    ada = certificate_make((struct certificate_wish){.name = "ada", .signer = &authority});
    int failures = gy_test_main(argc, argv);
    certificate_free(&ada);
    certificate_free(&good);
    certificate_free(&authority);
    return failures;
}
