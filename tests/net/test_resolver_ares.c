/* SPDX-License-Identifier: MIT */
/* test_resolver_ares.c - names asked by c-ares of a name server that lives here, on loopback. */
#include "net/resolver.h"
#include "net/resolver_ares.h"
#include "support/fake_clock.h"
#include "support/sweep.h"

#include <gyre/error.h>
#include <gyre/locks.h>
#include <gyre/net.h>
#include <gyre/stream.h>
#include <gyre/udp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* -- A name server ------------------------------------------------------------------------------- */

enum { TYPE_A = 1, TYPE_CNAME = 5, TYPE_AAAA = 28, TRUNCATED = 0x0200, ROOM = 4096 };

/* A row for each name: how it answers. */
static const struct zone_row {
    const char *name;
    const char *ip4, *ip6;
    uint32_t ttl;
    unsigned code; /* NXDOMAIN is 3 */
} zone[] = {
    {"a.test", "192.0.2.1", "2001:db8::1", 300, 0},
    {"b.test", "192.0.2.2", NULL, 300, 0},
    {"short.test", "192.0.2.3", NULL, 1, 0},
    {"now.test", "192.0.2.4", NULL, 0, 0},
    {"long.test", "192.0.2.5", NULL, 1000000, 0},
    {"empty.test", NULL, NULL, 0, 0},
    {"broken.test", NULL, NULL, 0, 2},
    {"refused.test", NULL, NULL, 0, 5},
    {"liar.test", "192.0.2.6", NULL, 300, 0},
    {"late.test", "192.0.2.7", NULL, 300, 0},
    {"slow.test", "192.0.2.8", NULL, 300, 0},
    {"host.zone.test", "192.0.2.9", NULL, 300, 0},
    {"a.b.zone.test", "192.0.2.10", NULL, 300, 0},
};

struct server {
    gy_udp *udp;
    gy_tcp_server *tcp;
    gy_task *task;
    char text[64], from[GY_ADDRESS_MAX];
    int asked, by_tcp, port;
    char last[GY__HOST_ROOM];
    gy_event may_answer;
};

struct message {
    unsigned char bytes[ROOM];
    size_t len;
};

static void put16(struct message *m, unsigned n)
{
    m->bytes[m->len++] = (unsigned char)(n >> 8);
    m->bytes[m->len++] = (unsigned char)n;
}

static void put32(struct message *m, uint32_t n)
{
    put16(m, n >> 16);
    put16(m, n & 0xffff);
}

static void put_name(struct message *m, const char *name)
{
    while (*name) {
        size_t len = strcspn(name, ".");
        m->bytes[m->len++] = (unsigned char)len;
        memcpy(m->bytes + m->len, name, len);
        m->len += len;
        name += len + (name[len] == '.');
    }
    m->bytes[m->len++] = 0;
}

/* The question as text; gives where it ends, or 0. */
static size_t read_question(gy_str in, char name[GY__HOST_ROOM], unsigned *type)
{
    const unsigned char *p = (const unsigned char *)in.ptr;
    size_t at = 12, len = 0;
    while (at < in.len && p[at] && at + p[at] + 1U < in.len && len + p[at] + 2U < GY__HOST_ROOM) {
        if (len)
            name[len++] = '.';
        memcpy(name + len, p + at + 1, p[at]);
        len += p[at];
        at += p[at] + 1U;
    }
    name[len] = 0;
    if (at + 5 > in.len)
        return 0;
    *type = (unsigned)p[at + 1] << 8 | p[at + 2];
    return at + 5;
}

static void begin_reply(struct message *m, gy_str question, size_t end, unsigned flags)
{
    m->len = 0;
    memcpy(m->bytes, question.ptr, end);
    m->len = 2;
    put16(m, 0x8180 | flags); /* a reply, recursion wanted and there */
    put16(m, 1);
    put32(m, 0); /* answers: see add_record */
    put16(m, 0);
    m->len = end;
}

static void add_record(struct message *m, const char *name, unsigned type, uint32_t ttl,
                       const void *data, size_t len)
{
    m->bytes[7]++;
    put_name(m, name);
    put16(m, type);
    put16(m, 1);
    put32(m, ttl);
    put16(m, (unsigned)len);
    memcpy(m->bytes + m->len, data, len);
    m->len += len;
}

static void add_alias(struct message *m, const char *name, const char *to, uint32_t ttl)
{
    struct message data = {.len = 0};
    put_name(&data, to);
    add_record(m, name, TYPE_CNAME, ttl, data.bytes, data.len);
}

static void add_ip(struct message *m, const char *name, unsigned type, const char *ip, uint32_t ttl)
{
    struct gy__inet in;
    if (!ip)
        return;
    assert_int_equal(gy__inet_parse(ip, &in), 0);
    add_record(m, name, type, ttl, in.bytes, type == TYPE_A ? 4 : 16);
}

static const struct zone_row *find_row(const char *name)
{
    for (size_t i = 0; i < sizeof zone / sizeof *zone; i++)
        if (strcmp(zone[i].name, name) == 0)
            return &zone[i];
    return NULL;
}

static void add_many(struct message *m, const char *name)
{
    for (int i = 0; i < 100; i++) {
        char ip[32];
        snprintf(ip, sizeof ip, "198.51.100.%d", i);
        add_ip(m, name, TYPE_A, ip, 300);
    }
}

static void answer(struct message *m, gy_str question, size_t end, const char *name, unsigned type,
                   bool tcp)
{
    const struct zone_row *row = find_row(name);
    begin_reply(m, question, end, row ? row->code : 0);
    if (row) {
        add_ip(m, name, type, type == TYPE_A ? row->ip4 : row->ip6, row->ttl);
    } else if (strcmp(name, "chain.test") == 0) {
        add_alias(m, name, "one.test", 500);
        add_alias(m, "one.test", "two.test", 7);
        if (type == TYPE_A)
            add_ip(m, "two.test", type, "192.0.2.33", 300);
    } else if (strcmp(name, "circle.test") == 0) {
        add_alias(m, name, "round.test", 300);
        add_alias(m, "round.test", name, 300);
    } else if (strcmp(name, "big.test") == 0 && type == TYPE_A) {
        if (tcp)
            add_many(m, name);
        else
            m->bytes[2] |= TRUNCATED >> 8;
    } else if (strcmp(name, "garbled.test") == 0) {
        add_ip(m, "", TYPE_A, "192.0.2.1", 300);
        size_t at = m->len - 15;
        memmove(m->bytes + at + 1, m->bytes + at, 15);
        m->len++;
        m->bytes[at] = 0xc0; /* a name that goes on where it begins */
        m->bytes[at + 1] = (unsigned char)at;
    } else if (strcmp(name, "cut.test") == 0) {
        add_ip(m, name, TYPE_A, "192.0.2.1", 300);
        m->len -= 3;
    } else if (strcmp(name, "big.test") != 0) {
        begin_reply(m, question, end, 3);
    }
}

/* What a server that is none of ours might throw in: not taken for the answer. */
static void lie(struct server *s, const struct message *m, const char *from)
{
    struct message lie = *m;
    lie.bytes[0] ^= 0x55;
    lie.bytes[lie.len - 1] = 99;
    if (gy_udp_send_to(s->udp, from, lie.bytes, lie.len) || gy_udp_send_to(s->udp, from, "no", 2) ||
        gy_udp_send_to(s->udp, from, m->bytes, 5))
        return;
    lie = *m;
    lie.bytes[13] ^= 1; /* another question */
    lie.bytes[lie.len - 1] = 98;
    (void)!gy_udp_send_to(s->udp, from, lie.bytes, lie.len);
}

static int on_datagram(gy_udp *u, gy_str data, const char *from, void *arg)
{
    struct server *s = arg;
    struct message m;
    char name[GY__HOST_ROOM];
    unsigned type;
    size_t end = read_question(data, name, &type);
    assert_true(end > 0);
    s->asked++;
    memcpy(s->last, name, sizeof name);
    snprintf(s->from, sizeof s->from, "%s", from);
    if (strcmp(name, "silent.test") == 0)
        return 0;
    if (strcmp(name, "late.test") == 0 && s->asked < 2)
        return 0;
    if (strcmp(name, "slow.test") == 0) {
        int e = gy_event_wait(&s->may_answer, GY_FOREVER);
        if (e)
            return e;
    }
    answer(&m, data, end, name, type, false);
    if (strcmp(name, "liar.test") == 0)
        lie(s, &m, from);
    return gy_udp_send_to(u, from, m.bytes, m.len);
}

static int on_connection(gy_stream *stream, void *arg)
{
    struct server *s = arg;
    struct message reply;
    char name[GY__HOST_ROOM];
    unsigned type;
    gy_str in;
    int e;
    while ((e = gy_stream_read_exact(stream, 2, &in)) == 0) {
        e = gy_stream_read_exact(
            stream, (size_t)((unsigned char)in.ptr[0] << 8) | (unsigned char)in.ptr[1], &in);
        if (e)
            break;
        size_t end = read_question(in, name, &type);
        s->by_tcp++;
        answer(&reply, in, end, name, type, true);
        unsigned char len[2] = {(unsigned char)(reply.len >> 8), (unsigned char)reply.len};
        e = gy_stream_write(stream, len, 2);
        if (!e)
            e = gy_stream_write(stream, reply.bytes, reply.len);
        if (e)
            break;
    }
    return e;
}

static int serve(void *arg)
{
    struct server *s = arg;
    gy_udp_serve(s->udp, 0, on_datagram, s);
    return 0;
}

/* One port for both. */
static int bind_both(struct server *s)
{
    char why[200], at[GY_ADDRESS_MAX];
    for (int i = 0; i < 50; i++) {
        int e = gy_udp_open(&(gy_udp_opts){.bind = "127.0.0.1:0"}, &s->udp, why, sizeof why);
        if (e)
            return e;
        s->port = gy_local_port(gy_udp_fd(s->udp));
        snprintf(at, sizeof at, "127.0.0.1:%d", s->port);
        int fd =
            gy_listen(&(gy_listen_opts){.address = "127.0.0.1", .port = s->port}, why, sizeof why);
        if (fd >= 0) {
            s->tcp = gy_tcp_server_open(fd, NULL, on_connection, s);
            return s->tcp ? 0 : GY_ENOMEM;
        }
        gy_udp_close(s->udp);
        s->udp = NULL;
        if (fd != -EADDRINUSE)
            return fd;
    }
    return -EADDRINUSE;
}

static int server_begin(struct server *s)
{
    *s = (struct server){0};
    int e = bind_both(s);
    if (!e && !(s->task = gy_task_new(gy_loop_current(), serve, s, NULL)))
        e = GY_ENOMEM;
    snprintf(s->text, sizeof s->text, "127.0.0.1:%d", s->port);
    return e;
}

static void server_end(struct server *s)
{
    bool was = gy_task_shield(true);
    gy_event_set(&s->may_answer);
    if (s->task) {
        gy_task_cancel(s->task);
        gy_task_join(s->task);
    }
    gy_udp_close(s->udp);
    gy_tcp_server_close(s->tcp, 0);
    gy_task_shield(was);
}

/* -- Asking -------------------------------------------------------------------------------------- */

static gy_resolver *make(const struct server *s, gy_resolver_opts o)
{
    o.engine = GY_RESOLVER_CARES;
    o.hosts_file = "";
    o.cares.servers = s->text;
    o.cares.no_aliases = true;
    if (!o.cares.domains)
        o.cares.no_search = true;
    return gy_resolver_new(&o);
}

static const char *of(gy_resolver *r, const char *host, int family)
{
    static char text[GY__IPS_MAX * (GY_ADDRESS_MAX + 1) + 1];
    gy_address found[GY__IPS_MAX];
    int n = gy_resolve(r, host, 80, family, found, GY__IPS_MAX);
    text[0] = 0;
    if (n <= 0)
        snprintf(text, sizeof text, "%s", gy_error_name(n));
    for (int i = 0; i < n; i++) {
        size_t len = strlen(text);
        snprintf(text + len, sizeof text - len, "%s%.*s", i ? " " : "", GY_ADDRESS_MAX - 1,
                 found[i].text);
    }
    return text;
}

/* Run [body] beside a server. */
struct scene {
    void (*body)(struct server *s);
};

static int play(void *arg)
{
    const struct scene *scene = arg;
    struct server s;
    assert_int_equal(server_begin(&s), 0);
    scene->body(&s);
    server_end(&s);
    return 0;
}

static void in_fake_time(void (*body)(struct server *s))
{
    struct scene scene = {body};
    int live = count_descriptors();
    assert_int_equal(run_in_fake_time(play, &scene), 0);
    assert_int_equal(count_descriptors(), live);
}

static void in_real_time(void (*body)(struct server *s))
{
    struct scene scene = {body};
    int live = count_descriptors();
    assert_int_equal(gy_run(play, &scene), 0);
    assert_int_equal(count_descriptors(), live);
}

/* -- Answers ------------------------------------------------------------------------------------- */

static void ask_names(struct server *s)
{
    gy_resolver *r = make(s, (gy_resolver_opts){0});
    assert_non_null(r);
    assert_string_equal(of(r, "a.test", AF_INET), "192.0.2.1:80");
    assert_string_equal(of(r, "A.Test.", AF_INET6), "[2001:db8::1]:80");
    const char *both = of(r, "a.test", 0); /* the order is that of RFC 6724 on this machine */
    assert_true(strcmp(both, "[2001:db8::1]:80 192.0.2.1:80") == 0 ||
                strcmp(both, "192.0.2.1:80 [2001:db8::1]:80") == 0);
    assert_string_equal(of(r, "b.test", 0), "192.0.2.2:80");
    assert_string_equal(of(r, "b.test", AF_INET6), "GY_ENOTFOUND");
    assert_string_equal(of(r, "chain.test", AF_INET), "192.0.2.33:80");
    assert_string_equal(of(r, "empty.test", 0), "GY_ENOTFOUND");
    assert_string_equal(of(r, "none.test", 0), "GY_ENOTFOUND");
    assert_string_equal(of(r, "circle.test", AF_INET), "GY_ENOTFOUND");
    assert_string_equal(of(r, "localhost", AF_INET), "127.0.0.1:80");
    assert_string_equal(of(r, "127.1", 0), "GY_EINVAL");
    gy_resolver_free(r);
}

static void names_have_addresses(void **state)
{
    (void)state;
    in_fake_time(ask_names);
}

static void ask_a_table(struct server *s)
{
    static const gy_resolver_entry rows[] = {
        {"db", "a.test"}, {"b.test", "10.0.0.1"}, {NULL, NULL}};
    gy_resolver *r = make(s, (gy_resolver_opts){.table = rows});
    assert_string_equal(of(r, "db", AF_INET), "192.0.2.1:80");
    assert_string_equal(of(r, "b.test", AF_INET), "10.0.0.1:80");
    assert_int_equal(s->asked, 1);
    gy_resolver_free(r);
}

static void the_table_goes_first_here_too(void **state)
{
    (void)state;
    in_fake_time(ask_a_table);
}

static void ask_the_unwilling(struct server *s)
{
    gy_resolver *r = make(s, (gy_resolver_opts){.cares = {.tries = 1}});
    assert_string_equal(of(r, "broken.test", AF_INET), "EAGAIN");
    assert_string_equal(of(r, "refused.test", AF_INET), "EAGAIN");
    assert_string_equal(of(r, "garbled.test", AF_INET), "EAGAIN");
    assert_string_equal(of(r, "cut.test", AF_INET), "EAGAIN");
    int asked = s->asked;
    assert_string_equal(of(r, "broken.test", AF_INET), "EAGAIN");
    assert_true(s->asked > asked); /* it says nothing about the name */
    gy_resolver_free(r);
}

static void a_server_that_fails_may_do_better_later(void **state)
{
    (void)state;
    in_fake_time(ask_the_unwilling);
}

static void ask_a_liar(struct server *s)
{
    gy_resolver *r = make(s, (gy_resolver_opts){0});
    assert_string_equal(of(r, "liar.test", AF_INET), "192.0.2.6:80");
    assert_int_equal(s->asked, 1);
    gy_resolver_free(r);
}

static void what_was_not_asked_for_is_ignored(void **state)
{
    (void)state;
    in_fake_time(ask_a_liar);
}

static void ask_for_much(struct server *s)
{
    gy_resolver *r = make(s, (gy_resolver_opts){0});
    gy_address found[GY__IPS_MAX];
    assert_int_equal(gy_resolve(r, "big.test", 80, AF_INET, found, GY__IPS_MAX), GY__IPS_MAX);
    assert_int_equal(s->asked, 1);
    assert_int_equal(s->by_tcp, 1);
    gy_resolver_free(r);

    r = make(s, (gy_resolver_opts){.cares = {.ignore_truncated = true}});
    assert_string_equal(of(r, "big.test", AF_INET), "GY_ENOTFOUND");
    assert_int_equal(s->by_tcp, 1);
    gy_resolver_free(r);

    r = make(s, (gy_resolver_opts){.cares = {.tcp_only = true, .stay_open = true}});
    assert_string_equal(of(r, "a.test", AF_INET), "192.0.2.1:80");
    assert_string_equal(of(r, "b.test", AF_INET), "192.0.2.2:80");
    assert_int_equal(s->by_tcp, 3);
    gy_resolver_free(r);
}

static void long_answers_come_by_tcp(void **state)
{
    (void)state;
    in_fake_time(ask_for_much);
}

static void complete_names(struct server *s)
{
    gy_resolver *r = make(s, (gy_resolver_opts){.cares = {.domains = "other.test, zone.test"}});
    assert_string_equal(of(r, "host", AF_INET), "192.0.2.9:80");
    assert_string_equal(of(r, "host.", AF_INET), "GY_ENOTFOUND");
    int asked = s->asked;
    assert_string_equal(of(r, "a.b", AF_INET), "192.0.2.10:80");
    assert_int_equal(s->asked - asked, 3); /* as it is, and in both domains */
    gy_resolver_free(r);
    r = make(s, (gy_resolver_opts){.cares = {.domains = "zone.test", .ndots = 2}});
    asked = s->asked;
    assert_string_equal(of(r, "a.b", AF_INET), "192.0.2.10:80");
    assert_int_equal(s->asked - asked, 1);
    gy_resolver_free(r);
}

static void short_names_are_completed(void **state)
{
    (void)state;
    in_fake_time(complete_names);
}

static void choose_ports(struct server *s)
{
    gy_resolver *r = gy_resolver_new(&(gy_resolver_opts){.engine = GY_RESOLVER_CARES,
                                                         .hosts_file = "",
                                                         .cares = {.servers = "127.0.0.1",
                                                                   .udp_port = s->port,
                                                                   .tcp_port = s->port,
                                                                   .source_address = "127.0.0.77",
                                                                   .no_search = true}});
    assert_string_equal(of(r, "big.test", AF_INET)[0] == '1' ? "found" : "not", "found");
    assert_int_equal(strncmp(s->from, "127.0.0.77:", 11), 0);
    gy_resolver_free(r);
}

static void ports_and_the_source_may_be_chosen(void **state)
{
    (void)state;
    in_fake_time(choose_ports);
}

static void odd_options_make_no_resolver(void **state)
{
    (void)state;
    static const gy_cares_opts bad[] = {
        {.servers = "nonsense"}, {.servers = "10.0.0.1:99999x"},
        {.tries = -1},           {.try_timeout = -1},
        {.udp_port = 65536},     {.tcp_port = -1},
        {.domains = "a b"},      {.domains = "a,,b"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        errno = 0;
        gy_resolver *r =
            gy_resolver_new(&(gy_resolver_opts){.engine = GY_RESOLVER_CARES, .cares = bad[i]});
        if (r)
            fail_msg("options %zu were taken", i);
        assert_int_equal(errno, EINVAL);
    }
    assert_null(gy_resolver_new(&(gy_resolver_opts){.engine = (enum gy_resolver_engine)7}));
    assert_int_equal(errno, EINVAL);
}

/* -- What is kept -------------------------------------------------------------------------------- */

static int count(struct server *s, gy_resolver *r, const char *name, double after)
{
    int asked = s->asked;
    fake_clock_forward(after);
    of(r, name, AF_INET);
    return s->asked - asked;
}

static void keep_for_a_time(struct server *s)
{
    gy_resolver *r = make(s, (gy_resolver_opts){0});
    assert_int_equal(count(s, r, "short.test", 0), 1);
    assert_int_equal(count(s, r, "short.test", 0.9), 0);
    assert_int_equal(count(s, r, "short.test", 0.2), 1);
    assert_int_equal(count(s, r, "now.test", 0), 1);
    assert_int_equal(count(s, r, "now.test", 0), 1);
    assert_int_equal(count(s, r, "a.test", 0), 1);
    assert_int_equal(count(s, r, "a.test", 299), 0);
    assert_int_equal(count(s, r, "a.test", 2), 1);
    assert_int_equal(count(s, r, "chain.test", 0), 1);
    assert_int_equal(count(s, r, "chain.test", 6.9), 0);
    assert_int_equal(count(s, r, "chain.test", 0.2), 1); /* its shortest part */
    assert_int_equal(count(s, r, "long.test", 0), 1);
    assert_int_equal(count(s, r, "long.test", 86399), 0);
    assert_int_equal(count(s, r, "long.test", 2), 1); /* a day at most */
    assert_int_equal(count(s, r, "none.test", 0), 1);
    assert_int_equal(count(s, r, "none.test", 4.9), 0);
    assert_int_equal(count(s, r, "none.test", 0.2), 1);
    gy_resolver_free(r);

    r = make(s, (gy_resolver_opts){.cache_time = 10});
    assert_int_equal(count(s, r, "short.test", 0), 1);
    assert_int_equal(count(s, r, "short.test", 1.1), 1);
    assert_int_equal(count(s, r, "a.test", 0), 1);
    assert_int_equal(count(s, r, "a.test", 9.9), 0);
    assert_int_equal(count(s, r, "a.test", 0.2), 1);
    gy_resolver_free(r);

    r = make(s, (gy_resolver_opts){.cache_time = -1, .cache_miss_time = -1});
    assert_int_equal(count(s, r, "a.test", 0), 1);
    assert_int_equal(count(s, r, "a.test", 0), 1);
    assert_int_equal(count(s, r, "none.test", 0), 1);
    assert_int_equal(count(s, r, "none.test", 0), 1);
    gy_resolver_free(r);
}

static void answers_are_kept_as_long_as_they_say(void **state)
{
    (void)state;
    in_fake_time(keep_for_a_time);
}

/* -- Together, and given up ---------------------------------------------------------------------- */

struct asker {
    gy_resolver *r;
    const char *name;
    double timeout;
    int result;
};

static int ask(void *arg)
{
    struct asker *a = arg;
    gy_address found[4];
    gy_deadline d;
    gy_deadline_begin(&d, a->timeout > 0 ? a->timeout : GY_FOREVER);
    a->result = gy_resolve(a->r, a->name, 80, AF_INET, found, 4);
    gy_deadline_end(&d);
    return 0;
}

static void until_asked(struct server *s, int times)
{
    while (s->asked < times)
        gy_yield();
}

static void ask_together(struct server *s)
{
    gy_resolver *r = make(s, (gy_resolver_opts){0});
    struct asker all[4];
    gy_task *tasks[4];
    for (int i = 0; i < 4; i++) {
        all[i] = (struct asker){.r = r, .name = "slow.test"};
        tasks[i] = gy_task_new(gy_loop_current(), ask, &all[i], NULL);
        assert_non_null(tasks[i]);
    }
    until_asked(s, 1);
    gy_task_cancel(tasks[0]);
    gy_task_join(tasks[0]);
    assert_string_equal(of(r, "a.test", AF_INET), "192.0.2.1:80"); /* nobody holds anybody up */
    gy_event_set(&s->may_answer);
    for (int i = 1; i < 4; i++)
        gy_task_join(tasks[i]);
    for (int i = 0; i < 4; i++)
        assert_int_equal(all[i].result, i ? 1 : GY_ECANCELED);
    assert_int_equal(s->asked, 2);
    gy_resolver_free(r);
}

static void those_who_ask_the_same_share_a_question(void **state)
{
    (void)state;
    in_real_time(ask_together);
}

static void leave_early(struct server *s)
{
    gy_resolver *r = make(s, (gy_resolver_opts){0});
    struct asker a = {.r = r, .name = "slow.test"};
    gy_task *t = gy_task_new(gy_loop_current(), ask, &a, NULL);
    assert_non_null(t);
    until_asked(s, 1);
    gy_task_cancel(t);
    gy_task_join(t);
    assert_int_equal(a.result, GY_ECANCELED);
    gy_event_set(&s->may_answer);
    assert_string_equal(of(r, "slow.test", AF_INET), "192.0.2.8:80");
    assert_int_equal(s->asked, 1);
    gy_resolver_free(r);
}

static void a_question_that_nobody_waits_for_goes_on(void **state)
{
    (void)state;
    in_real_time(leave_early);
}

static void free_it(struct server *s)
{
    for (int begun = 0; begun < 2; begun++) {
        struct asker a = {.r = make(s, (gy_resolver_opts){0}), .name = "slow.test"};
        int asked = s->asked;
        gy_task *t = gy_task_new(gy_loop_current(), ask, &a, NULL);
        assert_non_null(t);
        if (begun)
            until_asked(s, asked + 1);
        else
            gy_yield();
        gy_resolver_free(a.r);
        gy_task_join(t);
        assert_int_equal(a.result, GY_ESHUTDOWN);
    }
}

static void who_waits_for_one_that_is_freed_is_told(void **state)
{
    (void)state;
    in_real_time(free_it);
}

static void wait_in_vain(struct server *s)
{
    gy_resolver *r = make(s, (gy_resolver_opts){.cares = {.try_timeout = 0.02, .tries = 2}});
    assert_string_equal(of(r, "silent.test", AF_INET), "EAGAIN");
    assert_int_equal(s->asked, 2);
    gy_resolver_free(r);

    r = make(s, (gy_resolver_opts){.timeout = 0.02, .cares = {.try_timeout = 60}});
    assert_string_equal(of(r, "silent.test", AF_INET), "GY_ETIMEDOUT");
    gy_resolver_free(r);

    s->asked = 0;
    r = make(s, (gy_resolver_opts){.cares = {.try_timeout = 0.02}});
    assert_string_equal(of(r, "late.test", AF_INET), "192.0.2.7:80");
    assert_true(s->asked >= 2);
    gy_resolver_free(r);
}

static void silence_is_asked_again_and_then_given_up(void **state)
{
    (void)state;
    in_real_time(wait_in_vain);
}

static void ask_nobody(struct server *s)
{
    char none[64];
    gy_udp *u;
    assert_int_equal(gy_udp_open(&(gy_udp_opts){.bind = "127.0.0.1:0"}, &u, none, sizeof none), 0);
    snprintf(none, sizeof none, "127.0.0.1:%d", gy_local_port(gy_udp_fd(u)));
    gy_udp_close(u);
    gy_cares_opts cares = {.servers = none, .tries = 1, .try_timeout = 5, .no_search = true};
    gy_resolver_opts opts = {.engine = GY_RESOLVER_CARES, .hosts_file = "", .cares = cares};
    gy_resolver *r = gy_resolver_new(&opts);
    assert_string_equal(of(r, "a.test", AF_INET), "EAGAIN");
    gy_resolver_free(r);

    char two[128];
    snprintf(two, sizeof two, "%s,%s", none, s->text);
    opts.cares.servers = two;
    r = gy_resolver_new(&opts);
    assert_string_equal(of(r, "a.test", AF_INET), "192.0.2.1:80");
    gy_resolver_free(r);
    opts.cares.primary_only = true;
    r = gy_resolver_new(&opts);
    assert_string_equal(of(r, "a.test", AF_INET), "EAGAIN");
    gy_resolver_free(r);
}

static void a_server_that_is_not_there_is_passed_over(void **state)
{
    (void)state;
    in_real_time(ask_nobody);
}

static gy_resolver *left_over;

static void leave_it(struct server *s)
{
    left_over = make(s, (gy_resolver_opts){.timeout = 3600, .cares = {.try_timeout = 3600}});
    struct asker a = {.r = left_over, .name = "silent.test", .timeout = 0.01};
    assert_int_equal(ask(&a), 0);
    assert_int_equal(a.result, GY_ETIMEDOUT);
}

static int ask_left_over(void *unused)
{
    (void)unused;
    gy_address a;
    return gy_resolve(left_over, "a.test", 80, AF_INET, &a, 1);
}

static void a_loop_does_not_turn_for_a_question_and_ends_it(void **state)
{
    (void)state;
    struct scene scene = {leave_it};
    assert_int_equal(gy_run(play, &scene), 0); /* at once, and not after an hour */
    assert_int_equal(gy_run(ask_left_over, NULL), GY_ESHUTDOWN);
    gy_resolver_free(left_over);
}

/* -- Outside of tasks ---------------------------------------------------------------------------- */

/* A thread with a loop of its own serves; this one blocks. */
struct beside {
    struct server s;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool ready;
    gy_loop *loop;
    gy_event end;
};

static int serve_beside(void *arg)
{
    struct beside *b = arg;
    assert_int_equal(server_begin(&b->s), 0);
    pthread_mutex_lock(&b->lock);
    b->loop = gy_loop_current();
    b->ready = true;
    pthread_cond_signal(&b->changed);
    pthread_mutex_unlock(&b->lock);
    int e = gy_event_wait(&b->end, GY_FOREVER);
    server_end(&b->s);
    return e;
}

static void *run_beside(void *arg)
{
    return (void *)(intptr_t)gy_run(serve_beside, arg);
}

static void end_beside(void *arg)
{
    struct beside *b = arg;
    gy_event_set(&b->end);
}

static int ask_again_in_task(void *r)
{
    assert_string_equal(of(r, "b.test", AF_INET), "192.0.2.2:80");
    return 0;
}

static void outside_of_a_task_it_blocks(void **state)
{
    (void)state;
    struct beside b = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    pthread_t thread;
    void *result;
    assert_int_equal(pthread_create(&thread, NULL, run_beside, &b), 0);
    pthread_mutex_lock(&b.lock);
    while (!b.ready)
        pthread_cond_wait(&b.changed, &b.lock);
    pthread_mutex_unlock(&b.lock);

    gy_resolver *r = make(&b.s, (gy_resolver_opts){.cares = {.stay_open = true}});
    assert_string_equal(of(r, "a.test", AF_INET), "192.0.2.1:80");
    assert_string_equal(of(r, "none.test", AF_INET), "GY_ENOTFOUND");
    assert_string_equal(of(r, "big.test", AF_INET)[0] == '1' ? "found" : "not", "found");
    /* The sockets that are open are watched from here on. */
    assert_int_equal(gy_run(ask_again_in_task, r), 0);
    assert_string_equal(of(r, "b.test", AF_INET), "192.0.2.2:80"); /* that is kept */
    assert_string_equal(of(r, "c.test", AF_INET), "GY_ESHUTDOWN"); /* its loop has ended */
    gy_resolver_free(r);

    assert_int_equal(gy_loop_post(b.loop, end_beside, &b), 0);
    pthread_join(thread, &result);
    assert_int_equal((intptr_t)result, 0);
}

/* -- Sweeps -------------------------------------------------------------------------------------- */

static int everything(void *unused)
{
    (void)unused;
    struct server s;
    int e = server_begin(&s);
    gy_resolver *r = e ? NULL : make(&s, (gy_resolver_opts){.cares = {.domains = "zone.test"}});
    if (!e && !r)
        e = GY_ENOMEM;
    struct asker all[] = {{.r = r, .name = "a.test"},
                          {.r = r, .name = "a.test"},
                          {.r = r, .name = "host"},
                          {.r = r, .name = "big.test"},
                          {.r = r, .name = "none.test"}};
    enum { COUNT = sizeof all / sizeof *all };
    gy_group g = {0};
    for (size_t i = 0; i < COUNT && !e; i++)
        gy_group_spawn(&g, ask, &all[i]);
    int f = gy_group_wait(&g);
    e = e ? e : f;
    for (size_t i = 0; i + 1 < COUNT && !e; i++)
        e = all[i].result < 0 ? all[i].result : 0;
    if (!e && all[COUNT - 1].result != GY_ENOTFOUND)
        e = all[COUNT - 1].result;
    gy_resolver_free(r);
    server_end(&s);
    return e;
}

static void every_wait_may_be_cancelled(void **state)
{
    (void)state;
    assert_true(sweep_waits(everything, NULL) >= 10);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    sweep_task_allocations(everything, NULL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_have_addresses),
        cmocka_unit_test(the_table_goes_first_here_too),
        cmocka_unit_test(a_server_that_fails_may_do_better_later),
        cmocka_unit_test(what_was_not_asked_for_is_ignored),
        cmocka_unit_test(long_answers_come_by_tcp),
        cmocka_unit_test(short_names_are_completed),
        cmocka_unit_test(ports_and_the_source_may_be_chosen),
        cmocka_unit_test(odd_options_make_no_resolver),
        cmocka_unit_test(answers_are_kept_as_long_as_they_say),
        cmocka_unit_test(those_who_ask_the_same_share_a_question),
        cmocka_unit_test(a_question_that_nobody_waits_for_goes_on),
        cmocka_unit_test(who_waits_for_one_that_is_freed_is_told),
        cmocka_unit_test(silence_is_asked_again_and_then_given_up),
        cmocka_unit_test(a_server_that_is_not_there_is_passed_over),
        cmocka_unit_test(a_loop_does_not_turn_for_a_question_and_ends_it),
        cmocka_unit_test(outside_of_a_task_it_blocks),
        cmocka_unit_test(every_wait_may_be_cancelled),
        cmocka_unit_test(every_allocation_may_fail),
    };
    gy_resolver *r = gy_resolver_new(&(gy_resolver_opts){.engine = GY_RESOLVER_CARES});
    if (!r) {
        puts(gy_strerror(-errno));
        return errno == ENOTSUP ? 77 : 1;
    }
    gy_resolver_free(r);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
