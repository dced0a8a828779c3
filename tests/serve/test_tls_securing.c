/* SPDX-License-Identifier: MIT */
/* test_tls_securing.c - what a process does from time to time: keys of tickets, files that changed. */
#include "support/fake_clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <gyre/log.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/tls.h"
#include "serve/securing.h"
#include "serve/serving.h"
#include "support/certificates.h"

enum { HOUR = 3600 };

static struct gy__start start;
static struct gy__serving serving;
static struct gy__securing securing;
static struct certificate first, second;
static char file[] = "/tmp/gyre-securing-XXXXXX";
static gy_loop *loop;
static char logged[1024];

static void note(void *arg, enum gy_log_channel channel, enum gy_log_level level, const char *line,
                 size_t len)
{
    (void)arg, (void)channel, (void)level;
    snprintf(logged, sizeof logged, "%.*s", (int)len, line);
}

static void put(const char *text, const char *key_text)
{
    FILE *f = fopen(file, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0 && fputs(key_text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static int begin(void **state)
{
    static gy_tls_certificate list[2];
    static const gy_tls_opts tls = {.certificates = list};
    char why[300];
    (void)state;
    list[0].certificate_file = file;
    put(first.text, first.key_text);
    fake_clock_start();
    gy_log_set_sink(note, NULL);
    logged[0] = '\0';
    loop = gy_loop_new();
    assert_non_null(loop);
    memset(&start, 0, sizeof start);
    serving = (struct gy__serving){.start = &start, .opts = {.tls_check = 60}};
    return gy__certificates_open(&serving.certificates, &tls, (int64_t)12 * HOUR * 1000000000, why,
                                 sizeof why);
}

static int end(void **state)
{
    (void)state;
    gy__securing_end(&securing);
    gy__certificates_close(&serving.certificates);
    gy_loop_free(loop);
    gy_log_set_sink(NULL, NULL);
    fake_clock_stop();
    return 0;
}

static void pass(double seconds)
{
    fake_clock_forward(seconds);
    assert_int_equal(gy_loop_turn(loop, 0), 0);
}

static void test_keys_follow_one_another(void **state)
{
    (void)state;
    const gy_tls *tls = serving.certificates.tls;
    serving.opts.tls_check = -1;
    gy__securing_begin(&securing, &serving, loop);
    assert_int_equal(tls->key_count, GY__TICKET_KEYS);
    for (int i = 0; i < 4; i++) {
        struct gy__ticket_key before[GY__TICKET_KEYS];
        memcpy(before, tls->keys, sizeof before);
        pass(12 * HOUR - 1);
        assert_memory_equal(tls->keys, before, sizeof before);
        pass(1);
        assert_memory_equal(&tls->keys[0], &before[1], sizeof before[0]);
        assert_memory_equal(&tls->keys[2], &before[0], sizeof before[0]);
        assert_memory_not_equal(&tls->keys[1], &before[2], sizeof before[0]);
    }
    assert_string_equal(logged, "");
}

/* By the number of its certificate. */
static bool has(const struct certificate *c)
{
    SSL_CTX *ctx = serving.certificates.tls->contexts.items[0];
    return X509_cmp(SSL_CTX_get0_certificate(ctx), c->x) == 0;
}

static void test_a_changed_file_is_found(void **state)
{
    (void)state;
    gy__securing_begin(&securing, &serving, loop);
    pass(60);
    put(second.text, "");
    pass(60);
    put(second.text, second.key_text);
    pass(60);
    assert_true(has(&first));
    assert_string_equal(logged, "");
    pass(60);
    assert_true(has(&second));
    assert_string_equal(logged, "the certificates were read again");
    assert_int_equal(atomic_load(&start.renewals), 1);
}

static void test_workers_follow_their_master(void **state)
{
    (void)state;
    serving.under_master = true;
    gy__securing_begin(&securing, &serving, loop);
    put(second.text, second.key_text);
    for (int i = 0; i < 5; i++)
        pass(60);
    assert_true(has(&first));
    atomic_store(&start.renewals, 7);
    pass(60);
    assert_true(has(&second));
    assert_int_equal(serving.certificates.renewals, 7);

    /* What is not good is complained of once, and the next that the master has found good is read. */
    put("", "");
    atomic_store(&start.renewals, 8);
    pass(60);
    assert_non_null(strstr(logged, "the certificates stay as they were"));
    logged[0] = '\0';
    pass(60);
    assert_string_equal(logged, "");
    put(first.text, first.key_text);
    atomic_store(&start.renewals, 9);
    pass(60);
    assert_true(has(&first));
    assert_string_equal(logged, "");
}

static int begin_all(void **state)
{
    (void)state;
    first = certificate_make((struct certificate_wish){.name = "first", .from = "19690101000000Z"});
    second =
        certificate_make((struct certificate_wish){.name = "second", .from = "19690101000000Z"});
    return close(mkstemp(file));
}

static int end_all(void **state)
{
    (void)state;
    certificate_free(&first);
    certificate_free(&second);
    return unlink(file);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_keys_follow_one_another, begin, end),
        cmocka_unit_test_setup_teardown(test_a_changed_file_is_found, begin, end),
        cmocka_unit_test_setup_teardown(test_workers_follow_their_master, begin, end),
    };
    return cmocka_run_group_tests(tests, begin_all, end_all);
}
