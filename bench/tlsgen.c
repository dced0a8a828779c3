/* SPDX-License-Identifier: MIT */
/* tlsgen.c - makes HTTPS load on the loopback: requests, handshakes, resumed handshakes. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
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

enum { ANSWER = 1024, EVENTS = 512, SAMPLES = 1 << 20 };

/* Requests on connections that stay; a connection for each request, with a new key exchange and
 * signature or with a session of before; one request each, then silence until a signal. */
enum mode { KEEP, FULL, RESUMED, IDLE };
static const char *const mode_names[] = {"keep", "full", "resumed", "idle"};

static struct {
    enum mode mode;
    uint16_t port;
    unsigned connections;
    double seconds;
    uint64_t total; /* requests instead of seconds */
    bool old;       /* TLS 1.2 */
} opt = {.connections = 64, .seconds = 2};

struct conn {
    int fd;
    SSL *ssl;
    int64_t began;
    size_t got;
    char answer[ANSWER];
    bool shaking, answered;
};

static struct conn *conns;
static SSL_CTX *context;
static SSL_SESSION *seed; /* of the first handshake: all resume it */
static char request[256];
static int request_len, poller;
static volatile sig_atomic_t stop;
static bool counting;
static uint64_t left; /* to be asked, with a total */
static unsigned live;
static uint64_t done, errors, non_2xx, resumed;
static uint32_t *samples; /* µs */

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int on_session(SSL *ssl, SSL_SESSION *session)
{
    (void)ssl;
    if (seed)
        return 0;
    seed = session;
    return 1;
}

static void drop(struct conn *c)
{
    SSL_set_quiet_shutdown(c->ssl, 1);
    SSL_shutdown(c->ssl); /* else the session would count as broken */
    SSL_free(c->ssl);
    close(c->fd);
    c->fd = -1;
    c->ssl = NULL;
    live--;
}

static void failed(struct conn *c)
{
    errors++;
    drop(c);
}

/* OpenSSL would have a session of TLS 1.3 used once; its copies it does not know. */
static void resume(struct conn *c)
{
    SSL_SESSION *copy = SSL_SESSION_dup(seed);
    SSL_set_session(c->ssl, copy);
    SSL_SESSION_free(copy);
}

static bool open_conn(struct conn *c)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(opt.port)};
    int on = 1;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    *c = (struct conn){.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0),
                       .ssl = SSL_new(context),
                       .shaking = true};
    struct epoll_event e = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c};
    live++;
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (c->fd < 0 || !c->ssl ||
        (connect(c->fd, (struct sockaddr *)&a, sizeof a) < 0 && errno != EINPROGRESS) ||
        epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &e) < 0) {
        failed(c);
        return false;
    }
    SSL_set_fd(c->ssl, c->fd);
    SSL_set_connect_state(c->ssl);
    SSL_set_tlsext_host_name(c->ssl, "localhost");
    if (opt.mode == RESUMED && seed)
        resume(c);
    c->began = now_ns();
    return true;
}

static bool waits(const struct conn *c, int result)
{
    int e = SSL_get_error(c->ssl, result);
    return e == SSL_ERROR_WANT_READ || e == SSL_ERROR_WANT_WRITE;
}

static bool may_go_on(void)
{
    if (stop || !counting)
        return false;
    return !opt.total || (left && left--);
}

static bool ask(struct conn *c)
{
    c->got = 0;
    c->began = opt.mode == KEEP ? now_ns() : c->began;
    if (SSL_write(c->ssl, request, request_len) == request_len)
        return true;
    failed(c);
    return false;
}

/* Is the answer whole? */
static bool is_whole(struct conn *c)
{
    c->answer[c->got] = '\0';
    const char *end = strstr(c->answer, "\r\n\r\n");
    const char *length = strcasestr(c->answer, "\r\nContent-Length:");
    return end && length &&
           c->got >= (size_t)(end - c->answer) + 4 + strtoul(length + 17, NULL, 10);
}

static void note(struct conn *c)
{
    if (c->answer[9] != '2')
        non_2xx++;
    if (SSL_session_reused(c->ssl))
        resumed++;
    if (counting && done < SAMPLES)
        samples[done] = (uint32_t)((now_ns() - c->began) / 1000);
    done += counting;
}

/* False when nothing more is to be read. */
static bool read_some(struct conn *c)
{
    int n = SSL_read(c->ssl, c->answer + c->got, (int)(ANSWER - 1 - c->got));
    if (n <= 0) {
        if (!waits(c, n))
            failed(c);
        return false;
    }
    c->got += (size_t)n;
    if (!is_whole(c))
        return true;
    note(c);
    c->answered = true;
    if (opt.mode == KEEP)
        return may_go_on() && ask(c);
    if (opt.mode == FULL || opt.mode == RESUMED) {
        drop(c);
        if (may_go_on())
            open_conn(c);
        return false;
    }
    return true;
}

static void go_on(struct conn *c)
{
    if (c->shaking) {
        int r = SSL_do_handshake(c->ssl);
        if (r != 1) {
            if (!waits(c, r))
                failed(c);
            return;
        }
        c->shaking = false;
        if (!ask(c))
            return;
    }
    while (c->ssl && read_some(c))
        ;
}

static void turn(int timeout_ms)
{
    static struct epoll_event events[EVENTS];
    int n = epoll_wait(poller, events, EVENTS, timeout_ms);
    for (int i = 0; i < n; i++) {
        struct conn *c = events[i].data.ptr;
        if (c->ssl)
            go_on(c);
    }
}

/* Each has its first answer. */
static void settle(unsigned count, int64_t give_up)
{
    for (unsigned i = 0; i < count && !stop; i++) {
        if (!open_conn(&conns[i]))
            return;
        while (i % 32 == 31 && !conns[i].answered && !errors && !stop && now_ns() < give_up)
            turn(10);
    }
    for (unsigned i = 0; i < count && !stop && !errors; i++)
        while (!conns[i].answered && !errors && !stop && now_ns() < give_up)
            turn(10);
}

static void say(const char *word)
{
    puts(word);
    fflush(stdout);
}

static int by_size(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static double quantile(double q)
{
    uint64_t n = done < SAMPLES ? done : SAMPLES;
    return n ? (double)samples[(uint64_t)((double)(n - 1) * q)] : 0;
}

static void report(double wall)
{
    qsort(samples, done < SAMPLES ? (size_t)done : SAMPLES, sizeof *samples, by_size);
    printf("{\"mode\": \"%s\", \"connections\": %u, \"wall_s\": %.4f, \"requests\": %llu, "
           "\"rps\": %.1f, \"p50_us\": %.1f, \"p99_us\": %.1f, \"errors\": %llu, "
           "\"non_2xx\": %llu, \"resumed\": %llu, \"open\": %u}\n",
           mode_names[opt.mode], opt.connections, wall, (unsigned long long)done,
           (double)done / wall, quantile(0.5), quantile(0.99), (unsigned long long)errors,
           (unsigned long long)non_2xx, (unsigned long long)resumed, live);
    fflush(stdout);
}

static void run_load(void)
{
    bool keeps = opt.mode == KEEP;
    settle(keeps ? opt.connections : 1, now_ns() + (int64_t)10e9);
    say("begin");
    resumed = 0;
    counting = true;
    int64_t begin = now_ns(), end = begin + (int64_t)(opt.seconds * 1e9);
    left = opt.total;
    for (unsigned i = 0; i < opt.connections && may_go_on(); i++)
        if (!keeps)
            open_conn(&conns[i]);
        else if (conns[i].ssl)
            ask(&conns[i]);
    while (live && !stop && (opt.total ? done + errors < opt.total : now_ns() < end))
        turn(10);
    double wall = (double)(now_ns() - begin) / 1e9;
    say("end");
    /* Those that should have been resumed and were not. */
    if (opt.mode == RESUMED ? resumed != done : opt.mode == FULL && resumed)
        errors++;
    report(wall);
}

static void hold(void)
{
    counting = true;
    int64_t begin = now_ns();
    say("begin");
    settle(opt.connections, begin + (int64_t)60e9);
    say("ready");
    while (!stop)
        turn(100);
    double wall = (double)(now_ns() - begin) / 1e9;
    say("end");
    report(wall);
}

static void on_signal(int number)
{
    (void)number;
    stop = 1;
}

static void usage(void)
{
    fputs("usage: tlsgen -p PORT [-m keep|full|resumed|idle] [-c CONNECTIONS] [-d SECONDS]\n"
          "  [-n REQUESTS (instead of seconds)] [-2 (speak TLS 1.2)]\n",
          stderr);
    exit(2);
}

static void read_options(int argc, char **argv)
{
    int o;
    while ((o = getopt(argc, argv, "p:m:c:d:n:u:2")) != -1) {
        switch (o) {
        case 'p':
            opt.port = (uint16_t)atoi(optarg);
            break;
        case 'c':
            opt.connections = (unsigned)atoi(optarg);
            break;
        case 'd':
            opt.seconds = atof(optarg);
            break;
        case 'n':
            opt.total = strtoull(optarg, NULL, 10);
            break;
        case '2':
            opt.old = true;
            break;
        case 'u':
            break; /* there is one path */
        case 'm':
            while (strcmp(mode_names[opt.mode], optarg) != 0)
                if (++opt.mode > IDLE)
                    usage();
            break;
        default:
            usage();
        }
    }
    if (!opt.port || !opt.connections || optind != argc)
        usage();
}

int main(int argc, char **argv)
{
    read_options(argc, argv);
    request_len =
        snprintf(request, sizeof request, "GET / HTTP/1.1\r\nHost: localhost:%u\r\n%s\r\n",
                 opt.port, opt.mode == FULL || opt.mode == RESUMED ? "Connection: close\r\n" : "");
    conns = calloc(opt.connections, sizeof *conns);
    samples = calloc(SAMPLES, sizeof *samples);
    poller = epoll_create1(EPOLL_CLOEXEC);
    context = SSL_CTX_new(TLS_client_method());
    if (!conns || !samples || poller < 0 || !context)
        return 1;
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, on_session);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_max_proto_version(context, opt.old ? TLS1_2_VERSION : TLS1_3_VERSION);
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    signal(SIGPIPE, SIG_IGN);
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    if (opt.mode == IDLE)
        hold();
    else
        run_load();
    return errors ? 1 : 0;
}
