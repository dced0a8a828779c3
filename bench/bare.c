/* SPDX-License-Identifier: MIT */
/* bare.c - the least a server can do, and what the others are held to: recv, send, no parsing. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    FDS = 1 << 16, /* connections are known by their descriptor */
    ROOM = 64 << 10,
    TAIL = 3, /* what can be left of "\r\n\r\n" when it is cut */
    EVENTS = 512,
    ANSWERS = 512 /* joined in one send */
};

static char tails[FDS][TAIL];
static char *answers; /* the same answer ANSWERS times */
static size_t answer_size;
static bool once; /* close after the first answer */

/* The fields of gyre's hello; [size] bytes in all by a longer Server field. */
static void make_answers(size_t size)
{
    static const char head[] = "HTTP/1.1 200 OK\r\nServer: bare";
    static const char rest[] = "\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                               "Content-Type: text/plain; charset=utf-8\r\n"
                               "Content-Length: 13\r\n\r\nHello, world\n";
    size_t least = sizeof head - 1 + sizeof rest - 1;
    answer_size = size > least ? size : least;
    answers = malloc(ANSWERS * answer_size);
    if (!answers)
        abort();
    memset(answers, '-', answer_size);
    memcpy(answers, head, sizeof head - 1);
    memcpy(answers + answer_size - (sizeof rest - 1), rest, sizeof rest - 1);
    for (size_t i = 1; i < ANSWERS; i++)
        memcpy(answers + i * answer_size, answers, answer_size);
}

static size_t count_requests(const char *at, const char *end)
{
    size_t n = 0;
    while ((at = memmem(at, (size_t)(end - at), "\r\n\r\n", 4))) {
        at += 4;
        n++;
    }
    return n;
}

/* A reader that does not keep up is cut off: this server keeps no output. */
static bool answer(int fd, size_t n)
{
    while (n > 0) {
        size_t now = n < ANSWERS ? n : ANSWERS;
        if (send(fd, answers, now * answer_size, MSG_NOSIGNAL) != (ssize_t)(now * answer_size))
            return false;
        n -= now;
    }
    return true;
}

/* False when the connection has ended. */
static bool serve(int fd)
{
    static char room[TAIL + ROOM];
    ssize_t n;
    do {
        n = recv(fd, room + TAIL, ROOM, 0);
        if (n <= 0)
            return n < 0 && errno == EAGAIN;
        memcpy(room, tails[fd], TAIL);
        size_t requests = count_requests(room, room + TAIL + n);
        memcpy(tails[fd], room + n, TAIL);
        if (!answer(fd, requests) || (once && requests > 0))
            return false;
    } while (n == ROOM);
    return true;
}

static void take(int poller, int listener)
{
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct epoll_event e = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.fd = fd};
        int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (fd >= FDS || epoll_ctl(poller, EPOLL_CTL_ADD, fd, &e) < 0)
            close(fd);
        else
            memset(tails[fd], 0, TAIL);
    }
}

static int listen_on(uint16_t port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) < 0 || listen(fd, 4096) < 0) {
        perror("bare");
        exit(1);
    }
    return fd;
}

int main(int argc, char **argv)
{
    unsigned long port = 0, size = 0;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--close") == 0) {
            once = true;
        } else if (i + 1 < argc && strcmp(argv[i], "--port") == 0) {
            port = strtoul(argv[++i], NULL, 10);
        } else if (i + 1 < argc && strcmp(argv[i], "--size") == 0) {
            size = strtoul(argv[++i], NULL, 10);
        } else {
            fputs("usage: bare --port PORT [--size BYTES] [--close]\n", stderr);
            return 2;
        }
    }
    make_answers(size);
    int listener = listen_on((uint16_t)port), poller = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event e = {.events = EPOLLIN | EPOLLET, .data.fd = listener};
    if (poller < 0 || epoll_ctl(poller, EPOLL_CTL_ADD, listener, &e) < 0)
        return 1;
    for (;;) {
        static struct epoll_event events[EVENTS];
        int n = epoll_wait(poller, events, EVENTS, -1);
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            if (fd == listener)
                take(poller, listener);
            else if (!serve(fd) || (events[i].events & (EPOLLRDHUP | EPOLLHUP)))
                close(fd);
        }
    }
}
