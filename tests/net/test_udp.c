/* SPDX-License-Identifier: MIT */
/* test_udp.c - datagrams, over loopback and unix sockets. */
#include "net/udp.h"
#include "support/fake_clock.h"
#include "support/sweep.h"
#include "support/unix_name.h"

#include <gyre/error.h>
#include <gyre/task.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static char why[256];

static gy_udp *open_it(gy_udp_opts opts)
{
    gy_udp *u = NULL;
    if (gy_udp_open(&opts, &u, why, sizeof why))
        fail_msg("%s", why);
    assert_string_equal(why, "");
    return u;
}

static const char *address_of(const gy_udp *u, char out[GY_ADDRESS_MAX])
{
    assert_int_equal(gy_local_address(gy_udp_fd(u), out), 0);
    return out;
}

static void receives(gy_udp *u, const char *expected, const char *from)
{
    char buf[100] = "", who[GY_ADDRESS_MAX];
    ssize_t n = gy_udp_recv(u, buf, sizeof buf, 5, who);
    assert_int_equal(n, strlen(expected));
    assert_memory_equal(buf, expected, strlen(expected));
    if (from)
        assert_string_equal(who, from);
}

static void in_fake_time(int (*body)(void *arg))
{
    int before = count_descriptors();
    assert_int_equal(run_in_fake_time(body, NULL), 0);
    assert_int_equal(count_descriptors(), before);
}

/* -- There and back -------------------------------------------------------------------------------- */

static void there_and_back_at(const char *bind)
{
    char to[GY_ADDRESS_MAX], from[GY_ADDRESS_MAX];
    gy_udp *a = open_it((gy_udp_opts){.bind = bind}), *b = open_it((gy_udp_opts){.bind = bind});
    address_of(a, to);
    address_of(b, from);
    assert_int_equal(gy_udp_send_to(b, to, "one", 3), 0);
    assert_int_equal(gy_udp_send_to(b, to, "", 0), 0);
    assert_int_equal(gy_udp_send_to(b, to, "three", 5), 0);
    receives(a, "one", from);
    receives(a, "", from);
    receives(a, "three", from);
    assert_int_equal(gy_udp_send_to(a, from, "back", 4), 0);
    receives(b, "back", to);
    gy_udp_close(a);
    gy_udp_close(b);
}

static bool has_ip6(void)
{
    gy_udp *u;
    int e = gy_udp_open(&(gy_udp_opts){.bind = "[::1]:0"}, &u, why, sizeof why);
    if (!e)
        gy_udp_close(u);
    return e == 0;
}

static int there_and_back(void *unused)
{
    (void)unused;
    there_and_back_at("127.0.0.1:0");
    if (has_ip6())
        there_and_back_at("[::1]:0");
    return 0;
}

static void datagrams_go_there_and_back(void **state)
{
    (void)state;
    in_fake_time(there_and_back);
}

static void exchange_with(gy_udp *all, const char *mine, const char *address)
{
    char to[GY_ADDRESS_MAX], from[GY_ADDRESS_MAX];
    gy_udp *u = open_it((gy_udp_opts){.bind = mine});
    snprintf(to, sizeof to, "%s:%d", address, gy_local_port(gy_udp_fd(all)));
    address_of(u, from);
    assert_int_equal(gy_udp_send_to(u, to, "hello", 5), 0);
    receives(all, "hello", from);
    assert_int_equal(gy_udp_send_to(all, from, "bye", 3), 0);
    receives(u, "bye", to);
    gy_udp_close(u);
}

static int both_families(void *unused)
{
    (void)unused;
    static const char *const binds[] = {NULL, "*:0", "[::]:0"};
    for (size_t i = 0; i < (has_ip6() ? 3 : 2); i++) {
        gy_udp *all = open_it((gy_udp_opts){.bind = binds[i]});
        exchange_with(all, "127.0.0.1:0", "127.0.0.1");
        if (has_ip6())
            exchange_with(all, "[::1]:0", "[::1]");
        gy_udp_close(all);
    }
    return 0;
}

static void one_socket_takes_both_families(void **state)
{
    (void)state;
    in_fake_time(both_families);
}

static int unix_datagrams(void *unused)
{
    (void)unused;
    char path[64], address[80], me[GY_ADDRESS_MAX];
    struct stat st;
    snprintf(path, sizeof path, "/tmp/gyre-udp-%d", (int)getpid());
    snprintf(address, sizeof address, "unix:%s", path);
    gy_udp *u = open_it((gy_udp_opts){.bind = address});
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_true(S_ISSOCK(st.st_mode));

    /* The kernel makes up a name for who has none, so that it can be answered. */
    gy_udp *peer = open_it((gy_udp_opts){.peer = address});
    address_of(peer, me);
    assert_memory_equal(me, "unix:@", 6);
    assert_int_equal(gy_udp_send(peer, "hello", 5), 0);
    receives(u, "hello", me);
    assert_int_equal(gy_udp_send_to(u, me, "bye", 3), 0);
    receives(peer, "bye", address);

    /* Who has no name at all. */
    int nameless = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct gy__addr a;
    assert_int_equal(gy__addr_unix(path, &a), 0);
    assert_int_equal(sendto(nameless, "x", 1, 0, &a.any, a.len), 1);
    receives(u, "x", "unix:");
    assert_int_equal(gy_udp_send_to(u, "unix:", "x", 1), GY_EINVAL);
    close(nameless);

    gy_udp *second;
    assert_int_equal(gy_udp_open(&(gy_udp_opts){.bind = address}, &second, why, sizeof why),
                     -EADDRINUSE);
    gy_udp_close(peer);
    gy_udp_close(u);
    assert_int_equal(access(path, F_OK), -1);
    return 0;
}

static void unix_sockets_have_datagrams_too(void **state)
{
    (void)state;
    in_fake_time(unix_datagrams);
}

static int stale_file(void *unused)
{
    (void)unused;
    char path[64], address[80];
    snprintf(path, sizeof path, "/tmp/gyre-udp-%d", (int)getpid());
    snprintf(address, sizeof address, "unix:%s", path);
    struct gy__addr a;
    assert_int_equal(gy__addr_unix(path, &a), 0);
    int dead = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(dead, &a.any, a.len), 0);
    close(dead);
    gy_udp *u = open_it((gy_udp_opts){.bind = address, .unix_mode = 0622});
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0622);

    /* One that somebody put in its place stays. */
    assert_int_equal(unlink(path), 0);
    gy_udp *next = open_it((gy_udp_opts){.bind = address});
    gy_udp_close(u);
    assert_int_equal(access(path, F_OK), 0);
    gy_udp_close(next);
    assert_int_equal(access(path, F_OK), -1);
    return 0;
}

static void a_stale_file_is_replaced(void **state)
{
    (void)state;
    in_fake_time(stale_file);
}

/* -- With a peer ------------------------------------------------------------------------------------- */

static int with_a_peer(void *unused)
{
    (void)unused;
    char to[GY_ADDRESS_MAX], me[GY_ADDRESS_MAX], name[64];
    gy_udp *server = open_it((gy_udp_opts){.bind = "127.0.0.1:0"});
    gy_udp *other = open_it((gy_udp_opts){.bind = "127.0.0.1:0"});
    address_of(server, to);
    gy_udp *u = open_it((gy_udp_opts){.peer = to});
    address_of(u, me);
    assert_int_equal(gy_udp_send(u, "hello", 5), 0);
    receives(server, "hello", me);
    /* What others send does not come. */
    assert_int_equal(gy_udp_send_to(other, me, "no", 2), 0);
    assert_int_equal(gy_udp_send_to(server, me, "yes", 3), 0);
    receives(u, "yes", to);
    assert_int_equal(gy_udp_send_to(u, to, "x", 1), GY_EINVAL);
    gy_udp_close(u);

    snprintf(name, sizeof name, "localhost:%d", gy_local_port(gy_udp_fd(server)));
    u = open_it((gy_udp_opts){.peer = name, .bind = "127.0.0.1:0"});
    assert_int_equal(gy_udp_send(u, "name", 4), 0);
    receives(server, "name", NULL);
    gy_udp_close(u);
    /* IPv4 through a socket for both. */
    u = open_it((gy_udp_opts){.peer = to, .bind = "*:0"});
    assert_int_equal(gy_udp_send(u, "both", 4), 0);
    receives(server, "both", NULL);
    gy_udp_close(u);
    gy_udp_close(other);
    gy_udp_close(server);
    return 0;
}

static void a_socket_may_have_a_peer(void **state)
{
    (void)state;
    in_fake_time(with_a_peer);
}

static int nobody_there(void *unused)
{
    (void)unused;
    char to[GY_ADDRESS_MAX], buf[10];
    gy_udp *server = open_it((gy_udp_opts){.bind = "127.0.0.1:0"});
    address_of(server, to);
    gy_udp_close(server);
    gy_udp *u = open_it((gy_udp_opts){.peer = to});
    for (int i = 0; i < 3; i++) {
        assert_int_equal(gy_udp_send(u, "x", 1), 0);
        assert_int_equal(gy_udp_recv(u, buf, sizeof buf, 5, NULL), -ECONNREFUSED);
        assert_int_equal(gy_udp_recv(u, buf, sizeof buf, 5, NULL), GY_ETIMEDOUT);
    }
    assert_int_equal(gy_udp_send(u, "x", 1), 0);
    assert_int_equal(gy_udp_send(u, "x", 1), -ECONNREFUSED);
    gy_udp_close(u);
    return 0;
}

static void a_peer_that_is_not_there_refuses(void **state)
{
    (void)state;
    in_fake_time(nobody_there);
}

/* -- Sizes, times, and who may wait -------------------------------------------------------------------- */

static int sizes(void *unused)
{
    (void)unused;
    static char large[70000];
    char to[GY_ADDRESS_MAX], buf[4] = "";
    gy_udp *u = open_it((gy_udp_opts){.bind = "127.0.0.1:0", .receive_buffer = 1 << 18});
    address_of(u, to);
    assert_int_equal(gy_udp_send_to(u, to, "12345", 5), 0);
    assert_int_equal(gy_udp_send_to(u, to, "1234", 4), 0);
    assert_int_equal(gy_udp_recv(u, buf, sizeof buf, 5, NULL), GY_ETOOBIG);
    assert_int_equal(gy_udp_recv(u, buf, sizeof buf, 5, NULL), 4);
    assert_int_equal(gy_udp_send_to(u, to, large, sizeof large), -EMSGSIZE);
    assert_int_equal(gy_udp_send_to(u, to, large, 60000), 0);
    assert_int_equal(gy_udp_recv(u, large, sizeof large, 5, NULL), 60000);
    assert_int_equal(gy_udp_send_to(u, to, "", 0), 0);
    assert_int_equal(gy_udp_recv(u, NULL, 0, 5, NULL), 0);
    static const char *const bad[] = {"", "localhost", "name:80", "127.0.0.1", "::1:80"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(gy_udp_send_to(u, bad[i], "x", 1), GY_EINVAL);
    assert_int_equal(gy_udp_send(u, "x", 1), -EDESTADDRREQ);
    gy_udp_close(u);
    return 0;
}

static void what_does_not_fit_is_told(void **state)
{
    (void)state;
    in_fake_time(sizes);
}

struct waiter {
    gy_udp *u;
    double timeout;
    ssize_t result;
};

static int wait_for_one(void *arg)
{
    struct waiter *w = arg;
    char buf[10];
    w->result = gy_udp_recv(w->u, buf, sizeof buf, w->timeout, NULL);
    return 0;
}

static int times(void *unused)
{
    (void)unused;
    char to[GY_ADDRESS_MAX];
    gy_loop *loop = gy_loop_current();
    gy_udp *u = open_it((gy_udp_opts){.bind = "127.0.0.1:0"});
    struct waiter w = {.u = u, .timeout = 2}, never = {.u = u, .timeout = GY_FOREVER};
    double before = gy_loop_now(loop);
    wait_for_one(&w);
    assert_int_equal(w.result, GY_ETIMEDOUT);
    assert_true(gy_loop_now(loop) - before >= 2);
    w.timeout = 0;
    wait_for_one(&w);
    assert_int_equal(w.result, GY_ETIMEDOUT);
    assert_int_equal(gy_udp_send_to(u, address_of(u, to), "x", 1), 0);
    wait_for_one(&w);
    assert_int_equal(w.result, 1);

    /* One at a time. */
    gy_task *t = gy_task_new(loop, wait_for_one, &never, NULL);
    assert_non_null(t);
    gy_sleep(1);
    wait_for_one(&w);
    assert_int_equal(w.result, GY_EBUSY);
    gy_task_cancel(t);
    assert_int_equal(gy_task_join(t), 0);
    assert_int_equal(never.result, GY_ECANCELED);

    t = gy_task_new(loop, wait_for_one, &never, NULL);
    assert_non_null(t);
    gy_sleep(1);
    gy_udp_close(u);
    assert_int_equal(gy_task_join(t), 0);
    assert_int_equal(never.result, GY_ECLOSED);
    gy_udp_close(NULL);
    return 0;
}

static void waits_end_in_time_by_cancellation_and_by_the_close(void **state)
{
    (void)state;
    in_fake_time(times);
}

static int flood(void *arg)
{
    gy_udp *u = arg;
    char buf[10], to[GY_ADDRESS_MAX];
    address_of(u, to);
    for (;;) {
        int e = gy_udp_send_to(u, to, "x", 1);
        ssize_t n = e ? e : gy_udp_recv(u, buf, sizeof buf, GY_FOREVER, NULL);
        if (n < 0)
            return (int)n;
    }
}

static int be_fair(void *unused)
{
    (void)unused;
    gy_udp *u = open_it((gy_udp_opts){.bind = "127.0.0.1:0"});
    gy_task *t = gy_task_new(gy_loop_current(), flood, u, NULL);
    assert_non_null(t);
    for (int i = 0; i < 3; i++)
        gy_yield();
    gy_task_cancel(t);
    assert_int_equal(gy_task_join(t), GY_ECANCELED);
    gy_udp_close(u);
    return 0;
}

static void what_comes_without_end_lets_others_go_on(void **state)
{
    (void)state;
    in_fake_time(be_fair);
}

static int take_slowly(void *arg)
{
    char buf[10];
    int n = 0;
    gy_sleep(1);
    while (gy_udp_recv(arg, buf, sizeof buf, 1, NULL) == 1)
        n++;
    return n;
}

/* A queue of a unix socket is short, and who sends waits for room. */
static int wait_for_room(void *unused)
{
    (void)unused;
    const char *name = unix_address("udp"), *sender = unix_address("udp-sender");
    enum { MANY = 2000 };
    for (int with_peer = 0; with_peer < 2; with_peer++) {
        gy_udp *to = open_it((gy_udp_opts){.bind = name});
        gy_udp *u = open_it(
            (gy_udp_opts){.bind = with_peer ? NULL : sender, .peer = with_peer ? name : NULL});
        gy_task *t = gy_task_new(gy_loop_current(), take_slowly, to, NULL);
        assert_non_null(t);
        for (int i = 0; i < MANY; i++)
            assert_int_equal(with_peer ? gy_udp_send(u, "x", 1) : gy_udp_send_to(u, name, "x", 1),
                             0);
        assert_int_equal(gy_task_join(t), MANY);
        gy_udp_close(u);
        gy_udp_close(to);
    }
    return 0;
}

static void who_sends_waits_for_room(void **state)
{
    (void)state;
    in_fake_time(wait_for_room);
}

/* -- Options ----------------------------------------------------------------------------------------- */

static void refused(gy_udp_opts opts, int code, const char *part)
{
    gy_udp *u;
    assert_int_equal(gy_udp_open(&opts, &u, why, sizeof why), code);
    if (!strstr(why, part))
        fail_msg("\"%s\" does not say \"%s\"", why, part);
}

static int bad_options(void *unused)
{
    (void)unused;
    char used[GY_ADDRESS_MAX];
    gy_udp *u = open_it((gy_udp_opts){.bind = "127.0.0.1:0"});
    address_of(u, used);
    refused((gy_udp_opts){.bind = used}, -EADDRINUSE, used);
    refused((gy_udp_opts){.bind = "name:80"}, GY_EINVAL, "name:80 is no address");
    refused((gy_udp_opts){.bind = "127.0.0.1"}, GY_EINVAL, "127.0.0.1 is no address");
    refused((gy_udp_opts){.bind = "203.0.113.77:0"}, -EADDRNOTAVAIL, "203.0.113.77");
    refused((gy_udp_opts){.peer = "na me:80"}, GY_EINVAL, "na me");
    refused((gy_udp_opts){.peer = "127.0.0.1"}, GY_EINVAL, "is no peer");
    refused((gy_udp_opts){.peer = "unix:@x", .bind = "127.0.0.1:0"}, GY_EINVAL, "is no peer");
    refused((gy_udp_opts){.peer = "[::1]:80", .bind = "127.0.0.1:0"}, GY_ENOTFOUND, "::1");
    refused((gy_udp_opts){.peer = "unix:/nonexistent/socket"}, -ENOENT, "/nonexistent/socket");
    refused((gy_udp_opts){.bind = "unix:/nonexistent/socket"}, -ENOENT, "/nonexistent/socket");
    refused((gy_udp_opts){.join = "group"}, GY_EINVAL, "group is no IP address");
    refused((gy_udp_opts){.join = "10.0.0.1"}, GY_EINVAL, "cannot join the group 10.0.0.1");
    refused((gy_udp_opts){.interface = "none0"}, -ENODEV, "no interface none0");
    refused((gy_udp_opts){.bind = "127.0.0.1:0", .ttl = 999}, GY_EINVAL, "socket");
    assert_int_equal(gy_udp_open(&(gy_udp_opts){.bind = "x"}, &u, NULL, 0), GY_EINVAL);
    gy_udp_close(u);
    return 0;
}

static void bad_options_are_sentences(void **state)
{
    (void)state;
    gy_udp *u;
    in_fake_time(bad_options);
    assert_int_equal(gy_udp_open(NULL, &u, why, sizeof why), GY_ENOTASK);
}

static int is_on(gy_udp *u, int name)
{
    int on = 0;
    socklen_t len = sizeof on;
    assert_int_equal(getsockopt(gy_udp_fd(u), SOL_SOCKET, name, &on, &len), 0);
    return on;
}

static int socket_options(void *unused)
{
    (void)unused;
    char to[GY_ADDRESS_MAX];
    gy_udp *u = open_it((gy_udp_opts){.bind = "127.0.0.1:0"});
    assert_false(is_on(u, SO_BROADCAST));
    assert_int_equal(gy_udp_send_to(u, "255.255.255.255:9", "x", 1), -EACCES);
    gy_udp_close(u);

    u = open_it((gy_udp_opts){
        .bind = "127.0.0.1:0", .broadcast = true, .reuse_port = true, .receive_buffer = 20000});
    assert_true(is_on(u, SO_BROADCAST));
    assert_int_equal(is_on(u, SO_RCVBUF), 40000);
    address_of(u, to);
    gy_udp *second = open_it((gy_udp_opts){.bind = to, .reuse_port = true});
    gy_udp_close(second);
    gy_udp_close(u);
    return 0;
}

static void options_reach_the_socket(void **state)
{
    (void)state;
    in_fake_time(socket_options);
}

/* -- Groups ------------------------------------------------------------------------------------------- */

static char no_groups[300];

static void send_to_group(const char *group, const char *bind, const char *sender)
{
    char to[GY_ADDRESS_MAX];
    gy_udp *member, *u;
    gy_udp_opts opts = {.bind = bind, .join = group, .interface = "lo"};
    if (gy_udp_open(&opts, &member, why, sizeof why)) {
        snprintf(no_groups, sizeof no_groups, "%s", why);
        return;
    }
    snprintf(to, sizeof to, strchr(group, ':') ? "[%s]:%d" : "%s:%d", group,
             gy_local_port(gy_udp_fd(member)));
    u = open_it((gy_udp_opts){.bind = sender, .interface = "lo", .ttl = 1});
    int e = gy_udp_send_to(u, to, "all", 3);
    if (e)
        snprintf(no_groups, sizeof no_groups, "cannot send to %s: %s", to, gy_strerror(e));
    else
        receives(member, "all", NULL);
    gy_udp_close(u);
    gy_udp_close(member);
}

static int groups4(void *unused)
{
    (void)unused;
    send_to_group("239.255.77.77", "0.0.0.0:0", "127.0.0.1:0");
    send_to_group("239.255.77.77", "*:0", "127.0.0.1:0");
    return 0;
}

static int groups6(void *unused)
{
    (void)unused;
    if (has_ip6())
        send_to_group("ff01::7777", "[::]:0", "[::1]:0");
    else
        snprintf(no_groups, sizeof no_groups, "it has no IPv6");
    return 0;
}

static void or_skip(int (*body)(void *arg))
{
    no_groups[0] = 0;
    in_fake_time(body);
    if (no_groups[0]) {
        print_message("no groups on this machine: %s\n", no_groups);
        skip();
    }
}

static void members_get_what_is_sent_to_their_group(void **state)
{
    (void)state;
    or_skip(groups4);
}

static void members_get_it_over_ip_version_6(void **state)
{
    (void)state;
    or_skip(groups6);
}

/* -- Serving ------------------------------------------------------------------------------------------- */

enum { CLIENTS = 20 };

struct service {
    gy_udp *u;
    size_t limit;
    int seen, at_once, most, ended, result;
    double takes;
};

static int answer(gy_udp *u, gy_str data, const char *from, void *arg)
{
    struct service *s = arg;
    s->seen++;
    assert_int_equal(data.ptr[data.len], 0);
    if (++s->at_once > s->most)
        s->most = s->at_once;
    int e = s->takes > 0 ? gy_sleep(s->takes) : 0;
    s->at_once--;
    s->ended++;
    return e ? e : gy_udp_send_to(u, from, data.ptr, data.len);
}

static int serve(void *arg)
{
    struct service *s = arg;
    s->result = gy_udp_serve(s->u, s->limit, answer, s);
    return 0;
}

static int serve_some(void *unused)
{
    (void)unused;
    char to[GY_ADDRESS_MAX], text[20];
    struct service s = {.u = open_it((gy_udp_opts){.bind = "127.0.0.1:0"}), .limit = 4, .takes = 1};
    gy_udp *u = open_it((gy_udp_opts){.peer = address_of(s.u, to)});
    gy_task *t = gy_task_new(gy_loop_current(), serve, &s, NULL);
    assert_non_null(t);
    for (int i = 0; i < CLIENTS; i++) {
        snprintf(text, sizeof text, "nr %d", i);
        assert_int_equal(gy_udp_send(u, text, strlen(text)), 0);
    }
    for (int i = 0; i < CLIENTS; i++) {
        snprintf(text, sizeof text, "nr %d", i);
        receives(u, text, to);
    }
    assert_int_equal(s.seen, CLIENTS);
    assert_int_equal(s.most, 4);

    /* Closed: those under way end by themselves. */
    assert_int_equal(gy_udp_send(u, "x", 1), 0);
    gy_sleep(0.5);
    assert_int_equal(s.at_once, 1);
    gy_udp_close(s.u);
    assert_int_equal(gy_task_join(t), 0);
    assert_int_equal(s.result, GY_ECLOSED);
    assert_int_equal(s.ended, CLIENTS + 1);
    gy_udp_close(u);
    return 0;
}

static void each_datagram_has_a_task(void **state)
{
    (void)state;
    in_fake_time(serve_some);
}

static int cancel_service(void *unused)
{
    (void)unused;
    char to[GY_ADDRESS_MAX];
    for (int many = 1; many <= 3; many++) { /* with 3 it waits for a place */
        struct service s = {
            .u = open_it((gy_udp_opts){.bind = "127.0.0.1:0"}), .limit = 2, .takes = 1000};
        gy_udp *u = open_it((gy_udp_opts){.peer = address_of(s.u, to)});
        gy_task *t = gy_task_new(gy_loop_current(), serve, &s, NULL);
        assert_non_null(t);
        for (int i = 0; i < many; i++)
            assert_int_equal(gy_udp_send(u, "x", 1), 0);
        gy_sleep(1);
        gy_task_cancel(t);
        assert_int_equal(gy_task_join(t), 0);
        assert_int_equal(s.result, GY_ECANCELED);
        assert_int_equal(s.at_once, 0);
        assert_int_equal(s.ended, many < 2 ? many : 2);
        gy_udp_close(s.u);
        gy_udp_close(u);
    }
    return 0;
}

static void with_the_server_its_tasks_are_cancelled(void **state)
{
    (void)state;
    in_fake_time(cancel_service);
    struct service s = {.limit = 1};
    assert_int_equal(gy_udp_serve(s.u, 1, answer, &s), GY_ENOTASK);
}

/* -- Sweeps -------------------------------------------------------------------------------------------- */

static int ask_service(void *unused)
{
    (void)unused;
    char to[GY_ADDRESS_MAX], buf[10];
    struct service s = {.limit = 1, .takes = 0.1};
    gy_udp *u = NULL;
    gy_task *t = NULL;
    ssize_t n = gy_udp_open(&(gy_udp_opts){.bind = "127.0.0.1:0"}, &s.u, why, sizeof why);
    if (n)
        return (int)n;
    address_of(s.u, to);
    n = gy_udp_open(&(gy_udp_opts){.peer = to}, &u, why, sizeof why);
    if (!n && !(t = gy_task_new(gy_loop_current(), serve, &s, NULL)))
        n = GY_ENOMEM;
    for (int i = 0; i < 3 && n >= 0; i++)
        n = gy_udp_send(u, "x", 1);
    for (int i = 0; i < 3 && n >= 0; i++)
        n = gy_udp_recv(u, buf, sizeof buf, 5, NULL);
    gy_udp_close(s.u);
    if (t)
        gy_task_join(t);
    gy_udp_close(u);
    return n < 0 ? (int)n : 0;
}

static void every_wait_may_be_cancelled(void **state)
{
    (void)state;
    assert_true(sweep_waits(ask_service, NULL) >= 6);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    sweep_task_allocations(ask_service, NULL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(datagrams_go_there_and_back),
        cmocka_unit_test(one_socket_takes_both_families),
        cmocka_unit_test(unix_sockets_have_datagrams_too),
        cmocka_unit_test(a_stale_file_is_replaced),
        cmocka_unit_test(a_socket_may_have_a_peer),
        cmocka_unit_test(a_peer_that_is_not_there_refuses),
        cmocka_unit_test(what_does_not_fit_is_told),
        cmocka_unit_test(waits_end_in_time_by_cancellation_and_by_the_close),
        cmocka_unit_test(what_comes_without_end_lets_others_go_on),
        cmocka_unit_test(who_sends_waits_for_room),
        cmocka_unit_test(bad_options_are_sentences),
        cmocka_unit_test(options_reach_the_socket),
        cmocka_unit_test(members_get_what_is_sent_to_their_group),
        cmocka_unit_test(members_get_it_over_ip_version_6),
        cmocka_unit_test(each_datagram_has_a_task),
        cmocka_unit_test(with_the_server_its_tasks_are_cancelled),
        cmocka_unit_test(every_wait_may_be_cancelled),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
