/* SPDX-License-Identifier: MIT */
/* test_tls_certificates.c - files of certificates that are read, doubted, and read again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <gyre/error.h>
#include <gyre/log.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "serve/certificates.h"
#include "serve/tls_files.h"
#include "support/certificates.h"

static char folder[] = "/tmp/gyre-certificates-XXXXXX", cert[64], key[64], why[512], logged[2048];
static struct certificate good, other, old, early;
static gy_tls_certificate list[2];
static const gy_tls_opts opts = {.certificates = list};

static void note(void *arg, enum gy_log_channel channel, enum gy_log_level level, const char *line,
                 size_t len)
{
    (void)arg;
    (void)channel;
    snprintf(logged + strlen(logged), sizeof logged - strlen(logged), "%d %.*s\n", level, (int)len,
             line);
}

static void put(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void put_pair(const struct certificate *c)
{
    put(cert, c->text);
    put(key, c->key_text);
}

static int begin(void **state)
{
    (void)state;
    logged[0] = why[0] = '\0';
    list[0] = (gy_tls_certificate){.certificate_file = cert, .key_file = key};
    put_pair(&good);
    gy_log_set_sink(note, NULL);
    return 0;
}

static int end(void **state)
{
    (void)state;
    gy_log_set_sink(NULL, NULL);
    unlink(cert);
    return unlink(key);
}

static int open_them(struct gy__certificates *c)
{
    return gy__certificates_open(c, &opts, 0, why, sizeof why);
}

static void test_none(void **state)
{
    (void)state;
    struct gy__certificates c;
    assert_int_equal(gy__certificates_open(&c, NULL, 0, why, sizeof why), 0);
    assert_null(c.tls);
    assert_true(gy__certificates_rotate(&c) == INT64_MAX);
    gy__certificates_close(&c);
}

static void test_what_is_wrong(void **state)
{
    (void)state;
    struct gy__certificates c;
    char want[200];
    put(key, other.key_text);
    assert_int_equal(open_them(&c), GY_ETLS);
    assert_null(c.tls);
    snprintf(want, sizeof want, "the key in %s is not that of the certificate in %s", key, cert);
    assert_string_equal(why, want);

    unlink(key);
    assert_int_equal(open_them(&c), GY_ETLS);
    assert_non_null(strstr(why, key));
    assert_non_null(strstr(why, "No such file"));
    put(key, good.key_text);
}

/* Root may read everything, so somebody else has to try. */
static void test_whose_it_is(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(chmod(key, geteuid() == 0 ? 0600 : 0), 0);
    assert_int_equal(chmod(folder, 0755), 0);
    assert_int_equal(chmod(cert, 0644), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct gy__certificates c;
        bool nobody = geteuid() != 0 || (setgid(65534) == 0 && setuid(65534) == 0);
        int e = nobody ? open_them(&c) : 0;
        _exit(e == GY_ETLS && write(ends[1], why, strlen(why)) > 0 ? 0 : 1);
    }
    int how;
    char said[512] = "", want[120];
    close(ends[1]);
    assert_true(read(ends[0], said, sizeof said - 1) > 0);
    close(ends[0]);
    assert_int_equal(waitpid(pid, &how, 0), pid);
    assert_int_equal(how, 0);
    snprintf(want, sizeof want, "cannot read %s: it belongs to ", key);
    assert_memory_equal(said, want, strlen(want));
    assert_non_null(strstr(said, geteuid() == 0 ? ", has the mode 600, and this is "
                                                : ", has the mode 0, and this is "));
}

static void test_not_valid_now(void **state)
{
    (void)state;
    struct gy__certificates c;
    put_pair(&old);
    assert_int_equal(open_them(&c), 0);
    assert_non_null(strstr(logged, "expired on 2021-02-03"));
    assert_non_null(strstr(logged, cert));

    /* It is said once. */
    logged[0] = '\0';
    assert_false(gy__certificates_look(&c));
    assert_string_equal(logged, "");

    put_pair(&early);
    assert_true(gy__certificates_renew(&c));
    assert_non_null(strstr(logged, "is not valid before 2090-01-01"));
    logged[0] = '\0';
    put_pair(&good);
    assert_true(gy__certificates_renew(&c));
    assert_string_equal(logged, "");
    gy__certificates_close(&c);
}

static void test_changes_are_seen_when_they_have_come_to_rest(void **state)
{
    (void)state;
    struct gy__certificates c;
    assert_int_equal(open_them(&c), 0);
    assert_false(gy__certificates_look(&c));
    put(cert, other.text);
    assert_false(gy__certificates_look(&c));
    put(key, other.key_text);
    assert_false(gy__certificates_look(&c));
    assert_true(gy__certificates_look(&c));
    assert_true(gy__certificates_renew(&c));
    assert_int_equal(c.renewals, 1);
    assert_false(gy__certificates_look(&c));

    /* What is not good is tried once. */
    put(cert, "-----BEGIN CERTIFICATE-----\n");
    assert_false(gy__certificates_look(&c));
    assert_true(gy__certificates_look(&c));
    assert_false(gy__certificates_renew(&c));
    assert_int_equal(c.renewals, 1);
    assert_non_null(strstr(logged, "the certificates stay as they were: "));
    assert_non_null(strstr(logged, cert));
    assert_ptr_equal(strchr(logged, '\n') + 1, logged + strlen(logged));
    assert_false(gy__certificates_look(&c));

    unlink(cert);
    assert_false(gy__certificates_look(&c));
    assert_true(gy__certificates_look(&c));
    assert_false(gy__certificates_renew(&c));
    put(cert, other.text);
    assert_false(gy__certificates_look(&c));
    assert_true(gy__certificates_look(&c));
    assert_true(gy__certificates_renew(&c));
    gy__certificates_close(&c);
}

static void test_all_files_are_looked_at(void **state)
{
    (void)state;
    char ca[80], crl[80], staple[80];
    snprintf(ca, sizeof ca, "%s/ca.pem", folder);
    snprintf(crl, sizeof crl, "%s/crl.pem", folder);
    snprintf(staple, sizeof staple, "%s.ocsp", cert);
    const gy_tls_opts all = {.certificates = list, .ca_file = ca, .crl_file = crl, .ocsp = true};
    const char *const paths[] = {cert, key, ca, crl, staple};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        uint64_t before = gy__tls_files_state(&all);
        assert_true(gy__tls_files_state(&all) == before);
        put(paths[i], "longer than anything before? no matter, the times differ");
        assert_true(gy__tls_files_state(&all) != before);
    }
    unlink(ca);
    unlink(crl);
    unlink(staple);
}

static void test_keys_of_tickets(void **state)
{
    (void)state;
    struct gy__certificates c;
    assert_int_equal(gy__certificates_open(&c, &opts, 1000, why, sizeof why), 0);
    assert_non_null(c.tickets);
    assert_true(gy__certificates_rotate(&c) < INT64_MAX);
    gy__certificates_close(&c);

    const gy_tls_opts without = {.certificates = list, .no_tickets = true};
    assert_int_equal(gy__certificates_open(&c, &without, 1000, why, sizeof why), 0);
    assert_null(c.tickets);
    assert_true(gy__certificates_rotate(&c) == INT64_MAX);
    gy__certificates_close(&c);
}

static int begin_all(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(cert, sizeof cert, "%s/cert.pem", folder);
    snprintf(key, sizeof key, "%s/key.pem", folder);
    good = certificate_make((struct certificate_wish){.name = "good"});
    other = certificate_make((struct certificate_wish){.name = "other"});
    old = certificate_make((struct certificate_wish){.name = "old", .to = "20210203000000Z"});
    early = certificate_make((struct certificate_wish){.name = "early", .from = "20900101000000Z"});
    return 0;
}

static int end_all(void **state)
{
    (void)state;
    certificate_free(&good);
    certificate_free(&other);
    certificate_free(&old);
    certificate_free(&early);
    return rmdir(folder);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_none),
        cmocka_unit_test_setup_teardown(test_what_is_wrong, begin, end),
        cmocka_unit_test_setup_teardown(test_whose_it_is, begin, end),
        cmocka_unit_test_setup_teardown(test_not_valid_now, begin, end),
        cmocka_unit_test_setup_teardown(test_changes_are_seen_when_they_have_come_to_rest, begin,
                                        end),
        cmocka_unit_test_setup_teardown(test_all_files_are_looked_at, begin, end),
        cmocka_unit_test_setup_teardown(test_keys_of_tickets, begin, end),
    };
    return cmocka_run_group_tests(tests, begin_all, end_all);
}
