/* SPDX-License-Identifier: MIT */
/* test_ticket_keys.c - keys that processes share, and that follow one another. */
#include "support/fake_clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "serve/ticket_keys.h"

#define HOUR ((int64_t)3600 * 1000000000)

enum { KEY = 80 };

struct keys {
    unsigned char bytes[GY__TICKET_KEYS_SIZE];
};

static struct keys take(struct gy__ticket_keys *k, int64_t *next)
{
    struct keys now;
    int64_t ignored;
    *(next ? next : &ignored) = gy__ticket_keys_take(k, now.bytes);
    return now;
}

static bool equal(const struct keys *a, int at, const struct keys *b, int bt)
{
    return memcmp(a->bytes + at * KEY, b->bytes + bt * KEY, KEY) == 0;
}

static void assert_all_differ(const struct keys *a, const struct keys *b)
{
    for (int i = 0; i < GY__TICKET_KEYS; i++)
        for (int j = 0; j < GY__TICKET_KEYS; j++)
            assert_false((a != b || i != j) && equal(a, i, b, j));
}

static int begin(void **state)
{
    (void)state;
    fake_clock_start();
    return 0;
}

static int end(void **state)
{
    (void)state;
    fake_clock_stop();
    return 0;
}

static void test_one_follows_another(void **state)
{
    (void)state;
    int64_t due, next;
    struct gy__ticket_keys *k = gy__ticket_keys_new(12 * HOUR);
    assert_non_null(k);
    struct keys first = take(k, &due), now;
    assert_all_differ(&first, &first);
    assert_int_equal(due, fake_clock_now() + 12 * HOUR);

    fake_clock_forward(12 * 3600 - 1);
    now = take(k, &next);
    assert_memory_equal(&now, &first, sizeof now);
    assert_int_equal(next, due);

    /* The next was known; the last can still be read. */
    fake_clock_forward(1);
    now = take(k, &next);
    assert_true(equal(&now, 0, &first, 1));
    assert_true(equal(&now, 2, &first, 0));
    for (int i = 0; i < GY__TICKET_KEYS; i++)
        assert_false(equal(&now, 1, &first, i));
    assert_int_equal(next, due + 12 * HOUR);

    fake_clock_forward(12 * 3600);
    struct keys third = take(k, NULL);
    assert_true(equal(&third, 0, &now, 1));
    assert_true(equal(&third, 2, &first, 1));
    for (int i = 0; i < GY__TICKET_KEYS; i++)
        assert_false(equal(&third, i, &first, 0));
    gy__ticket_keys_free(k);
}

static void test_who_comes_late_finds_no_old_ones(void **state)
{
    (void)state;
    int64_t next;
    struct gy__ticket_keys *k = gy__ticket_keys_new(HOUR);
    struct keys first = take(k, NULL);
    fake_clock_forward(100 * 3600 + 1);
    struct keys now = take(k, &next);
    assert_all_differ(&first, &now);
    assert_int_equal(next, fake_clock_now() + HOUR);
    gy__ticket_keys_free(k);
}

static void test_never(void **state)
{
    (void)state;
    int64_t next;
    struct gy__ticket_keys *k = gy__ticket_keys_new(0);
    struct keys first = take(k, NULL);
    fake_clock_forward(1e6);
    struct keys now = take(k, &next);
    assert_memory_equal(&now, &first, sizeof now);
    assert_int_equal(next, INT64_MAX);
    gy__ticket_keys_free(k);
}

static void in_child(void (*fn)(struct gy__ticket_keys *k, int out), struct gy__ticket_keys *k,
                     int out)
{
    int how;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        fn(k, out);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &how, 0), pid);
    assert_int_equal(how, 0);
}

static void take_and_tell(struct gy__ticket_keys *k, int out)
{
    struct keys now = take(k, NULL);
    _exit(write(out, &now, sizeof now) == sizeof now ? 0 : 1);
}

static void test_processes_have_the_same(void **state)
{
    (void)state;
    struct keys theirs, before;
    int ends[2];
    struct gy__ticket_keys *k = gy__ticket_keys_new(HOUR);
    assert_int_equal(pipe(ends), 0);
    for (int i = 0; i < 3; i++) {
        before = take(k, NULL);
        fake_clock_forward(3600);
        in_child(take_and_tell, k, ends[1]);
        assert_int_equal(read(ends[0], &theirs, sizeof theirs), sizeof theirs);
        assert_true(equal(&theirs, 0, &before, 1)); /* it was the child who replaced one */
        struct keys ours = take(k, NULL);
        assert_memory_equal(&ours, &theirs, sizeof ours);
    }
    close(ends[0]);
    close(ends[1]);
    gy__ticket_keys_free(k);
}

/* The lock is the first of the members. */
static void die_with_the_lock(struct gy__ticket_keys *k, int out)
{
    (void)out;
    pthread_mutex_lock((pthread_mutex_t *)(void *)k);
}

static void test_one_dies_on_the_way(void **state)
{
    (void)state;
    int64_t next;
    struct gy__ticket_keys *k = gy__ticket_keys_new(HOUR);
    struct keys before = take(k, NULL);
    in_child(die_with_the_lock, k, -1);
    struct keys now = take(k, &next);
    assert_all_differ(&before, &now);
    assert_int_equal(next, fake_clock_now() + HOUR);
    struct keys again = take(k, NULL);
    assert_memory_equal(&again, &now, sizeof now);
    gy__ticket_keys_free(k);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_one_follows_another, begin, end),
        cmocka_unit_test_setup_teardown(test_who_comes_late_finds_no_old_ones, begin, end),
        cmocka_unit_test_setup_teardown(test_never, begin, end),
        cmocka_unit_test_setup_teardown(test_processes_have_the_same, begin, end),
        cmocka_unit_test_setup_teardown(test_one_dies_on_the_way, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
