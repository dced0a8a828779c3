/* SPDX-License-Identifier: MIT */
/* Transports: memory and sockets behave alike. */
#include "net/transport.h"

#include "base/alloc.h"
#include "loop/state.h"

#include <errno.h>
#include <gyre/error.h>
#include <gyre/testing.h>
#include <sys/socket.h>
#include <unistd.h>

static void memory_pair(gy_test *t, struct gy__transport *out[2])
{
    GY_CHECK_INT(gy__transport_memory_pair(gy_test_loop(t), 100, out), 0);
}

static void socket_pair(gy_test *t, struct gy__transport *out[2])
{
    int fd[2];
    GY_CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd), 0);
    for (int i = 0; i < 2; i++)
        GY_CHECK_INT(gy__transport_socket_new(gy_test_loop(t), fd[i], &out[i]), 0);
    gy_test_settle(t);
}

typedef void make_pair(gy_test *t, struct gy__transport *out[2]);
static make_pair *const makers[] = {memory_pair, socket_pair};

static ssize_t put(struct gy__transport *t, const char *bytes)
{
    struct iovec two[2] = {{(void *)(uintptr_t)bytes, 1},
                           {(void *)(uintptr_t)(bytes + 1), strlen(bytes) - 1}};
    return t->ops->writev(t, two, 2);
}

static void close_both(struct gy__transport *t[2])
{
    t[0]->ops->close(t[0]);
    t[1]->ops->close(t[1]);
}

GY_TEST(bytes_go_both_ways)
{
    for (size_t i = 0; i < 2; i++) {
        struct gy__transport *p[2];
        char buf[10];
        makers[i](t, p);
        GY_CHECK_INT(p[0]->ops->read(p[0], buf, 10), -EAGAIN);
        GY_CHECK_INT(put(p[0], "abc"), 3);
        GY_CHECK_INT(put(p[1], "defg"), 4);
        GY_CHECK_INT(p[1]->ops->read(p[1], buf, 2), 2);
        GY_CHECK_INT(p[1]->ops->read(p[1], buf + 2, 8), 1);
        GY_CHECK(memcmp(buf, "abc", 3) == 0);
        GY_CHECK_INT(p[0]->ops->read(p[0], buf, 10), 4);
        GY_CHECK_INT(p[0]->ops->read(p[0], buf, 10), -EAGAIN);
        close_both(p);
    }
}

GY_TEST(an_end_is_seen_after_the_last_byte)
{
    for (size_t i = 0; i < 2; i++) {
        struct gy__transport *p[2];
        char buf[10];
        makers[i](t, p);
        GY_CHECK_INT(put(p[0], "abc"), 3);
        GY_CHECK_INT(p[0]->ops->shutdown(p[0]), 0);
        gy_test_settle(t);
        GY_CHECK(p[1]->io.ready & GY__HUP);
        GY_CHECK_INT(gy__transport_try_read(p[1], buf, 10), 3);
        GY_CHECK_INT(gy__transport_try_read(p[1], buf, 10), 0);
        GY_CHECK_INT(gy__transport_try_read(p[1], buf, 10), 0);
        GY_CHECK_INT(put(p[1], "still"), 5);
        GY_CHECK_INT(put(p[0], "no"), -EPIPE);
        close_both(p);
    }
}

GY_TEST(who_writes_to_one_who_left_is_told)
{
    for (size_t i = 0; i < 2; i++) {
        struct gy__transport *p[2];
        char buf[10];
        makers[i](t, p);
        p[1]->ops->close(p[1]);
        gy_test_settle(t);
        GY_CHECK(p[0]->io.ready & GY__HUP);
        GY_CHECK_INT(gy__transport_error(put(p[0], "abc")), GY_ECLOSED);
        GY_CHECK_INT(p[0]->ops->read(p[0], buf, 10), 0);
        p[0]->ops->close(p[0]);
    }
}

struct copy {
    struct gy__transport *from, *to;
    size_t count;
    int code;
};

static int write_all(void *arg)
{
    struct copy *c = arg;
    static char big[1000000];
    struct iovec pieces[20];
    for (int i = 0; i < 20; i++)
        pieces[i] = (struct iovec){big + i * 50000, 50000};
    c->code = gy__transport_write(c->to, pieces, 20, INT64_MAX);
    c->to->ops->shutdown(c->to);
    return 0;
}

static int read_all(void *arg)
{
    struct copy *c = arg;
    char buf[777];
    ssize_t n;
    while ((n = gy__transport_read(c->from, buf, sizeof buf, INT64_MAX)) > 0)
        c->count += (size_t)n;
    return (int)n;
}

GY_TEST(much_flows_through_little)
{
    for (size_t i = 0; i < 2; i++) {
        struct gy__transport *p[2];
        makers[i](t, p);
        struct copy c = {.from = p[0], .to = p[1], .code = 1};
        gy_task *w = gy_task_new(gy_test_loop(t), write_all, &c, NULL);
        GY_CHECK_INT(gy_test_run(t, read_all, &c), 0);
        GY_CHECK_INT(gy_task_join(w), 0);
        GY_CHECK_INT(c.code, 0);
        GY_CHECK_INT(c.count, 1000000);
        close_both(p);
    }
}

static int write_to_nobody(void *arg)
{
    struct copy *c = arg;
    static char big[10000000];
    struct iovec one = {big, sizeof big};
    c->code = gy__transport_write(c->to, &one, 1, 5 * (int64_t)1000000000);
    return 0;
}

GY_TEST(a_writer_without_a_reader_times_out)
{
    for (size_t i = 0; i < 2; i++) {
        struct gy__transport *p[2];
        makers[i](t, p);
        struct copy c = {.to = p[1]};
        gy_test_clock_auto(t);
        GY_CHECK_INT(gy_test_run(t, write_to_nobody, &c), 0);
        GY_CHECK_INT(c.code, GY_ETIMEDOUT);
        close_both(p);
    }
}

static int read_with_a_deadline(void *arg)
{
    struct copy *c = arg;
    char buf[10];
    c->code =
        (int)gy__transport_read(c->from, buf, 10, gy_task_self() ? gy_loop_current()->now + 1 : 0);
    return 0;
}

GY_TEST(a_reader_without_a_writer_times_out)
{
    for (size_t i = 0; i < 2; i++) {
        struct gy__transport *p[2];
        makers[i](t, p);
        struct copy c = {.from = p[1]};
        gy_test_clock_auto(t);
        GY_CHECK_INT(gy_test_run(t, read_with_a_deadline, &c), 0);
        GY_CHECK_INT(c.code, GY_ETIMEDOUT);
        close_both(p);
    }
}

GY_TEST(errors_of_broken_connections_have_one_name)
{
    GY_CHECK_INT(gy__transport_error(-EPIPE), GY_ECLOSED);
    GY_CHECK_INT(gy__transport_error(-ECONNRESET), GY_ECLOSED);
    GY_CHECK_INT(gy__transport_error(-EIO), -EIO);
}

GY_TEST(memory_may_run_out)
{
    struct gy__transport *p[2];
    for (long n = 0; n < 2; n++) {
        gy_test_fail_alloc(t, n);
        GY_CHECK_INT(gy__transport_memory_pair(gy_test_loop(t), 0, p), GY_ENOMEM);
    }
    GY_CHECK_INT(gy__transport_memory_pair(gy_test_loop(t), 0, p), 0);
    gy_test_fail_alloc(t, 0);
    GY_CHECK_INT(put(p[0], "abc"), -ENOMEM);
    GY_CHECK_INT(put(p[0], "abc"), 3);
    close_both(p);
}

int main(int argc, char **argv)
{
    return gy_test_main(argc, argv);
}
