/* SPDX-License-Identifier: MIT */
/* The pollers: how one is chosen, and what all of them have in common. */
#include "loop/poller_fds.h"
#include "loop/state.h"
#include "support/fake_clock.h"
#include "support/sweep.h"

#include <errno.h>
#include <fcntl.h>
#include <gyre/error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MANY = 3000 };

static const char *const all[] = {"epoll", "kqueue", "poll"};
enum { ALL = sizeof all / sizeof all[0] };

static const char *poller_of_a_new_loop(void)
{
    gy_loop *loop = gy_loop_new();
    assert_non_null(loop);
    const char *name = gy_loop_poller(loop);
    gy_loop_free(loop);
    return name;
}

static void one_is_chosen_by_name(void **state)
{
    (void)state;
    int there = 0;
    for (int i = 0; i < ALL; i++) {
        int e = gy_loop_use_poller(all[i]);
        if (e == 0)
            assert_string_equal(poller_of_a_new_loop(), all[i]);
        else
            assert_int_equal(e, GY_ENOTFOUND);
        there += e == 0;
    }
    assert_true(there >= 2);
    assert_int_equal(gy_loop_use_poller("poll"), 0);
    assert_int_equal(gy_loop_use_poller("select"), GY_ENOTFOUND);
    assert_int_equal(gy_loop_use_poller(""), GY_ENOTFOUND);
    assert_string_equal(poller_of_a_new_loop(), "poll");
    assert_int_equal(gy_loop_use_poller(NULL), 0);
}

static void the_environment_names_the_default(void **state)
{
    (void)state;
    char before[20] = "";
    if (getenv("GYRE_POLLER"))
        snprintf(before, sizeof before, "%s", getenv("GYRE_POLLER"));
    if (*before)
        assert_string_equal(poller_of_a_new_loop(), before);
    unsetenv("GYRE_POLLER");
    assert_string_equal(poller_of_a_new_loop(), "epoll");
    setenv("GYRE_POLLER", "", 1);
    assert_string_equal(poller_of_a_new_loop(), "epoll");
    setenv("GYRE_POLLER", "poll", 1);
    assert_string_equal(poller_of_a_new_loop(), "poll");
    assert_int_equal(gy_loop_use_poller("epoll"), 0);
    assert_string_equal(poller_of_a_new_loop(), "epoll");
    assert_int_equal(gy_loop_use_poller(NULL), 0);
    assert_string_equal(poller_of_a_new_loop(), "poll");
    setenv("GYRE_POLLER", before, 1);
}

/* The rest holds for each of them. */

static gy_loop *loop;

static void with_each(void (*body)(void))
{
    for (int i = 0; i < ALL; i++) {
        if (gy_loop_use_poller(all[i]))
            continue;
        loop = gy_loop_new();
        assert_non_null(loop);
        body();
        gy_loop_free(loop);
        assert_int_equal(gy_loop_use_poller(NULL), 0);
    }
}

struct seen {
    struct gy__io io;
    unsigned events;
    int calls;
};

static void on_event(struct gy__io *io, unsigned events)
{
    struct seen *s = gy_of(io, struct seen, io);
    s->events |= events;
    s->calls++;
}

static void watch(struct seen *s, int fd)
{
    *s = (struct seen){.events = 0};
    gy__io_init(&s->io, fd);
    s->io.ready = 0;
    s->io.on_event = on_event;
    assert_int_equal(gy__io_watch(loop, &s->io), 0);
}

static void turn(void)
{
    assert_int_equal(gy_loop_turn(loop, 0), 0);
}

static unsigned told(struct seen *s)
{
    s->events = 0;
    turn();
    return s->events;
}

static void open_pair(int fds[2])
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
}

static void close_pair(int fds[2])
{
    close(fds[0]);
    close(fds[1]);
}

static void refuse(void)
{
    int fds[2];
    struct seen a, b;
    open_pair(fds);
    watch(&a, fds[0]);
    gy__io_init(&b.io, fds[0]);
    assert_int_equal(gy__io_watch(loop, &b.io), -EEXIST);
    gy__io_init(&b.io, -1);
    assert_int_equal(gy__io_watch(loop, &b.io), -EBADF);
    int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    gy__io_init(&b.io, file);
    assert_int_equal(gy__io_watch(loop, &b.io), -EPERM);
    close(file);
    assert_int_equal(gy__io_watch(loop, &b.io), -EBADF);
    gy__io_unwatch(loop, &a.io);
    watch(&b, fds[0]);
    gy__io_unwatch(loop, &b.io);
    close_pair(fds);
}

static void what_cannot_be_watched_is_refused(void **state)
{
    (void)state;
    with_each(refuse);
}

static void tell_changes(void)
{
    char c;
    int fds[2];
    struct seen a;
    open_pair(fds);
    watch(&a, fds[0]);
    assert_int_equal(told(&a), GY__OUT);
    assert_int_equal(told(&a), 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(write(fds[1], "x", 1), 1);
        assert_true(told(&a) & GY__IN);
        assert_int_equal(told(&a), 0);
        assert_int_equal(read(fds[0], &c, 1), 1);
        a.io.ready &= (uint8_t)~GY__IN;
        assert_int_equal(told(&a), 0);
    }
    /* Who watches anew is told at once, whatever was remembered. */
    gy__io_unwatch(loop, &a.io);
    a.io.on_event = on_event;
    a.io.ready = GY__IN | GY__OUT;
    assert_int_equal(gy__io_watch(loop, &a.io), 0);
    assert_int_equal(told(&a), GY__OUT);
    gy__io_unwatch(loop, &a.io);
    close_pair(fds);
}

static void a_change_is_told_once(void **state)
{
    (void)state;
    with_each(tell_changes);
}

static void tell_room(void)
{
    static char page[4096];
    int fds[2];
    struct seen a;
    open_pair(fds);
    watch(&a, fds[0]);
    assert_int_equal(told(&a), GY__OUT);
    for (int i = 0; i < 2; i++) {
        while (write(fds[0], page, sizeof page) > 0)
            ;
        a.io.ready &= (uint8_t)~GY__OUT;
        assert_int_equal(told(&a), 0);
        while (read(fds[1], page, sizeof page) > 0)
            ;
        assert_int_equal(told(&a), GY__OUT);
        assert_int_equal(told(&a), 0);
    }
    gy__io_unwatch(loop, &a.io);
    close_pair(fds);
}

static void room_to_write_is_told(void **state)
{
    (void)state;
    with_each(tell_room);
}

static void tell_ends(void)
{
    int fds[2];
    struct seen a;
    open_pair(fds);
    watch(&a, fds[0]);
    assert_int_equal(told(&a), GY__OUT);
    assert_int_equal(shutdown(fds[1], SHUT_WR), 0);
    assert_int_equal(told(&a) & ~(unsigned)GY__OUT, GY__IN | GY__HUP);
    assert_int_equal(told(&a), 0);
    close(fds[1]);
    assert_true(told(&a) & GY__IN);
    for (int i = 0; i < 3; i++)
        assert_int_equal(told(&a), 0);
    gy__io_unwatch(loop, &a.io);
    close(fds[0]);
}

static void an_end_is_told_once(void **state)
{
    (void)state;
    with_each(tell_ends);
}

static void tell_errors(void)
{
    int fds[2];
    struct seen a;
    struct linger at_once = {.l_onoff = 1};
    struct sockaddr_storage to;
    socklen_t len = sizeof to;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&to, &len), 0);
    fds[0] = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fds[0], (struct sockaddr *)&to, len), 0);
    assert_true((fds[1] = accept(listener, NULL, NULL)) >= 0);
    watch(&a, fds[0]);
    assert_int_equal(told(&a), GY__OUT);
    setsockopt(fds[1], SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(fds[1]);
    assert_int_equal(told(&a), GY__IN | GY__OUT | GY__HUP | GY__ERR);
    for (int i = 0; i < 3; i++)
        assert_int_equal(told(&a), 0);
    gy__io_unwatch(loop, &a.io);
    close(fds[0]);
    close(listener);
}

static void a_broken_connection_is_told_once(void **state)
{
    (void)state;
    with_each(tell_errors);
}

static void tell_levels(void)
{
    char c;
    int fds[2];
    struct seen a, b;
    open_pair(fds);
    watch(&a, fds[0]);
    gy__io_unwatch(loop, &a.io);
    a.io.on_event = on_event;
    a.io.shared = true;
    assert_int_equal(gy__io_watch(loop, &a.io), 0);
    watch(&b, fds[1]);
    gy__io_unwatch(loop, &b.io);
    b.io.on_event = on_event;
    b.io.level = GY_WRITABLE;
    assert_int_equal(gy__io_watch(loop, &b.io), 0);
    assert_int_equal(told(&a), 0);
    assert_int_equal(write(fds[1], "x", 1), 1);
    for (int i = 0; i < 3; i++) {
        b.events = 0;
        assert_int_equal(told(&a), GY__IN);
        assert_int_equal(b.events, GY__OUT);
    }
    assert_int_equal(read(fds[0], &c, 1), 1);
    assert_int_equal(told(&a), 0);
    assert_int_equal(told(&b), GY__OUT);
    gy__io_unwatch(loop, &a.io);
    gy__io_unwatch(loop, &b.io);
    close_pair(fds);
}

static void levels_are_told_while_they_last(void **state)
{
    (void)state;
    with_each(tell_levels);
}

static struct seen many[MANY];
static int pairs[MANY][2];

static void check_many(int every)
{
    for (int i = 0; i < MANY; i++) {
        bool here = many[i].io.watched;
        assert_int_equal(many[i].events & GY__IN ? 1 : 0, here && i % every == 0);
        assert_int_equal(many[i].calls, here && i % every == 0);
    }
}

static void forget_many(void)
{
    for (int i = 0; i < MANY; i++) {
        many[i].events = 0;
        many[i].calls = 0;
    }
}

/* More than a batch. */
static void until_quiet(void)
{
    for (int i = 0; i < 2 * MANY / 256; i++)
        turn();
}

static void write_many(int every)
{
    for (int i = 0; i < MANY; i += every)
        assert_int_equal(write(pairs[i][1], "x", 1), 1);
}

static void read_many(void)
{
    char c;
    for (int i = 0; i < MANY; i++) {
        while (read(pairs[i][0], &c, 1) > 0)
            ;
        many[i].io.ready &= (uint8_t)~GY__IN;
    }
}

static void watch_many(void)
{
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(pipe2(pairs[i], O_NONBLOCK | O_CLOEXEC), 0);
        watch(&many[i], pairs[i][0]);
    }
    until_quiet();
    forget_many();
    write_many(3);
    until_quiet();
    check_many(3);
    /* Many leave, and others take the numbers that they had. */
    for (int i = 0; i < MANY; i++)
        if (i % 4)
            gy__io_unwatch(loop, &many[i].io);
    read_many();
    forget_many();
    write_many(1);
    until_quiet();
    check_many(1);
    read_many();
    for (int i = 0; i < MANY; i++)
        if (i % 4)
            watch(&many[i], pairs[i][0]);
    until_quiet();
    forget_many();
    write_many(2);
    until_quiet();
    check_many(2);
    for (int i = 0; i < MANY; i++) {
        gy__io_unwatch(loop, &many[i].io);
        close_pair(pairs[i]);
    }
}

static void thousands_are_watched(void **state)
{
    (void)state;
    struct rlimit before, enough;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    enough = (struct rlimit){2 * MANY + 100, before.rlim_max};
    if (before.rlim_max < enough.rlim_cur)
        skip();
    if (before.rlim_cur < enough.rlim_cur)
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &enough), 0);
    with_each(watch_many);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

/* Each of three that are told in one turn forgets the next one, and the last is watched anew. */
static struct seen three[3];

static void forget_next(struct gy__io *io, unsigned events)
{
    on_event(io, events);
    for (int i = 0; i < 3; i++) {
        struct seen *other = &three[i];
        if (&other->io == io)
            continue;
        gy__io_unwatch(loop, &other->io);
        other->io.on_event = on_event;
        assert_int_equal(gy__io_watch(loop, &other->io), 0);
    }
}

static void change_while_telling(void)
{
    int fds[3][2], calls = 0;
    for (int i = 0; i < 3; i++) {
        open_pair(fds[i]);
        watch(&three[i], fds[i][0]);
        three[i].io.on_event = forget_next;
    }
    turn();
    for (int i = 0; i < 3; i++)
        calls += three[i].calls;
    assert_int_equal(calls, 1);
    turn();
    for (int i = 0; i < 3; i++) {
        assert_int_equal(three[i].calls, 1);
        assert_int_equal(three[i].events, GY__OUT);
    }
    for (int i = 0; i < 3; i++) {
        gy__io_unwatch(loop, &three[i].io);
        close_pair(fds[i]);
    }
}

static void what_is_forgotten_meanwhile_is_not_told(void **state)
{
    (void)state;
    with_each(change_while_telling);
}

static int watch_some(void *arg)
{
    static struct seen some[200];
    int e = 0, n = 0, fd = *(int *)arg;
    gy_loop *l = gy_loop_new();
    if (!l)
        return -errno;
    for (; !e && n < 200; n++) {
        gy__io_init(&some[n].io, fcntl(fd, F_DUPFD_CLOEXEC, 300));
        some[n].io.on_event = on_event;
        e = gy__io_watch(l, &some[n].io);
    }
    if (!e)
        e = gy_loop_turn(l, 0);
    while (n-- > 0) {
        gy__io_unwatch(l, &some[n].io);
        close(some[n].io.fd);
    }
    gy_loop_free(l);
    return e;
}

static void without_memory_it_says_so(void **state)
{
    (void)state;
    int fds[2], before = count_descriptors();
    open_pair(fds);
    for (int i = 0; i < ALL; i++)
        if (gy_loop_use_poller(all[i]) == 0)
            sweep_allocations(watch_some, &fds[0]);
    assert_int_equal(gy_loop_use_poller(NULL), 0);
    close_pair(fds);
    assert_int_equal(count_descriptors(), before);
}

static int wait_for_either(void *arg)
{
    int *fds = arg;
    char c;
    while (read(fds[0], &c, 1) > 0)
        ;
    c = 'x';
    int e = gy_wait_fd(fds[0], GY_READABLE, 1);
    if (e != GY_ETIMEDOUT)
        return e < 0 ? e : GY_EINVAL;
    if (write(fds[1], &c, 1) != 1)
        return -errno;
    e = gy_wait_fd(fds[0], GY_READABLE, 1);
    if (e < 0)
        return e;
    return read(fds[0], &c, 1) == 1 ? 0 : -errno;
}

static void every_wait_may_be_cancelled(void **state)
{
    (void)state;
    int fds[2];
    for (int i = 0; i < ALL; i++) {
        if (gy_loop_use_poller(all[i]))
            continue;
        open_pair(fds);
        assert_true(sweep_waits(wait_for_either, fds) >= 1);
        sweep_task_allocations(wait_for_either, fds);
        close_pair(fds);
    }
    assert_int_equal(gy_loop_use_poller(NULL), 0);
}

static void the_table_of_descriptors(void **state)
{
    (void)state;
    int fds[2];
    struct gy__poller_fds f = {.slots = NULL};
    open_pair(fds);
    int far = fcntl(fds[0], F_DUPFD_CLOEXEC, 700);
    assert_int_equal(gy__poller_fds_del(&f, fds[0]), 0);
    assert_int_equal(gy__poller_fds_add(&f, fds[0], 1), 0);
    assert_int_equal(gy__poller_fds_add(&f, far, 7), 0);
    assert_int_equal(gy__poller_fds_add(&f, far, 8), -EEXIST);
    assert_int_equal(gy__poller_fds_add(&f, -1, 8), -EBADF);
    assert_int_equal(gy__poller_fds_del(&f, fds[1]), 0);
    assert_int_equal(gy__poller_fds_del(&f, -1), 0);
    assert_int_equal(gy__poller_fds_del(&f, 1 << 20), 0);
    assert_int_equal(gy__poller_fds_del(&f, far), 7);
    assert_int_equal(gy__poller_fds_del(&f, far), 0);
    assert_int_equal(gy__poller_fds_del(&f, fds[0]), 1);
    gy__poller_fds_done(&f);
    close(far);
    close_pair(fds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_is_chosen_by_name),
        cmocka_unit_test(the_environment_names_the_default),
        cmocka_unit_test(what_cannot_be_watched_is_refused),
        cmocka_unit_test(a_change_is_told_once),
        cmocka_unit_test(room_to_write_is_told),
        cmocka_unit_test(an_end_is_told_once),
        cmocka_unit_test(a_broken_connection_is_told_once),
        cmocka_unit_test(levels_are_told_while_they_last),
        cmocka_unit_test(thousands_are_watched),
        cmocka_unit_test(what_is_forgotten_meanwhile_is_not_told),
        cmocka_unit_test(without_memory_it_says_so),
        cmocka_unit_test(every_wait_may_be_cancelled),
        cmocka_unit_test(the_table_of_descriptors),
    };
    atomic_store(&gy__alloc_counting, true);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
