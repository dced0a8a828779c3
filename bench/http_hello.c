/* SPDX-License-Identifier: MIT */
/* http_hello.c - the hello of the HTTP floor alone: no routes, no handlers, no application. */
#include <gyre.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int hello(gy_exchange *x, void *arg)
{
    (void)arg;
    static gy_field type = {GY_STR("Content-Type"), GY_STR("text/plain; charset=utf-8")};
    static const gy_headers headers = {.items = &type, .count = 1};
    return gy_exchange_respond(x, 200, &headers, gy_str_n("Hello, world\n", 13));
}

int main(int argc, char **argv)
{
    if (argc != 3 || strcmp(argv[1], "--port") != 0) {
        fputs("usage: http_hello --port PORT\n", stderr);
        return 2;
    }
    char why[256];
    gy_loop *loop = gy_loop_new();
    gy_http_server *server = gy_http_server_new(loop, NULL, hello, NULL);
    int fd = gy_listen(&(gy_listen_opts){.address = "127.0.0.1", .port = atoi(argv[2])}, why,
                       sizeof why);
    if (!server || fd < 0 || gy_http_server_listen(server, fd) < 0) {
        fprintf(stderr, "http_hello: %s\n", fd < 0 ? why : "no server");
        return 1;
    }
    return gy_loop_run(loop) ? 1 : 0;
}
