/* SPDX-License-Identifier: MIT */
/* mhd_hello.c - the same hello by libmicrohttpd: one thread, epoll, its fastest settings. */
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Called first when the head is there and again when the body is. An answer in the first call makes
 * the library close the connection after it. */
static enum MHD_Result hello(void *arg, struct MHD_Connection *c, const char *url,
                             const char *method, const char *version, const char *body,
                             size_t *body_len, void **state)
{
    (void)url, (void)method, (void)version, (void)body, (void)body_len;
    static int seen;
    if (*state != &seen) {
        *state = &seen;
        return MHD_YES;
    }
    *state = NULL;
    return MHD_queue_response(c, MHD_HTTP_OK, arg);
}

int main(int argc, char **argv)
{
    static char text[] = "Hello, world\n";
    if (argc != 3 || strcmp(argv[1], "--port") != 0) {
        fputs("usage: mhd_hello --port PORT\n", stderr);
        return 2;
    }
    struct MHD_Response *answer =
        MHD_create_response_from_buffer(sizeof text - 1, text, MHD_RESPMEM_PERSISTENT);
    MHD_add_response_header(answer, "Content-Type", "text/plain; charset=utf-8");
    struct MHD_Daemon *server = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TURBO, (uint16_t)atoi(argv[2]), NULL, NULL, hello,
        answer, MHD_OPTION_CONNECTION_LIMIT, 15000u, MHD_OPTION_LISTEN_BACKLOG_SIZE, 4096u,
        MHD_OPTION_CONNECTION_TIMEOUT, 3600u, MHD_OPTION_END);
    if (!server) {
        fputs("mhd_hello: it does not start\n", stderr);
        return 1;
    }
    for (;;)
        pause();
}
