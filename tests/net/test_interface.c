/* SPDX-License-Identifier: MIT */
/* test_interface.c - sockets that are tied to an interface, with the right to and without. */

#include "net/socket.h"

#include <errno.h>
#include <gyre/error.h>
#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct gy__addr address(const char *ip)
{
    struct gy__addr a;
    assert_int_equal(gy__addr_ip(ip, 80, &a), 0);
    return a;
}

static int bind_to(int fd, const char *interface, const char *to)
{
    struct gy__addr a = address(to);
    return gy__bind_interface(fd, interface, &a);
}

static void test_a_fresh_socket(void **state)
{
    char name[IF_NAMESIZE] = "";
    socklen_t len = sizeof name;
    (void)state;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind_to(fd, "lo", "127.0.0.1"), 0);
    assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, &len), 0);
    assert_string_equal(name, "lo");
    close(fd);
    fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind_to(fd, "nosuch0", "127.0.0.1"), -ENODEV);
    close(fd);
}

/* One that is tied already may not be tied anew by who has no right to: its address is taken. */
static int without_rights(int family, const char *to, const char *from)
{
    char text[GY_ADDRESS_MAX];
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind_to(fd, "lo", to) || (geteuid() == 0 && setuid(65534)))
        return 2;
    int e = bind_to(fd, "lo", to);
    if (from[0] == 0)
        return e == GY_ENOTFOUND ? 0 : 3;
    if (e)
        return 4;
    if (gy_local_address(fd, text))
        return 6;
    return strncmp(text, from, strlen(from)) == 0 ? 0 : 5;
}

static void in_a_child(int family, const char *to, const char *from)
{
    int status;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(without_rights(family, to, from));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static bool has_ip6(void)
{
    struct gy__addr a = address("::1");
    gy__addr_set_port(&a, 0);
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool has = fd >= 0 && bind(fd, &a.any, a.len) == 0;
    if (fd >= 0)
        close(fd);
    return has;
}

static void test_without_the_right(void **state)
{
    (void)state;
    in_a_child(AF_INET, "127.0.0.1", "127.0.0.1:");
    if (has_ip6())
        in_a_child(AF_INET6, "2001:db8::1", "[::1]:");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_fresh_socket),
        cmocka_unit_test(test_without_the_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
