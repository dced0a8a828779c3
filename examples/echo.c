/* SPDX-License-Identifier: MIT */
/* echo.c - TCP without HTTP: every line comes back. Try it with: nc localhost 7777 */

#include <gyre.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

/* One connection, in a task of its own. */
static int echo(gy_stream *s, void *arg)
{
    (void)arg;
    gy_str line;
    int e;
    while ((e = gy_stream_read_until(s, "\n", 4096, &line)) == 0)
        if ((e = gy_stream_write_str(s, line)) != 0)
            break;
    return e == GY_EOF || e == GY_ECLOSED ? 0 : e;
}

static void stop(void *loop)
{
    gy_loop_stop(loop);
}

int main(int argc, char **argv)
{
    char why[256], address[GY_ADDRESS_MAX];
    gy_listen_opts where = {.address = "127.0.0.1", .port = argc > 1 ? atoi(argv[1]) : 7777};
    int fd = gy_listen(&where, why, sizeof why);
    if (fd < 0)
        return fprintf(stderr, "echo: %s\n", why), 1;
    gy_loop *loop = gy_loop_new();
    gy_tcp_server *server = loop ? gy_tcp_server_open(fd, NULL, echo, NULL) : NULL;
    if (!server || gy_loop_on_signal(loop, SIGTERM, stop, loop) ||
        gy_loop_on_signal(loop, SIGINT, stop, loop))
        return fprintf(stderr, "echo: out of memory\n"), 1;
    if (gy_local_address(fd, address) == 0)
        fprintf(stderr, "echo: listening on %s\n", address);
    int e = gy_loop_run(loop);
    gy_tcp_server_close(server, 1.0);
    gy_loop_free(loop);
    return e ? 1 : 0;
}
