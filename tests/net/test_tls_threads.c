/* SPDX-License-Identifier: MIT */
/* test_tls_threads.c - threads, each with a loop of its own, which share the settings of both ends. */
#include "support/certificates.h"

#include <gyre/error.h>
#include <gyre/net.h>
#include <gyre/task.h>
#include <gyre/tls.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct certificate authority, good;

enum { THREADS = 3, ROUNDS = 15 };

struct shared {
    gy_tls *server, *client;
    int results[THREADS];
};

struct thread {
    struct shared *shared;
    int number;
};

static int send_back(gy_stream *s, void *arg)
{
    gy_str some;
    int e;
    (void)arg;
    while ((e = gy_stream_read(s, 1000, &some)) == 0)
        if ((e = gy_stream_write_str(s, some)))
            break;
    return 0;
}

static int ask_once(const char *address, gy_tls *tls)
{
    gy_stream *s;
    gy_str back;
    char why[200];
    int e = gy_connect(address, &(gy_connect_opts){.timeout = 30}, &s);
    if (e)
        return e;
    e = gy_stream_start_tls(s, tls, "localhost", 30, why, sizeof why);
    if (!e)
        e = gy_stream_write_str(s, (gy_str)GY_STR("hello"));
    if (!e)
        e = gy_stream_read_exact(s, 5, &back);
    gy_stream_close(s);
    return e;
}

static int talk_to_itself(void *arg)
{
    const struct thread *me = arg;
    char address[GY_ADDRESS_MAX], why[200];
    int fd = gy_listen(&(gy_listen_opts){.address = "127.0.0.1"}, why, sizeof why);
    int e = fd < 0 ? fd : gy_local_address(fd, address);
    if (e)
        return e;
    gy_tcp_server *s =
        gy_tcp_server_open(fd, &(gy_tcp_server_opts){.tls = me->shared->server}, send_back, NULL);
    for (int i = 0; i < ROUNDS && !e; i++) {
        char keys[160];
        memset(keys, 'a' + i + me->number, 80);
        memset(keys + 80, 'a' + i + me->number - 1, 80);
        e = ask_once(address, me->shared->client);
        if (!e && i % 5 == me->number)
            e = gy_tls_reload(i % 2 ? me->shared->client : me->shared->server, why, sizeof why);
        if (!e && i % 3 == me->number)
            e = gy_tls_set_ticket_keys(me->shared->server, keys, sizeof keys);
    }
    gy_tcp_server_close(s, 5);
    return e;
}

static void *run_thread(void *arg)
{
    const struct thread *me = arg;
    me->shared->results[me->number] = gy_run(talk_to_itself, arg);
    return NULL;
}

static void threads_share_settings(void **state)
{
    char why[200];
    gy_tls_certificate list[2] = {certificate_of(&good)};
    struct shared shared = {
        .server = gy_tls_server_new(&(gy_tls_opts){.certificates = list}, why, sizeof why),
        .client =
            gy_tls_client_new(&(gy_tls_opts){.ca = gy_str_of(authority.text)}, why, sizeof why)};
    struct thread threads[THREADS];
    pthread_t ids[THREADS];
    (void)state;
    assert_true(shared.server && shared.client);
    for (int i = 0; i < THREADS; i++) {
        threads[i] = (struct thread){&shared, i};
        assert_int_equal(pthread_create(&ids[i], NULL, run_thread, &threads[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(ids[i], NULL);
        assert_int_equal(shared.results[i], 0);
    }
    gy_tls_free(shared.server);
    gy_tls_free(shared.client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(threads_share_settings)};
    authority = certificate_make((struct certificate_wish){.name = "Test Root", .authority = true});
    good = certificate_make(
        (struct certificate_wish){.name = "good", .names = "DNS:localhost", .signer = &authority});
    int failures = cmocka_run_group_tests(tests, NULL, NULL);
    certificate_free(&good);
    certificate_free(&authority);
    return failures;
}
