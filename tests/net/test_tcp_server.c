/* SPDX-License-Identifier: MIT */
/* Servers of streams: their limits, several sockets, and who is at the other end. */
#include <errno.h>
#include <gyre/error.h>
#include <gyre/net.h>
#include <gyre/task.h>
#include <gyre/testing.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/socket.h"
#include "support/unix_name.h"

enum { SKIP = 77 }; /* without the right to have a namespace of processes */

static int echo(gy_stream *s, void *arg)
{
    gy_str some;
    int e;
    (void)arg;
    while ((e = gy_stream_read(s, 4096, &some)) == 0)
        if ((e = gy_stream_write_str(s, some)) != 0)
            break;
    return e;
}

static int listen_here(int *port)
{
    int fd = gy_listen(&(gy_listen_opts){.address = "127.0.0.1"}, NULL, 0);
    GY_CHECK(fd >= 0);
    *port = gy_local_port(fd);
    return fd;
}

static bool comes_back(gy_test *t, gy_test_client *c, const char *text)
{
    gy_test_send_text(c, text);
    gy_test_settle(t);
    return gy_str_eq(gy_test_take(c), gy_str_of(text));
}

GY_TEST(no_more_connections_than_allowed)
{
    int port;
    int fd = listen_here(&port);
    gy_tcp_server *s =
        gy_tcp_server_open(fd, &(gy_tcp_server_opts){.max_connections = 2}, echo, NULL);
    gy_test_client *a = gy_test_connect_port(t, port);
    gy_test_client *b = gy_test_connect_port(t, port);
    gy_test_client *c = gy_test_connect_port(t, port);
    GY_CHECK(comes_back(t, a, "a") && comes_back(t, b, "b"));
    GY_CHECK_INT(gy_tcp_server_count(s), 2);
    GY_CHECK(!comes_back(t, c, "c"));
    gy_test_leave(a);
    gy_test_settle(t);
    GY_CHECK_INT(gy_tcp_server_count(s), 2);
    GY_CHECK_TEXT(gy_test_take(c), "c"); /* it had waited */
    gy_test_leave(b);
    gy_test_leave(c);
    gy_test_settle(t);
    GY_CHECK_INT(gy_tcp_server_count(s), 0);
    gy_tcp_server_close(s, 0);
}

/* What the kernel has accepted is served at the end, however many that are. */
GY_TEST(a_stop_takes_who_has_waited)
{
    int port;
    int fd = listen_here(&port);
    gy_tcp_server *s =
        gy_tcp_server_open(fd, &(gy_tcp_server_opts){.max_connections = 1}, echo, NULL);
    gy_test_client *c[3];
    for (int i = 0; i < 3; i++) {
        c[i] = gy_test_connect_port(t, port);
        gy_test_send_text(c[i], "hello");
        gy_test_shut(c[i]);
    }
    gy_tcp_server_close(s, 60);
    for (int i = 0; i < 3; i++) {
        GY_CHECK(gy_test_wait_closed(c[i]));
        GY_CHECK_TEXT(gy_test_received(c[i]), "hello");
        gy_test_leave(c[i]);
    }
}

GY_TEST(one_server_listens_at_several_places)
{
    int port[2];
    int first = listen_here(&port[0]), second = listen_here(&port[1]);
    gy_tcp_server *s = gy_tcp_server_open(first, NULL, echo, NULL);
    GY_CHECK_INT(gy_tcp_server_add(s, second), 0);
    for (int i = 0; i < 2; i++) {
        gy_test_client *c = gy_test_connect_port(t, port[i]);
        GY_CHECK(comes_back(t, c, "x"));
        gy_test_leave(c);
    }
    gy_test_settle(t);
    gy_tcp_server_close(s, 0);
}

static int read_line(gy_stream *s, void *arg)
{
    gy_str line;
    int *codes = arg;
    char name[30];
    snprintf(name, sizeof name, "%s", gy_task_name(gy_task_self()));
    codes[0] = gy_stream_read_exact(s, 1000, &line);
    codes[1] = gy_stream_read_until(s, "\n", 1000, &line);
    codes[2] = gy_str_eq(gy_str_of(name), gy_str_of("line"));
    return 0;
}

GY_TEST(streams_have_the_options_of_the_server)
{
    int port, codes[3] = {0};
    int fd = listen_here(&port);
    gy_tcp_server_opts opts = {.stream = {.max_buffer = 100, .read_timeout = 5}, .name = "line"};
    gy_tcp_server *s = gy_tcp_server_open(fd, &opts, read_line, codes);
    gy_test_client *c = gy_test_connect_port(t, port);
    gy_test_settle(t);
    GY_CHECK_INT(codes[0], GY_ETOOBIG);
    GY_CHECK_INT(codes[1], 0);
    gy_test_advance(t, 6);
    GY_CHECK_INT(codes[1], GY_ETIMEDOUT);
    GY_CHECK(codes[2]);
    GY_CHECK(gy_test_wait_closed(c));
    gy_test_leave(c);
    gy_tcp_server_close(s, 0);
}

/* -- Who is there -------------------------------------------------------------------------------- */

static int look_at_peer(gy_stream *s, void *arg)
{
    int *code = arg;
    gy_peer_ids who;
    char address[GY_ADDRESS_MAX];
    *code = gy_peer_ids_get(gy_stream_fd(s), &who);
    if (!*code && (who.pid != getpid() || who.uid != (long)getuid() || who.gid != (long)getgid()))
        *code = GY_EPROTO;
    return gy_stream_peer(s, address);
}

static int visit(void *arg)
{
    gy_stream *s;
    gy_str all;
    int e = gy_connect(arg, NULL, &s);
    if (e)
        return e;
    e = gy_stream_read_all(s, 10, &all);
    gy_stream_close(s);
    return e;
}

GY_TEST(the_process_at_the_other_end_of_a_unix_socket)
{
    char address[GY_ADDRESS_MAX];
    int code = 1;
    snprintf(address, sizeof address, "%s", unix_address("peer-ids"));
    int fd = gy_listen(&(gy_listen_opts){.unix_path = unix_name("peer-ids")}, NULL, 0);
    gy_tcp_server *s = gy_tcp_server_open(fd, NULL, look_at_peer, &code);
    GY_CHECK_INT(gy_test_run(t, visit, address), 0);
    GY_CHECK_INT(code, 0);
    gy_tcp_server_close(s, 0);

    fd = gy_listen(&(gy_listen_opts){.address = "127.0.0.1"}, NULL, 0);
    GY_CHECK_INT(gy_local_address(fd, address), 0);
    s = gy_tcp_server_open(fd, NULL, look_at_peer, &code);
    GY_CHECK_INT(gy_test_run(t, visit, address), 0);
    GY_CHECK_INT(code, GY_ENOTFOUND);
    gy_tcp_server_close(s, 0);
    gy_peer_ids who;
    GY_CHECK_INT(gy_peer_ids_get(-1, &who), -EBADF);
    int lonely = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    GY_CHECK_INT(gy_peer_ids_get(lonely, &who), GY_ENOTFOUND);
    close(lonely);
}

struct caller {
    const char *address;
    double timeout;
    gy_stream *stream;
};

static int call(void *arg)
{
    struct caller *c = arg;
    return gy_connect(c->address, &(gy_connect_opts){.timeout = c->timeout}, &c->stream);
}

/* The kernel does not tell when there is room again, and refuses nobody who would wait. */
GY_TEST(who_finds_the_queue_of_a_unix_socket_full_waits)
{
    const char *address = unix_address("full"), *name = unix_name("full");
    int early[8], count = 0;
    struct gy__addr a;
    int fd = gy_listen(&(gy_listen_opts){.unix_path = name, .backlog = 1}, NULL, 0);
    GY_CHECK_INT(gy__addr_unix(name, &a), 0);
    while (count < 8 && (early[count] = gy__connect_start(&a, NULL)) >= 0)
        count++;
    GY_CHECK(count > 0 && count < 8 && early[count] == -EAGAIN);

    struct caller hasty = {.address = address, .timeout = 2}, patient = {.address = address};
    gy_task *one = gy_task_new(gy_test_loop(t), call, &hasty, NULL);
    gy_task *other = gy_task_new(gy_test_loop(t), call, &patient, NULL);
    gy_test_advance(t, 3);
    GY_CHECK_INT(gy_task_join(one), GY_ETIMEDOUT);
    GY_CHECK(!patient.stream);
    int taken = accept(fd, NULL, NULL);
    gy_test_advance(t, 1);
    GY_CHECK_INT(gy_task_join(other), 0);
    gy_stream_close(patient.stream);
    while (count > 0)
        close(early[--count]);
    close(taken);
    close(fd);
}

static int connect_from_elsewhere(const char *name)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    size_t len = strlen(name);
    memcpy(to.sun_path + 1, name + 1, len - 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return connect(fd, (struct sockaddr *)&to,
                   (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len))
               ? -1
               : fd;
}

/* Seen from within a namespace of processes whoever is outside has no number. */
GY_TEST(a_process_in_another_container_has_a_user_still)
{
    const char *name = unix_name("elsewhere");
    int status = -1;
    (void)t;
    int listener = gy_listen(&(gy_listen_opts){.unix_path = name}, NULL, 0);
    int far = connect_from_elsewhere(name), near = accept(listener, NULL, NULL);
    GY_CHECK(far >= 0 && near >= 0);
    pid_t middle = fork();
    if (middle == 0) {
        int ended;
        if (unshare(CLONE_NEWPID))
            _exit(SKIP);
        pid_t inner = fork();
        if (inner == 0) {
            gy_peer_ids who = {.pid = -1};
            int e = gy_peer_ids_get(near, &who);
            _exit(e || who.pid != 0 || who.uid != (long)getuid());
        }
        _exit(inner < 0 || waitpid(inner, &ended, 0) < 0 ? SKIP : WEXITSTATUS(ended));
    }
    GY_CHECK_INT(waitpid(middle, &status, 0), middle);
    GY_CHECK(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == SKIP));
    close(far);
    close(near);
    close(listener);
}

int main(int argc, char **argv)
{
    return gy_test_main(argc, argv);
}
