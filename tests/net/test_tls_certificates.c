/* SPDX-License-Identifier: MIT */
/* test_tls_certificates.c - which certificate is taken, which refused, and what is said of it. */
#include "net/tls.h"
#include "support/certificates.h"
#include "support/tls_site.h"
#include "testing/test.h"

#include <gyre/error.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct certificate authority, between, good, rsa, revoked, chained, short_key, old_digest,
    ada, eve, stranger;

static struct certificate local(struct certificate_wish wish)
{
    wish.names = "DNS:localhost";
    if (!wish.signer)
        wish.signer = &authority;
    return certificate_make(wish);
}

static void make_certificates(void)
{
    authority = certificate_make((struct certificate_wish){.name = "Test Root", .authority = true});
    stranger = certificate_make((struct certificate_wish){.name = "Stranger", .authority = true});
    between = certificate_make(
        (struct certificate_wish){.name = "Test Between", .authority = true, .signer = &authority});
    good = local((struct certificate_wish){.name = "good"});
    rsa = local((struct certificate_wish){.name = "rsa", .rsa = 2048});
    revoked = local((struct certificate_wish){.name = "revoked"});
    chained = local((struct certificate_wish){.name = "chained", .signer = &between});
    short_key = local((struct certificate_wish){.name = "short", .rsa = 1024});
    old_digest = local((struct certificate_wish){.name = "old", .sha1 = true});
    ada = certificate_make((struct certificate_wish){.name = "ada", .signer = &authority});
    eve = certificate_make((struct certificate_wish){.name = "eve", .signer = &authority});
}

static void free_certificates(void)
{
    struct certificate *all[] = {&authority, &between,    &good, &rsa, &revoked, &chained,
                                 &short_key, &old_digest, &ada,  &eve, &stranger};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        certificate_free(all[i]);
}

static gy_tls_opts trusting(void)
{
    return (gy_tls_opts){.ca = gy_str_of(authority.text)};
}

static bool opens(struct tls_site *site, gy_test *t, const struct certificate *one,
                  const gy_tls_opts *asker)
{
    gy_tls_certificate list[2] = {certificate_of(one)};
    return tls_site_open(site, t, &(gy_tls_opts){.certificates = list}, asker);
}

/* -- Lists of the revoked ------------------------------------------------------------------------ */

GY_TEST(who_is_on_the_list_is_refused)
{
    const struct certificate *const those[] = {&eve, &revoked, NULL};
    char *list = certificate_list(&authority, NULL, those);
    struct tls_site site;
    gy_tls_opts asker = trusting();
    asker.crl = gy_str_of(list);
    if (opens(&site, t, &revoked, &asker)) {
        GY_CHECK_INT(gy_test_run(t, tls_site_ask, &site), GY_ETLS);
        GY_CHECK_TEXT(gy_str_of(site.why),
                      "the certificate of localhost was revoked on 2024-05-01");
        tls_site_close(&site);
    }
    if (opens(&site, t, &good, &asker)) {
        GY_CHECK_INT(gy_test_run(t, tls_site_ask, &site), 0);
        tls_site_close(&site);
    }
    free(list);
}

GY_TEST(who_has_signed_may_be_on_it)
{
    const struct certificate *const those[] = {&between, NULL};
    char *list = certificate_list(&authority, NULL, those);
    struct tls_site site;
    gy_tls_opts asker = trusting();
    asker.crl = gy_str_of(list);
    if (opens(&site, t, &chained, &asker)) {
        GY_CHECK_INT(gy_test_run(t, tls_site_ask, &site), GY_ETLS);
        GY_CHECK_TEXT(gy_str_of(site.why),
                      "the certificate of Test Between, which has signed that of localhost, was "
                      "revoked on 2024-05-01");
        tls_site_close(&site);
    }
    free(list);
}

GY_TEST(a_list_has_its_time)
{
    const struct certificate *const none[] = {NULL};
    char *list = certificate_list(&authority, "20200101000000Z", none);
    struct tls_site site;
    gy_tls_opts asker = trusting();
    asker.crl = gy_str_of(list);
    if (opens(&site, t, &good, &asker)) {
        GY_CHECK_INT(gy_test_run(t, tls_site_ask, &site), GY_ETLS);
        GY_CHECK_TEXT(gy_str_of(site.why),
                      "the list of those whom Test Root has revoked expired on 2020-01-01");
        tls_site_close(&site);
    }
    free(list);
}

GY_TEST(a_list_of_others_tells_a_client_nothing)
{
    const struct certificate *const none[] = {NULL};
    char *list = certificate_list(&stranger, NULL, none);
    struct tls_site site;
    gy_tls_opts asker = trusting();
    asker.crl = gy_str_of(list);
    if (opens(&site, t, &good, &asker)) {
        GY_CHECK_INT(gy_test_run(t, tls_site_ask, &site), 0);
        tls_site_close(&site);
    }
    free(list);
}

static void write_file(const char *name, const void *data, size_t len)
{
    FILE *f = fopen(name, "w");
    if (GY_CHECK(f != NULL)) {
        fwrite(data, 1, len, f);
        fclose(f);
    }
}

static void put_list(const char *file, const struct certificate *signer,
                     const struct certificate *one)
{
    const struct certificate *const those[] = {one, NULL};
    char *list = certificate_list(signer, NULL, those);
    write_file(file, list, strlen(list));
    free(list);
}

GY_TEST(clients_are_looked_up_and_no_ticket_helps_them)
{
    char file[] = "/tmp/gyre-tls-XXXXXX";
    struct tls_site site;
    gy_tls_certificate list[2] = {certificate_of(&good)}, own[2] = {certificate_of(&ada)};
    gy_tls_opts asker = trusting(), server = {.certificates = list,
                                              .ca = gy_str_of(authority.text),
                                              .verify_client = true,
                                              .crl_file = file};
    int fd = mkstemp(file);
    asker.certificates = own;
    close(fd);
    put_list(file, &authority, &eve);
    if (tls_site_open(&site, t, &server, &asker)) {
        GY_CHECK_INT(gy_test_run(t, tls_site_ask, &site), 0);
        GY_CHECK_INT(gy_test_run(t, tls_site_ask, &site), 0);
        GY_CHECK(site.seen.resumed);
        put_list(file, &authority, &ada);
        GY_CHECK_INT(gy_tls_reload(site.server, site.why, sizeof site.why), 0);
        gy_test_expect_log(t, "*the certificate of the client (ada) was revoked on 2024-05-01*");
        GY_CHECK(gy_test_run(t, tls_site_ask, &site) < 0);
        gy_test_settle(t);
        /* Nobody knows about those of whose issuer there is no list. */
        put_list(file, &stranger, &eve);
        GY_CHECK_INT(gy_tls_reload(site.server, site.why, sizeof site.why), 0);
        gy_test_expect_log(t, "*no list tells whom Test Root has revoked*");
        GY_CHECK(gy_test_run(t, tls_site_ask, &site) < 0);
        gy_test_settle(t);
        write_file(file, "no list", 7);
        GY_CHECK_INT(gy_tls_reload(site.server, site.why, sizeof site.why), GY_ETLS);
        GY_CHECK_GLOB(gy_str_of(site.why), "no good list of revoked certificates in /tmp/*");
        tls_site_close(&site);
    }
    unlink(file);
}

/* -- Staples ------------------------------------------------------------------------------------- */

struct folder {
    char path[32], certificate[64], key[64], staple[80];
};

static void folder_make(struct folder *f, const struct certificate *c)
{
    snprintf(f->path, sizeof f->path, "/tmp/gyre-tls-XXXXXX");
    GY_CHECK(mkdtemp(f->path) != NULL);
    snprintf(f->certificate, sizeof f->certificate, "%s/c.pem", f->path);
    snprintf(f->key, sizeof f->key, "%s/k.pem", f->path);
    snprintf(f->staple, sizeof f->staple, "%s.ocsp", f->certificate);
    write_file(f->certificate, c->text, strlen(c->text));
    write_file(f->key, c->key_text, strlen(c->key_text));
}

static void folder_remove(const struct folder *f)
{
    unlink(f->staple);
    unlink(f->certificate);
    unlink(f->key);
    rmdir(f->path);
}

static void staple(const struct folder *f, const struct certificate *signer, bool is_revoked)
{
    unsigned char *answer;
    long len = certificate_answer(signer, &good, is_revoked, &answer);
    write_file(f->staple, answer, (size_t)len);
    free(answer);
}

GY_TEST(a_staple_tells_who_was_revoked)
{
    struct tls_site site;
    struct folder f;
    folder_make(&f, &good);
    gy_tls_certificate list[2] = {{.certificate_file = f.certificate, .key_file = f.key}};
    gy_tls_opts asker = trusting(), server = {.certificates = list, .ocsp = true};
    staple(&f, &authority, true);
    if (tls_site_open(&site, t, &server, &asker)) {
        GY_CHECK_INT(gy_test_run(t, tls_site_ask, &site), GY_ETLS);
        GY_CHECK_TEXT(gy_str_of(site.why),
                      "the certificate of localhost was revoked on 2024-05-01");
        staple(&f, &authority, false);
        GY_CHECK_INT(gy_tls_reload(site.server, site.why, sizeof site.why), 0);
        GY_CHECK_INT(gy_test_run(t, tls_site_ask, &site), 0);
        tls_site_close(&site);
    }
    /* What a stranger says of it counts no more than silence. */
    staple(&f, &stranger, true);
    if (tls_site_open(&site, t, &server, &asker)) {
        GY_CHECK_INT(gy_test_run(t, tls_site_ask, &site), 0);
        tls_site_close(&site);
    }
    folder_remove(&f);
}

/* -- Keys ---------------------------------------------------------------------------------------- */

/* The key of [c] behind a password, as PEM, for free. */
static char *locked(const struct certificate *c, const char *password)
{
    BIO *b = BIO_new(BIO_s_mem());
    char *data, *text = NULL;
    if (GY_CHECK_INT(PEM_write_bio_PKCS8PrivateKey(b, c->key, EVP_aes_256_cbc(), password,
                                                   (int)strlen(password), NULL, NULL),
                     1)) {
        long len = BIO_get_mem_data(b, &data);
        text = calloc(1, (size_t)len + 1);
        memcpy(text, data, (size_t)len);
    }
    BIO_free(b);
    return text;
}

GY_TEST(a_key_may_have_a_password)
{
    static const struct {
        const char *password, *why;
    } rows[] = {{"open sesame", ""},
                {"open", "the password does not fit the key in the given text"},
                {NULL, "the key in the given text is protected by a password, and there is none"}};
    char *key = locked(&good, "open sesame");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char why[200] = "";
        gy_tls_certificate list[2] = {certificate_of(&good)};
        list[0].key = gy_str_of(key);
        list[0].password = rows[i].password;
        gy_tls *tls = gy_tls_server_new(&(gy_tls_opts){.certificates = list}, why, sizeof why);
        GY_CHECK_INT(tls != NULL, !rows[i].why[0]);
        GY_CHECK_TEXT(gy_str_of(why), rows[i].why);
        gy_tls_free(tls);
    }
    free(key);
}

GY_TEST(a_key_may_be_behind_its_certificate)
{
    char why[200] = "";
    size_t size = strlen(good.text) + strlen(good.key_text) + 1;
    char *both = malloc(size);
    snprintf(both, size, "%s%s", good.text, good.key_text);
    gy_tls_certificate list[2] = {{.certificate = gy_str_of(both)}};
    gy_tls *tls = gy_tls_server_new(&(gy_tls_opts){.certificates = list}, why, sizeof why);
    GY_CHECK(tls != NULL);
    GY_CHECK_TEXT(gy_str_of(why), "");
    memset(both, 0, size);
    GY_CHECK_INT(gy_tls_reload(tls, why, sizeof why), 0); /* it has a copy of all */
    gy_tls_free(tls);
    tls = gy_tls_client_new(NULL, why, sizeof why);
    GY_CHECK_INT(gy_tls_set_ticket_keys(tls, both, 80), GY_EINVAL);
    gy_tls_free(tls);
    free(both);
}

/* -- Two kinds for one name ---------------------------------------------------------------------- */

static void only(struct tls_site *site, const char *signatures, int version)
{
    SSL_CTX *ctx = site->client->contexts.items[0];
    GY_CHECK_INT(SSL_CTX_set1_sigalgs_list(ctx, signatures), 1);
    GY_CHECK_INT(SSL_CTX_set_max_proto_version(ctx, version), 1);
}

static bool begins_with(const char *text, const char *begin)
{
    return begin[0] && strncmp(text, begin, strlen(begin)) == 0;
}

GY_TEST(a_client_gets_the_kind_that_it_knows)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    gy_tls_certificate list[3] = {certificate_of(&good), certificate_of(&rsa)};
    for (int i = 0; i < 4; i++) {
        struct tls_site site;
        gy_tls_opts asker = trusting();
        if (i == 2) { /* their order changes nothing */
            list[0] = certificate_of(&rsa);
            list[1] = certificate_of(&good);
        }
        if (!tls_site_open(&site, t, &(gy_tls_opts){.certificates = list}, &asker))
            return;
        only(&site, "RSA-PSS+SHA256:RSA+SHA256", versions[i % 2]);
        GY_CHECK_INT(gy_test_run(t, tls_site_ask, &site), 0);
        GY_CHECK(begins_with(rsa.text, site.pem));
        only(&site, "ECDSA+SHA256", versions[i % 2]);
        gy__tls_sessions_done(site.client);
        GY_CHECK_INT(gy_test_run(t, tls_site_ask, &site), 0);
        GY_CHECK(begins_with(good.text, site.pem));
        tls_site_close(&site);
    }
}

/* -- What else may be wrong ---------------------------------------------------------------------- */

static void refuses(gy_test *t, gy_tls_certificate one, const char *why)
{
    struct tls_site site;
    gy_tls_certificate list[2] = {one};
    gy_tls_opts asker = trusting(),
                server = {.certificates = list, .ciphers = "DEFAULT@SECLEVEL=0"};
    if (!tls_site_open(&site, t, &server, &asker))
        return;
    GY_CHECK_INT(gy_test_run(t, tls_site_ask, &site), GY_ETLS);
    GY_CHECK_TEXT(gy_str_of(site.why), why);
    tls_site_close(&site);
}

GY_TEST(what_is_weak_is_refused)
{
    refuses(t, certificate_of(&short_key),
            "the certificate of localhost has a key of 1024 bits, which is too weak");
    refuses(t, certificate_of(&old_digest),
            "the certificate of localhost is signed with SHA1, which is too weak");
    /* A server does not begin with it either. */
    char why[200];
    gy_tls_certificate list[2] = {certificate_of(&short_key)};
    GY_CHECK(!gy_tls_server_new(&(gy_tls_opts){.certificates = list}, why, sizeof why));
    GY_CHECK_GLOB(gy_str_of(why), "no good certificate in the given text: *key too small");
}

static void join(char *out, size_t size, const struct certificate *a, const struct certificate *b)
{
    snprintf(out, size, "%s%s", a->text, b->text);
}

GY_TEST(the_order_of_a_chain_matters)
{
    char text[8000];
    join(text, sizeof text, &between, &chained);
    refuses(
        t, (gy_tls_certificate){.certificate = gy_str_of(text), .key = gy_str_of(between.key_text)},
        "the certificate of localhost does not come first, where that of Test Between is: their "
        "order is wrong");
    char why[200];
    gy_tls_certificate list[2] = {
        {.certificate = gy_str_of(text), .key = gy_str_of(chained.key_text)}};
    GY_CHECK(!gy_tls_server_new(&(gy_tls_opts){.certificates = list}, why, sizeof why));
    GY_CHECK_TEXT(gy_str_of(why),
                  "the certificate of the key in the given text does not come first in the given "
                  "text: their order is wrong");
}

GY_TEST(a_chain_without_its_middle_is_told)
{
    char *end = strstr(chained.text, "-----END CERTIFICATE-----\n");
    size_t len = (size_t)(end - chained.text) + strlen("-----END CERTIFICATE-----\n");
    refuses(t,
            (gy_tls_certificate){.certificate = gy_str_n(chained.text, len),
                                 .key = gy_str_of(chained.key_text)},
            "the certificate of localhost is signed by Test Between, who is not trusted, and whose "
            "own certificate has not come with it");
}

/* -- The certificate itself ---------------------------------------------------------------------- */

static int compare_forms(void *arg)
{
    struct tls_site *site = arg;
    gy_arena a = {0};
    gy_stream *s;
    int e = gy_connect(site->address, &(gy_connect_opts){.timeout = 5}, &s);
    if (e)
        return e;
    GY_CHECK(gy_stream_certificate(&a, s, true).ptr == NULL);
    e = gy_stream_start_tls(s, site->client, site->host, 5, site->why, sizeof site->why);
    gy_str der = gy_stream_certificate(&a, s, false), pem = gy_stream_certificate(&a, s, true);
    unsigned char *want = NULL;
    int len = i2d_X509(good.x, &want);
    GY_CHECK(der.len == (size_t)len && memcmp(der.ptr, want, der.len) == 0);
    GY_CHECK(pem.ptr && begins_with(good.text, pem.ptr));
    OPENSSL_free(want);
    gy_arena_done(&a);
    gy_stream_close(s);
    return e;
}

GY_TEST(both_ends_have_the_certificate_of_the_other)
{
    struct tls_site site;
    gy_tls_certificate list[2] = {certificate_of(&good)}, own[2] = {certificate_of(&ada)};
    gy_tls_opts asker = trusting(), server = {.certificates = list,
                                              .ca = gy_str_of(authority.text),
                                              .verify_client = true};
    asker.certificates = own;
    if (!tls_site_open(&site, t, &server, &asker))
        return;
    GY_CHECK_INT(gy_test_run(t, compare_forms, &site), 0);
    for (int i = 0; i < 2; i++) { /* a ticket brings it along */
        GY_CHECK_INT(gy_test_run(t, tls_site_ask, &site), 0);
        GY_CHECK(begins_with(good.text, site.pem));
        GY_CHECK(begins_with(ada.text, site.seen_pem));
    }
    GY_CHECK(site.seen.resumed);
    tls_site_close(&site);
}

int main(int argc, char **argv)
{
    make_certificates();
    int failures = gy_test_main(argc, argv);
    free_certificates();
    return failures;
}
