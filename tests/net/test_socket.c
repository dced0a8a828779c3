/* SPDX-License-Identifier: MIT */
/* test_socket.c - listening sockets, and the sentences when one cannot be had. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <gyre/error.h>
#include <gyre/net.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/socket.h"
#include "support/unix_name.h"

static char folder[64];
static char why[256];

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/gyre-socket-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

static const char *in_folder(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static int must_listen(const gy_listen_opts *opts)
{
    int fd = gy_listen(opts, why, sizeof why);
    if (fd < 0)
        fail_msg("%s", why);
    assert_string_equal(why, "");
    return fd;
}

static void says(int code, int expected, const char *part)
{
    assert_int_equal(code, expected);
    if (!strstr(why, part))
        fail_msg("\"%s\" does not say \"%s\"", why, part);
}

/* Connect to what [fd] listens on and accept it. */
static void reachable(int fd, const char *address)
{
    struct gy__addr a;
    assert_int_equal(gy__addr_parse(address, &a), 0);
    int client = gy__connect_start(&a, NULL);
    assert_true(client >= 0);
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&wait, 1, 10000), 1);
    int server = accept(fd, NULL, NULL);
    assert_true(server >= 0);
    assert_int_equal(gy__connect_result(client), 0);
    close(server);
    close(client);
}

static void test_ip(void **state)
{
    (void)state;
    char address[GY_ADDRESS_MAX];
    int fd = must_listen(&(gy_listen_opts){.address = "127.0.0.1"});
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(gy_local_address(fd, address), 0);
    reachable(fd, address);
    close(fd);
}

static void test_all_addresses(void **state)
{
    (void)state;
    static const char *const names[] = {NULL, "", "*"};
    for (size_t i = 0; i < 3; i++) {
        char address[GY_ADDRESS_MAX];
        int fd = must_listen(&(gy_listen_opts){.address = names[i]});
        snprintf(address, sizeof address, "127.0.0.1:%d", gy_local_port(fd));
        reachable(fd, address);
        snprintf(address, sizeof address, "[::1]:%d", gy_local_port(fd));
        struct gy__addr local;
        assert_int_equal(gy__addr_local(fd, &local), 0);
        if (local.any.sa_family == AF_INET6)
            reachable(fd, address);
        close(fd);
    }
}

/* IPv6 alone, asked for by its address, leaves IPv4 to others. */
static void test_ip6_only(void **state)
{
    (void)state;
    int six = gy_listen(&(gy_listen_opts){.address = "::1"}, why, sizeof why);
    if (six < 0)
        skip();
    int four = must_listen(&(gy_listen_opts){.address = "127.0.0.1", .port = gy_local_port(six)});
    close(four);
    close(six);
}

static void test_options_are_inherited(void **state)
{
    (void)state;
    int fd = must_listen(&(gy_listen_opts){.address = "127.0.0.1"});
    struct gy__addr a;
    assert_int_equal(gy__addr_local(fd, &a), 0);
    int client = gy__connect_start(&a, NULL);
    assert_true(client >= 0);
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&wait, 1, 10000), 1);
    int server = accept(fd, NULL, NULL);
    assert_true(server >= 0);

    int both[] = {client, server};
    for (size_t i = 0; i < 2; i++) {
        int on = 0;
        socklen_t len = sizeof on;
        assert_int_equal(getsockopt(both[i], IPPROTO_TCP, TCP_NODELAY, &on, &len), 0);
        assert_int_not_equal(on, 0);
        on = 0;
        assert_int_equal(getsockopt(both[i], SOL_SOCKET, SO_KEEPALIVE, &on, &len), 0);
        assert_int_not_equal(on, 0);
        close(both[i]);
    }
    close(fd);
}

static void test_port_in_use(void **state)
{
    (void)state;
    char part[192];
    int fd = must_listen(&(gy_listen_opts){.address = "127.0.0.1"});
    int port = gy_local_port(fd);

    snprintf(part, sizeof part, "port %d is in use by test_socket (pid %d)", port, (int)getpid());
    says(gy_listen(&(gy_listen_opts){.address = "127.0.0.1", .port = port}, why, sizeof why),
         -EADDRINUSE, part);
    says(gy_listen(&(gy_listen_opts){.port = port}, why, sizeof why), -EADDRINUSE, part);
    close(fd);
}

static void test_reuse_port(void **state)
{
    (void)state;
    int one = must_listen(&(gy_listen_opts){.address = "127.0.0.1", .reuse_port = true});
    int two = must_listen(
        &(gy_listen_opts){.address = "127.0.0.1", .port = gy_local_port(one), .reuse_port = true});
    close(one);
    close(two);
}

static void test_bad_addresses(void **state)
{
    (void)state;
    says(gy_listen(&(gy_listen_opts){.address = "example.com"}, why, sizeof why), GY_EINVAL,
         "example.com is no IP address");
    says(gy_listen(&(gy_listen_opts){.port = 65536}, why, sizeof why), GY_EINVAL,
         "there is no port 65536");
    says(gy_listen(&(gy_listen_opts){.port = -1}, why, sizeof why), GY_EINVAL,
         "there is no port -1");
    says(gy_listen(&(gy_listen_opts){.address = "203.0.113.77"}, why, sizeof why), -EADDRNOTAVAIL,
         "this machine has no address 203.0.113.77");
    /* A sentence that does not fit is cut, and no byte further is touched. */
    char small[8] = "1234567";
    assert_int_equal(gy_listen(&(gy_listen_opts){.port = -1}, small, 4), GY_EINVAL);
    assert_string_equal(small, "the");
    assert_int_equal(gy_listen(&(gy_listen_opts){.port = -1}, NULL, 0), GY_EINVAL);
}

static void test_low_port(void **state)
{
    (void)state;
    if (geteuid() == 0)
        skip();
    says(gy_listen(&(gy_listen_opts){.address = "127.0.0.1", .port = 1}, why, sizeof why), -EACCES,
         "no permission for port 1");
}

/* What is queued is served, what comes later finds the port closed. */
static void test_deafen(void **state)
{
    (void)state;
    int fd = must_listen(&(gy_listen_opts){.address = "127.0.0.1"});
    struct gy__addr a;
    assert_int_equal(gy__addr_local(fd, &a), 0);
    int early = gy__connect_start(&a, NULL);
    struct pollfd wait = {.fd = early, .events = POLLOUT};
    assert_int_equal(poll(&wait, 1, 10000), 1);
    assert_int_equal(gy__connect_result(early), 0);

    assert_true(gy__socket_deafen(fd));
    int late = gy__connect_start(&a, NULL);
    assert_true(late >= 0);
    int server = accept(fd, NULL, NULL);
    assert_true(server >= 0);
    assert_int_equal(accept(fd, NULL, NULL), -1);
    wait.fd = late;
    assert_int_equal(poll(&wait, 1, 0), 0);

    /* A connection that is there is not deaf. */
    char byte = 'x';
    assert_int_equal(write(early, &byte, 1), 1);
    wait = (struct pollfd){.fd = server, .events = POLLIN};
    assert_int_equal(poll(&wait, 1, 10000), 1);
    assert_int_equal(read(server, &byte, 1), 1);
    close(server);
    close(late);
    close(early);
    close(fd);
    assert_false(gy__socket_deafen(-1));
}

static void test_deafen_unix(void **state)
{
    (void)state;
    const char *path = in_folder("deaf");
    int fd = must_listen(&(gy_listen_opts){.unix_path = path});
    struct gy__addr a;
    assert_int_equal(gy__addr_local(fd, &a), 0);
    int early = gy__connect_start(&a, NULL);
    assert_true(early >= 0);
    assert_false(gy__socket_deafen(fd));
    assert_int_equal(gy__connect_start(&a, NULL), -ECONNREFUSED);

    int server = accept(fd, NULL, NULL);
    assert_true(server >= 0);
    assert_int_equal(accept(fd, NULL, NULL), -1);
    char byte = 'x';
    assert_int_equal(write(early, &byte, 1), 1);
    assert_int_equal(read(server, &byte, 1), 1);
    close(server);
    close(early);
    close(fd);
    assert_int_equal(unlink(path), 0);
}

static mode_t mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_true(S_ISSOCK(st.st_mode));
    return st.st_mode & 07777;
}

static void test_unix(void **state)
{
    (void)state;
    const char *path = in_folder("a");
    char address[GY_ADDRESS_MAX];
    mode_t mask = umask(027);
    int fd = must_listen(&(gy_listen_opts){.unix_path = path});
    assert_int_equal(mode_of(path), 0600);
    assert_int_equal(gy_local_address(fd, address), 0);
    reachable(fd, address);
    close(fd);

    /* Its server has gone: the file is replaced. The umask takes nothing from the mode. */
    fd = must_listen(&(gy_listen_opts){.unix_path = path, .unix_mode = 0666});
    assert_int_equal(mode_of(path), 0666);
    umask(mask);

    char part[192];
    snprintf(part, sizeof part, "%s is in use by test_socket (pid %d)", path, (int)getpid());
    says(gy_listen(&(gy_listen_opts){.unix_path = path}, why, sizeof why), -EADDRINUSE, part);
    reachable(fd, address);
    close(fd);
    unlink(path);
}

static void test_abstract(void **state)
{
    (void)state;
    char address[GY_ADDRESS_MAX];
    const char *name = unix_name("socket");
    int fd = must_listen(&(gy_listen_opts){.unix_path = name});
    assert_int_equal(gy_local_address(fd, address), 0);
    assert_string_equal(address + 5, name);
    reachable(fd, address);
    says(gy_listen(&(gy_listen_opts){.unix_path = name}, why, sizeof why), -EADDRINUSE,
         "in use by test_socket");
    close(fd);
}

static void test_bad_unix_paths(void **state)
{
    (void)state;
    const char *path = in_folder("file");
    int file = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(file >= 0);
    close(file);
    says(gy_listen(&(gy_listen_opts){.unix_path = path}, why, sizeof why), -EEXIST,
         "a file of that name is there");
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(unlink(path), 0);

    says(gy_listen(&(gy_listen_opts){.unix_path = in_folder("no/where")}, why, sizeof why), -ENOENT,
         "its folder does not exist");
    says(gy_listen(&(gy_listen_opts){.unix_path = ""}, why, sizeof why), GY_EINVAL, "no path");

    char longest[200];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = 0;
    says(gy_listen(&(gy_listen_opts){.unix_path = longest}, why, sizeof why), -ENAMETOOLONG,
         "at most 107 bytes, this one has 199");
}

/* A dangling link is nobody's socket and not ours to remove. */
static void test_unix_link(void **state)
{
    (void)state;
    const char *path = in_folder("link");
    assert_int_equal(symlink("nowhere", path), 0);
    says(gy_listen(&(gy_listen_opts){.unix_path = path}, why, sizeof why), -EEXIST,
         "a file of that name is there");
    assert_int_equal(unlink(path), 0);
}

/* A socket of another type, which somebody has: it is not stale. */
static void test_unix_of_another_type(void **state)
{
    (void)state;
    const char *path = in_folder("datagrams");
    struct gy__addr a;
    assert_int_equal(gy__addr_unix(path, &a), 0);
    int other = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(other, &a.any, a.len), 0);
    says(gy_listen(&(gy_listen_opts){.unix_path = path}, why, sizeof why), -EADDRINUSE, path);
    assert_int_equal(access(path, F_OK), 0);
    close(other);
    int fd = must_listen(&(gy_listen_opts){.unix_path = path});
    close(fd);
    assert_int_equal(unlink(path), 0);
}

static void test_connect_refused(void **state)
{
    (void)state;
    int fd = must_listen(&(gy_listen_opts){.address = "127.0.0.1"});
    struct gy__addr a;
    assert_int_equal(gy__addr_local(fd, &a), 0);
    close(fd);
    int client = gy__connect_start(&a, NULL);
    if (client >= 0) {
        struct pollfd wait = {.fd = client, .events = POLLOUT};
        assert_int_equal(poll(&wait, 1, 10000), 1);
        assert_int_equal(gy__connect_result(client), -ECONNREFUSED);
        close(client);
    } else {
        assert_int_equal(client, -ECONNREFUSED);
    }
    assert_int_equal(gy__addr_unix(in_folder("nobody"), &a), 0);
    assert_int_equal(gy__connect_start(&a, NULL), -ENOENT);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ip),
        cmocka_unit_test(test_all_addresses),
        cmocka_unit_test(test_ip6_only),
        cmocka_unit_test(test_options_are_inherited),
        cmocka_unit_test(test_port_in_use),
        cmocka_unit_test(test_reuse_port),
        cmocka_unit_test(test_bad_addresses),
        cmocka_unit_test(test_low_port),
        cmocka_unit_test(test_deafen),
        cmocka_unit_test(test_deafen_unix),
        cmocka_unit_test(test_unix),
        cmocka_unit_test(test_abstract),
        cmocka_unit_test(test_bad_unix_paths),
        cmocka_unit_test(test_unix_link),
        cmocka_unit_test(test_unix_of_another_type),
        cmocka_unit_test(test_connect_refused),
    };
    prctl(PR_SET_NAME, "test_socket"); /* under valgrind we would be called memcheck */
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
