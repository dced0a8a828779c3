/* SPDX-License-Identifier: MIT */
/* loadgen.c - makes HTTP load on the loopback, cheaply enough to leave the server the limit. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    ROOM = 256 << 10,
    HEAD = 16 << 10,   /* the longest head of an answer */
    BODY_KNOWN = 1024, /* bodies up to here are compared with the first one */
    WINDOW = 64,       /* connects under way, and in idle mode requests */
    EVENTS = 512,
    STEPS = 64 /* of the histogram for each doubling */
};

enum mode { KEEP, CHURN, ONCE, IDLE };
static const char *const mode_names[] = {"keep", "churn", "once", "idle"};

static struct {
    enum mode mode;
    uint16_t port;
    unsigned connections, depth;
    uint64_t total;           /* requests; 0: for [seconds] */
    double seconds, patience; /* patience: after which what is missing is an error */
    const char *path;
} opt = {.connections = 64, .depth = 1, .seconds = 2, .patience = 60, .path = "/"};

struct conn {
    int fd;                  /* -1: none */
    unsigned waiting;        /* answers to come */
    bool connecting, to_end; /* the body ends with the connection */
    uint64_t body_left;      /* of an answer whose head has been read */
    int64_t sent;            /* when */
    char *part;              /* an answer that was cut, [part_len] bytes of it */
    size_t part_len;
};

/* Answers that look like the first are taken without reading their fields. */
static struct {
    char bytes[HEAD + BODY_KNOWN];
    size_t head, size;
} known;

static struct conn *conns;
static char *request, *room;
static size_t request_len;
static int poller;
static volatile sig_atomic_t stop;
static bool counting;
static unsigned connecting, opened, live;
static uint64_t started, answered, bytes, errors, non_2xx, max_ns;
static uint64_t histogram[64 * STEPS];

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* -- Latencies --------------------------------------------------------------------------------- */

static void record(uint64_t ns)
{
    unsigned shift = ns < STEPS ? 0 : 57 - (unsigned)__builtin_clzll(ns);
    histogram[shift * STEPS + (ns >> shift)]++;
    max_ns = ns > max_ns ? ns : max_ns;
}

static double quantile_us(double q)
{
    uint64_t seen = 0, want = (uint64_t)((double)answered * q);
    for (unsigned i = 0; i < sizeof histogram / sizeof histogram[0]; i++) {
        seen += histogram[i];
        if (seen > want) {
            unsigned shift = i < 2 * STEPS ? 0 : i / STEPS - 1;
            return (double)((uint64_t)(i - shift * STEPS) << shift) / 1e3;
        }
    }
    return (double)max_ns / 1e3;
}

/* -- Connections ------------------------------------------------------------------------------- */

static void drop(struct conn *c, bool failed)
{
    if (c->connecting)
        connecting--;
    if (failed)
        errors += c->waiting ? c->waiting : 1;
    close(c->fd);
    free(c->part);
    *c = (struct conn){.fd = -1};
    live--;
}

static bool open_conn(struct conn *c)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(opt.port)};
    int on = 1;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0) {
        errors++;
        return false;
    }
    live++;
    struct epoll_event e = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c};
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    c->connecting = true;
    connecting++;
    if ((connect(c->fd, (struct sockaddr *)&a, sizeof a) < 0 && errno != EINPROGRESS) ||
        epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &e) < 0) {
        drop(c, true);
        return false;
    }
    return true;
}

/* False when there is nothing more to ask. */
static bool ask(struct conn *c)
{
    unsigned n = opt.depth;
    if (stop || (opt.total && started >= opt.total))
        return false;
    if (opt.total && opt.total - started < n)
        n = (unsigned)(opt.total - started);
    started += n;
    c->waiting = n;
    c->sent = now_ns();
    size_t len = n * request_len;
    if (send(c->fd, request, len, MSG_NOSIGNAL) != (ssize_t)len)
        drop(c, true);
    return true;
}

/* -- Answers ----------------------------------------------------------------------------------- */

static bool is_known(const char *at, size_t len)
{
    return known.size && len >= known.size && memcmp(at, known.bytes, 13) == 0 &&
           memcmp(at + known.head - 4, known.bytes + known.head - 4, known.size - known.head + 4) ==
               0;
}

static void answer_done(struct conn *c)
{
    c->waiting--;
    if (counting) {
        answered++;
        record((uint64_t)(now_ns() - c->sent));
    }
}

/* Read a head at [at]. Its length, 0 when it is not whole, -1 when it cannot be understood. */
static long read_head(struct conn *c, const char *at, size_t len)
{
    const char *end = memmem(at, len, "\r\n\r\n", 4);
    if (!end)
        return len < HEAD ? 0 : -1;
    size_t head = (size_t)(end - at) + 4;
    if (head > HEAD || memcmp(at, "HTTP/1.", 7) != 0)
        return -1;
    if (at[9] != '2')
        non_2xx++;
    char text[HEAD + 1];
    memcpy(text, at, head);
    text[head] = 0;
    const char *length = strcasestr(text, "\r\nContent-Length:");
    c->to_end = !length;
    c->body_left = length ? strtoull(length + 17, NULL, 10) : 0;
    if (strcasestr(text, "\r\nTransfer-Encoding:"))
        return -1;
    if (!known.size && at[9] == '2' && len >= head + c->body_left && c->body_left <= BODY_KNOWN) {
        known.head = head;
        known.size = head + (size_t)c->body_left;
        memcpy(known.bytes, at, known.size);
    }
    return (long)head;
}

/* Take what came; what is left is an answer that was cut: its length, or -1. */
static long take_answers(struct conn *c, const char *at, size_t len)
{
    while (len > 0) {
        size_t size;
        bool done;
        if (c->body_left || c->to_end) {
            size = c->to_end || c->body_left > len ? len : (size_t)c->body_left;
            c->body_left -= c->to_end ? 0 : size;
            done = !c->to_end && !c->body_left;
        } else if (!c->waiting) {
            return -1;
        } else if (is_known(at, len)) {
            size = known.size;
            done = true;
        } else {
            long head = read_head(c, at, len);
            if (head <= 0)
                return head < 0 ? -1 : (long)len;
            size = (size_t)head;
            done = !c->to_end && !c->body_left;
        }
        at += size;
        len -= size;
        if (done)
            answer_done(c);
    }
    return 0;
}

/* All answers are there. */
static void next(struct conn *c)
{
    if (opt.mode == CHURN) {
        drop(c, false);
        if (!stop && !(opt.total && started >= opt.total))
            open_conn(c);
    } else if (opt.mode == ONCE) {
        drop(c, false);
    } else if (opt.mode == KEEP) {
        ask(c);
    }
}

static void ended(struct conn *c, bool reset)
{
    if (c->to_end && !reset && c->waiting == 1) {
        answer_done(c);
        c->to_end = false;
        next(c);
    } else {
        drop(c, true);
    }
}

static void readable(struct conn *c)
{
    ssize_t n;
    do {
        if (c->part_len)
            memcpy(room, c->part, c->part_len);
        n = recv(c->fd, room + c->part_len, ROOM - c->part_len, 0);
        if (n <= 0) {
            if (n == 0 || errno != EAGAIN)
                ended(c, n < 0);
            return;
        }
        if (counting)
            bytes += (uint64_t)n;
        size_t len = c->part_len + (size_t)n;
        bool full = len == ROOM;
        long left = take_answers(c, room, len);
        if (left < 0 || (left && !c->part && !(c->part = malloc(HEAD)))) {
            drop(c, true);
            return;
        }
        if (left)
            memcpy(c->part, room + len - (size_t)left, (size_t)left);
        c->part_len = (size_t)left;
        if (!c->waiting && !c->body_left) {
            next(c);
            return;
        }
        n = full ? n : 0;
    } while (n);
}

/* -- The run ----------------------------------------------------------------------------------- */

static void turn(int timeout_ms)
{
    static struct epoll_event events[EVENTS];
    int n = epoll_wait(poller, events, EVENTS, timeout_ms);
    for (int i = 0; i < n; i++) {
        struct conn *c = events[i].data.ptr;
        if (c->connecting && (events[i].events & (EPOLLERR | EPOLLHUP))) {
            drop(c, true);
            continue;
        }
        if (c->connecting && (events[i].events & EPOLLOUT)) {
            c->connecting = false;
            connecting--;
            if (opt.mode != KEEP || counting) {
                ask(c);
                continue;
            }
        }
        if (c->fd >= 0 && (events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP)))
            readable(c);
    }
}

/* Requests under way in idle mode, connects in the others. */
static unsigned busy(void)
{
    return opt.mode == IDLE ? (unsigned)(started - answered) + connecting : connecting;
}

static void open_all(int64_t give_up)
{
    while ((opened < opt.connections || busy()) && !stop && now_ns() < give_up) {
        while (opened < opt.connections && busy() < WINDOW)
            open_conn(&conns[opened++]);
        turn(opened < opt.connections ? 0 : 10);
        if (opt.mode == ONCE && opened == opt.connections)
            return;
        if (opt.mode == IDLE && errors)
            return;
    }
}

static void say(const char *word)
{
    puts(word);
    fflush(stdout);
}

static void on_signal(int number)
{
    (void)number;
    stop = 1;
}

static void report(double wall)
{
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    double cpu = (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
                 (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
    printf(
        "{\"mode\": \"%s\", \"connections\": %u, \"depth\": %u, \"wall_s\": %.4f, "
        "\"requests\": %llu, \"rps\": %.1f, \"p50_us\": %.1f, \"p99_us\": %.1f, \"max_us\": %.1f, "
        "\"errors\": %llu, \"non_2xx\": %llu, \"bytes\": %llu, \"open\": %u, \"cpu_s\": %.3f}\n",
        mode_names[opt.mode], opt.connections, opt.depth, wall, (unsigned long long)answered,
        (double)answered / wall, quantile_us(0.5), quantile_us(0.99), (double)max_ns / 1e3,
        (unsigned long long)errors, (unsigned long long)non_2xx, (unsigned long long)bytes, live,
        cpu);
    fflush(stdout);
    fprintf(
        stderr,
        "%s c=%u depth=%u: %llu answers in %.2f s, %.0f/s, p50 %.0f us, p99 %.0f us, max %.0f us, "
        "%llu errors, %llu not 2xx\n",
        mode_names[opt.mode], opt.connections, opt.depth, (unsigned long long)answered, wall,
        (double)answered / wall, quantile_us(0.5), quantile_us(0.99), (double)max_ns / 1e3,
        (unsigned long long)errors, (unsigned long long)non_2xx);
}

static void run(void)
{
    int64_t begin = now_ns(), give_up = begin + (int64_t)(opt.patience * 1e9);
    counting = opt.mode != KEEP;
    if (opt.mode == KEEP) {
        open_all(give_up);
        say("begin");
        counting = true;
        begin = now_ns();
        for (unsigned i = 0; i < opt.connections; i++)
            if (conns[i].fd >= 0)
                ask(&conns[i]);
    } else {
        say("begin");
        open_all(give_up);
    }
    if (opt.mode == IDLE) {
        say("ready");
        while (!stop && now_ns() < give_up)
            turn(100);
    }
    int64_t end = opt.total || opt.mode == ONCE ? give_up : begin + (int64_t)(opt.seconds * 1e9);
    while (opt.mode != IDLE && live > 0 && !stop && now_ns() < end) {
        if (opt.total && started >= opt.total && answered + errors >= opt.total)
            break;
        turn(10);
    }
    double wall = (double)(now_ns() - begin) / 1e9;
    if (opt.mode == ONCE)
        errors += live; /* those that were never answered */
    say("end");
    report(wall);
}

static void usage(void)
{
    fputs("usage: loadgen -p PORT [options]\n"
          "  -m keep|churn|once|idle  keep connections; a new one for each request; all at once, "
          "one\n"
          "                           request each; one request each, then hold until a signal\n"
          "  -c N  connections (64)     -P N  requests in one packet (1)\n"
          "  -d S  seconds (2)          -n N  requests instead of seconds\n"
          "  -u PATH (/)                -t S  patience (60)\n",
          stderr);
    exit(2);
}

static void read_options(int argc, char **argv)
{
    int o;
    while ((o = getopt(argc, argv, "p:m:c:P:d:n:u:t:")) != -1) {
        switch (o) {
        case 'p':
            opt.port = (uint16_t)atoi(optarg);
            break;
        case 'c':
            opt.connections = (unsigned)atoi(optarg);
            break;
        case 'P':
            opt.depth = (unsigned)atoi(optarg);
            break;
        case 'd':
            opt.seconds = atof(optarg);
            break;
        case 'n':
            opt.total = strtoull(optarg, NULL, 10);
            break;
        case 'u':
            opt.path = optarg;
            break;
        case 't':
            opt.patience = atof(optarg);
            break;
        case 'm':
            while (strcmp(mode_names[opt.mode], optarg) != 0)
                if (++opt.mode > IDLE)
                    usage();
            break;
        default:
            usage();
        }
    }
    if (!opt.port || !opt.connections || !opt.depth || optind != argc)
        usage();
}

int main(int argc, char **argv)
{
    read_options(argc, argv);
    char one[2048];
    int len =
        snprintf(one, sizeof one, "GET %s HTTP/1.1\r\nHost: localhost:%u\r\n%s\r\n", opt.path,
                 opt.port, opt.mode == CHURN || opt.mode == ONCE ? "Connection: close\r\n" : "");
    if (len < 0 || (size_t)len >= sizeof one)
        usage();
    request_len = (size_t)len;
    request = malloc(request_len * opt.depth);
    room = malloc(ROOM);
    conns = calloc(opt.connections, sizeof *conns);
    poller = epoll_create1(EPOLL_CLOEXEC);
    if (!request || !room || !conns || poller < 0)
        return 1;
    for (unsigned i = 0; i < opt.depth; i++)
        memcpy(request + i * request_len, one, request_len);
    for (unsigned i = 0; i < opt.connections; i++)
        conns[i].fd = -1;
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    run();
    return errors ? 1 : 0;
}
