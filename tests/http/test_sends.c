/* SPDX-License-Identifier: MIT */
/* How often the kernel is asked to send: on these sockets each send is a message of its own. */
#include "http/connection.h"
#include "support/http_site.h"

#include <gyre/net.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#define GET(path_) "GET " path_ " HTTP/1.1\r\nHost: a\r\n\r\n"
#define GET4(path_) GET(path_) GET(path_) GET(path_) GET(path_)

enum { SENDS_MOST = 16 };

/* The client's end, and what came: each message as it was sent. */
struct wire {
    gy_test *test;
    int fd;
    int count;
    gy_str sends[SENDS_MOST];
};

static void connect_wire(struct wire *w, gy_test *t, gy_http_server *server)
{
    int ends[2];
    *w = (struct wire){.test = t, .fd = -1};
    if (!GY_CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0))
        return;
    w->fd = ends[0];
    gy_stream *peer = gy_stream_open(ends[1], NULL);
    GY_CHECK(peer && gy_http_server_serve(server, peer) == 0);
}

static void take_sends(struct wire *w)
{
    static char message[256 * 1024];
    ssize_t n;
    gy_test_settle(w->test);
    w->count = 0;
    while (w->count < SENDS_MOST && (n = recv(w->fd, message, sizeof message, 0)) > 0)
        w->sends[w->count++] = gy_str_copy(gy_test_arena(w->test), gy_str_n(message, (size_t)n));
}

/* The messages that answer these bytes, which go out at once. */
static void ask(struct wire *w, const char *bytes)
{
    GY_CHECK_INT(send(w->fd, bytes, strlen(bytes), MSG_NOSIGNAL), strlen(bytes));
    take_sends(w);
}

static int heads_in(gy_str bytes)
{
    int heads = 0;
    for (const char *at = bytes.ptr;
         (at = memmem(at, (size_t)(bytes.ptr + bytes.len - at), "HTTP/1.1 ", 9)) != NULL; at += 9)
        heads++;
    return heads;
}

GY_TEST(a_response_is_one_send)
{
    static const struct {
        const char *request, *want;
    } rows[] = {
        {GET("/"), "HTTP/1.1 200 OK\r\n*\r\n\r\nhello\n"},
        {GET("/nowhere"), "HTTP/1.1 404 Not Found\r\n*\r\n\r\nnot found\n"},
        {GET("/status/204"), "HTTP/1.1 204 No Content\r\n*\r\n\r\n"},
        {GET("/nothing"), "HTTP/1.1 500 *\r\n\r\n*"},
        {"HEAD /big/5 HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\n*\r\n\r\n"},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", "*\r\n\r\nabc"},
        {GET("/big/16384"), "HTTP/1.1 200 OK\r\n*\r\n\r\nbbb*b"},
        {GET("/big/16385"), "HTTP/1.1 200 OK\r\n*\r\n\r\nbbb*b"}, /* sent from where it lies */
        {GET("/big/100000"), "HTTP/1.1 200 OK\r\n*\r\n\r\nbbb*b"},
        {GET("/length/3"), "HTTP/1.1 200 OK\r\n*\r\n\r\nppp*p"},
        {GET("/stream/3"), "HTTP/1.1 200 OK\r\n*\r\n\r\n3e8\r\nppp*p\r\n0\r\n\r\n"},
        {GET("/close"), "HTTP/1.1 200 OK\r\n*\r\n\r\nclosing\n"},
    };
    struct site s;
    struct wire w;
    site_begin(&s, t, NULL);
    connect_wire(&w, t, s.server);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ask(&w, rows[i].request);
        if (GY_CHECK_INT(w.count, 1))
            GY_CHECK_GLOB(w.sends[0], rows[i].want);
    }
    close(w.fd);
    connect_wire(&w, t, s.server);
    ask(&w, "rubbish\r\n\r\n");
    if (GY_CHECK_INT(w.count, 1))
        GY_CHECK_GLOB(w.sends[0], "HTTP/1.1 400 Bad Request\r\n*</html>");
    close(w.fd);
    site_close(&s);
}

GY_TEST(requests_that_came_together_are_answered_together)
{
    struct site s;
    struct wire w;
    site_begin(&s, t, NULL);
    connect_wire(&w, t, s.server);
    ask(&w, GET4("/") GET4("/") GET4("/echo") GET4("/nowhere"));
    GY_CHECK_INT(s.ended, 16);
    GY_CHECK_INT(w.count, 1);
    GY_CHECK_INT(heads_in(w.sends[0]), 16);
    /* The last of them is malformed. */
    ask(&w, GET4("/") "rubbish\r\n\r\n");
    GY_CHECK_INT(w.count, 1);
    GY_CHECK_INT(heads_in(w.sends[0]), 5);
    close(w.fd);
    site_close(&s);
}

GY_TEST(answers_leave_together_before_a_handler_waits)
{
    struct site s;
    struct wire w;
    site_begin(&s, t, NULL);
    connect_wire(&w, t, s.server);
    ask(&w, GET4("/") GET("/sleep/5") GET4("/"));
    GY_CHECK_INT(w.count, 1);
    GY_CHECK_INT(heads_in(w.sends[0]), 4);
    gy_test_advance(t, 5);
    take_sends(&w);
    GY_CHECK_INT(w.count, 1);
    GY_CHECK_INT(heads_in(w.sends[0]), 5);
    close(w.fd);
    site_close(&s);
}

/* -- In pieces ----------------------------------------------------------------------------------- */

static int in_pieces(gy_exchange *x, void *arg)
{
    static char large[20000];
    int *sum = arg;
    memset(large, 'l', sizeof large);
    *sum = gy_exchange_begin(x, 200, NULL, -1);
    for (int i = 0; i < 3; i++) {
        *sum |= gy_exchange_write(x, "one ", 4) | gy_exchange_write(x, "two ", 4);
        *sum |= gy__exchange_flush(x);
    }
    *sum |= gy__exchange_flush(x); /* nothing is there */
    *sum |= gy_exchange_write(x, "three ", 6);
    *sum |= gy_exchange_write(x, large, sizeof large);
    *sum |= gy_exchange_write(x, "four", 4);
    *sum |= gy_exchange_end(x, NULL);
    return 0;
}

GY_TEST(a_flush_is_a_send_and_there_are_no_others)
{
    static const char *const want[] = {
        "HTTP/1.1 200 OK\r\n*chunked\r\n\r\n4\r\none \r\n4\r\ntwo \r\n",
        "4\r\none \r\n4\r\ntwo \r\n",
        "4\r\none \r\n4\r\ntwo \r\n",
        "6\r\nthree \r\n4e20\r\nlll*l\r\n", /* a large piece is not copied: it goes at once */
        "4\r\nfour\r\n0\r\n\r\n",
    };
    enum { WANT = sizeof want / sizeof want[0] };
    struct wire w;
    int sum = -1;
    gy_http_server *server = gy_http_server_new(gy_test_loop(t), NULL, in_pieces, &sum);
    connect_wire(&w, t, server);
    ask(&w, GET("/"));
    GY_CHECK_INT(sum, 0);
    GY_CHECK_INT(w.count, WANT);
    for (int i = 0; i < w.count && i < WANT; i++)
        GY_CHECK_GLOB(w.sends[i], want[i]);
    close(w.fd);
    gy_http_server_free(server);
}

/* -- Without delay ------------------------------------------------------------------------------- */

static int look_at_socket(gy_exchange *x, void *arg)
{
    int *on = arg;
    socklen_t len = sizeof *on;
    if (getsockopt(x->conn->t->io.fd, IPPROTO_TCP, TCP_NODELAY, on, &len))
        *on = -1;
    return gy_exchange_respond(x, 200, NULL, gy_str_of(""));
}

GY_TEST(accepted_sockets_do_not_delay_what_is_sent)
{
    int on = 0;
    char why[200];
    gy_http_server *server = gy_http_server_new(gy_test_loop(t), NULL, look_at_socket, &on);
    int fd = gy_listen(&(gy_listen_opts){.address = "127.0.0.1"}, why, sizeof why);
    int port = gy_local_port(fd);
    GY_CHECK_INT(gy_http_server_listen(server, fd), 0);
    gy_test_client *c = gy_test_connect_port(t, port);
    gy_test_send_text(c, GET("/"));
    GY_CHECK_INT(gy_test_answer(c).status, 200);
    GY_CHECK_INT(on, 1);
    gy_http_server_free(server);
}

int main(int argc, char **argv)
{
    return gy_test_main(argc, argv);
}
