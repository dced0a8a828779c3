/* SPDX-License-Identifier: MIT */
/* test_resolver.c - names to addresses; the network is never asked. */
#include "net/lookup.h"
#include "net/resolver.h"
#include "support/fake_clock.h"
#include "support/sweep.h"

#include <fcntl.h>
#include <gyre/error.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* -- A system that knows a few names ------------------------------------------------------------- */

static atomic_int asked;
static double look_up_takes;
static char last_asked[GY__HOST_ROOM];

static void add_ip(struct gy__query *q, const char *ip)
{
    struct gy__inet in;
    assert_int_equal(gy__inet_parse(ip, &in), 0);
    if (!q->family || q->family == in.family)
        q->ips[q->count++] = in;
}

static int known_names(void *query)
{
    struct gy__query *q = query;
    atomic_fetch_add(&asked, 1);
    memcpy(last_asked, q->name, sizeof last_asked);
    q->count = 0;
    if (look_up_takes > 0) {
        int e = gy_sleep(look_up_takes);
        if (e)
            return e;
    }
    if (strncmp(q->name, "down", 4) == 0)
        return -EAGAIN;
    if (strncmp(q->name, "four", 4) != 0 && strncmp(q->name, "none", 4) != 0)
        add_ip(q, "2001:db8::1");
    if (strncmp(q->name, "none", 4) != 0)
        add_ip(q, "192.0.2.1");
    return q->count ? 0 : GY_ENOTFOUND;
}

static int set_up(void **state)
{
    (void)state;
    gy__lookup_source = (struct gy__lookup_source){.fn = known_names, .in_task = true};
    look_up_takes = 0;
    atomic_store(&asked, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    gy__lookup_source = (struct gy__lookup_source){.fn = gy__lookup};
    return 0;
}

static gy_resolver *make(const gy_resolver_opts *opts)
{
    gy_resolver *r = gy_resolver_new(opts);
    assert_non_null(r);
    return r;
}

#define WITHOUT_FILE .hosts_file = ""

/* What [host] stands for, as one text; of a failure its name. */
static const char *of(gy_resolver *r, const char *host, int port, int family)
{
    static char text[GY__IPS_MAX * (GY_ADDRESS_MAX + 1) + 1];
    gy_address found[GY__IPS_MAX];
    int n = gy_resolve(r, host, port, family, found, GY__IPS_MAX);
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

static void in_fake_time(int (*body)(void *arg))
{
    int live = count_descriptors();
    assert_int_equal(run_in_fake_time(body, NULL), 0);
    assert_int_equal(count_descriptors(), live);
}

/* -- Known without asking ------------------------------------------------------------------------ */

static void numbers_ask_nobody(void **state)
{
    (void)state;
    gy_address a[2];
    assert_string_equal(of(NULL, "10.0.0.1", 80, 0), "10.0.0.1:80");
    assert_string_equal(of(NULL, "::1", 0, 0), "[::1]:0");
    assert_string_equal(of(NULL, "[::1]", 65535, AF_INET6), "[::1]:65535");
    assert_string_equal(of(NULL, "fe80::1%lo", 80, 0), "[fe80::1%lo]:80");
    assert_string_equal(of(NULL, "10.0.0.1", 80, AF_INET6), "GY_ENOTFOUND");
    assert_string_equal(of(NULL, "::1", 80, AF_INET), "GY_ENOTFOUND");
    assert_int_equal(gy_resolve(NULL, "::1", 80, 0, a, 2), 1);
    assert_int_equal(a[0].family, AF_INET6);
    assert_int_equal(gy_resolve(NULL, "10.0.0.1", 80, 0, a, 2), 1);
    assert_int_equal(a[0].family, AF_INET);
    assert_int_equal(asked, 0);
}

static void what_cannot_be_a_name_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",       "a b",          "a..b",     "a:80", "127.1",
                                      "0x7f.1", "[a]",          "[::1",     "::1]", "[10.0.0.1]",
                                      "a\n",    "b\xc3\xbczzz", "300.1.1.1"};
    char longest[400];
    memset(longest, 'a', sizeof longest);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (strcmp(of(NULL, bad[i], 80, 0), "EINVAL") &&
            strcmp(of(NULL, bad[i], 80, 0), "GY_EINVAL"))
            fail_msg("\"%s\" was taken for a name", bad[i]);
    longest[sizeof longest - 1] = 0;
    gy_address a;
    assert_int_equal(gy_resolve(NULL, longest, 80, 0, &a, 1), GY_EINVAL);
    assert_int_equal(gy_resolve(NULL, "a", -1, 0, &a, 1), GY_EINVAL);
    assert_int_equal(gy_resolve(NULL, "a", 65536, 0, &a, 1), GY_EINVAL);
    assert_int_equal(gy_resolve(NULL, "a", 80, AF_UNIX, &a, 1), GY_EINVAL);
    assert_int_equal(gy_resolve(NULL, "a", 80, 0, &a, 0), GY_EINVAL);
    assert_int_equal(asked, 0);
}

static void localhost_is_this_machine(void **state)
{
    (void)state;
    assert_string_equal(of(NULL, "localhost", 80, 0), "[::1]:80 127.0.0.1:80");
    assert_string_equal(of(NULL, "LocalHost.", 80, AF_INET), "127.0.0.1:80");
    assert_string_equal(of(NULL, "app.localhost", 80, AF_INET6), "[::1]:80");
    gy_address one;
    assert_int_equal(gy_resolve(NULL, "localhost", 80, 0, &one, 1), 1);
    assert_int_equal(asked, 0);
}

static void what_is_an_ip_address(void **state)
{
    (void)state;
    assert_true(gy_is_ip("10.0.0.1"));
    assert_true(gy_is_ip("::1"));
    assert_true(gy_is_ip("fe80::1%lo"));
    static const char *const none[] = {"",          "localhost",     "10.0.0",
                                       "10.0.0.01", "10.0.0.256",    "[::1]",
                                       "::1:",      ":::",           "10.0.0.1:80",
                                       " 10.0.0.1", "fe80::1%none0", "0x7f.0.0.1",
                                       "1",         "4294967295"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        if (gy_is_ip(none[i]))
            fail_msg("\"%s\" was taken for an IP address", none[i]);
    assert_false(gy_is_ip(NULL));
}

/* -- The table ----------------------------------------------------------------------------------- */

static int use_table(void *unused)
{
    (void)unused;
    static const gy_resolver_entry rows[] = {{"db.example:5432", "[::1]:6432"},
                                             {"DB.example.", "10.0.0.7"},
                                             {"here", "localhost:99"},
                                             {"there", "four.test"},
                                             {"localhost", "192.0.2.9"},
                                             {"10.9.9.9", "127.0.0.1"},
                                             {"loop", "loop"},
                                             {"db.example", "10.0.0.99"},
                                             {NULL, NULL}};
    gy_resolver *r = make(&(gy_resolver_opts){.table = rows, WITHOUT_FILE});
    assert_string_equal(of(r, "db.example", 5432, 0), "[::1]:6432");
    assert_string_equal(of(r, "db.example", 80, 0), "10.0.0.7:80");
    assert_string_equal(of(r, "Db.Example.", 80, 0), "10.0.0.7:80");
    assert_string_equal(of(r, "db.example", 80, AF_INET6), "GY_ENOTFOUND");
    assert_string_equal(of(r, "here", 80, 0), "[::1]:99 127.0.0.1:99");
    assert_string_equal(of(r, "localhost", 80, 0), "192.0.2.9:80");
    assert_string_equal(of(r, "10.9.9.9", 80, 0), "127.0.0.1:80");
    assert_string_equal(of(r, "10.9.9.8", 80, 0), "10.9.9.8:80");
    assert_int_equal(asked, 0);
    assert_string_equal(of(r, "there", 80, 0), "192.0.2.1:80");
    assert_string_equal(last_asked, "four.test");
    assert_string_equal(of(r, "loop", 80, AF_INET), "192.0.2.1:80");
    assert_int_equal(asked, 2);
    gy_resolver_free(r);
    return 0;
}

static void a_table_goes_first(void **state)
{
    (void)state;
    in_fake_time(use_table);
}

static void malformed_rows_make_no_resolver(void **state)
{
    (void)state;
    static const gy_resolver_entry bad[] = {{"a b", "10.0.0.1"}, {"a", "10.0.0"},    {"a", ""},
                                            {"a", NULL},         {"a:99999", "b"},   {"a", "b:"},
                                            {"", "b"},           {"a", "[10.0.0.1]"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const gy_resolver_entry rows[] = {{"good", "10.0.0.1"}, bad[i], {NULL, NULL}};
        errno = 0;
        assert_null(gy_resolver_new(&(gy_resolver_opts){.table = rows}));
        assert_int_equal(errno, EINVAL);
    }
}

/* -- The hosts file ------------------------------------------------------------------------------ */

static char path[64];

static void write_hosts(const char *text)
{
    int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static int use_hosts_file(void *unused)
{
    (void)unused;
    gy_resolver *r = make(&(gy_resolver_opts){.hosts_file = path});
    write_hosts("10.0.0.1 a b\n10.0.0.2 a\n::5 a\n10.0.0.1 a\n127.9.9.9 localhost\n");
    assert_string_equal(of(r, "A", 80, 0), "10.0.0.1:80 10.0.0.2:80 [::5]:80");
    assert_string_equal(of(r, "a.", 80, AF_INET6), "[::5]:80");
    assert_string_equal(of(r, "b", 80, AF_INET), "10.0.0.1:80");
    assert_string_equal(of(r, "localhost", 80, AF_INET), "127.0.0.1:80");
    assert_int_equal(asked, 0);
    assert_string_equal(of(r, "b", 80, AF_INET6), "[2001:db8::1]:80");
    assert_int_equal(asked, 1);

    /* It is looked at once a second. */
    write_hosts("10.0.0.33 a\n");
    assert_string_equal(of(r, "a", 80, AF_INET), "10.0.0.1:80 10.0.0.2:80");
    fake_clock_forward(1);
    assert_string_equal(of(r, "a", 80, AF_INET), "10.0.0.33:80");
    assert_int_equal(unlink(path), 0);
    fake_clock_forward(1);
    assert_string_equal(of(r, "a", 80, AF_INET), "192.0.2.1:80");
    write_hosts("10.0.0.34 a\n");
    fake_clock_forward(1);
    assert_string_equal(of(r, "a", 80, AF_INET), "10.0.0.34:80");
    gy_resolver_free(r);
    assert_int_equal(unlink(path), 0);
    return 0;
}

static void the_hosts_file_is_read_again_when_it_changed(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "/tmp/gyre-hosts-%d", (int)getpid());
    in_fake_time(use_hosts_file);
}

static int use_odd_hosts_files(void *unused)
{
    (void)unused;
    static const char *const none[] = {"", "/nonexistent/hosts", "/tmp", "/dev/null"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        gy_resolver *r = make(&(gy_resolver_opts){.hosts_file = none[i]});
        assert_string_equal(of(r, "a", 80, AF_INET), "192.0.2.1:80");
        gy_resolver_free(r);
    }
    return 0;
}

static void a_hosts_file_that_cannot_be_read_has_no_names(void **state)
{
    (void)state;
    in_fake_time(use_odd_hosts_files);
}

/* -- The cache ----------------------------------------------------------------------------------- */

static int use_cache(void *unused)
{
    (void)unused;
    gy_resolver *r = make(&(gy_resolver_opts){WITHOUT_FILE});
    assert_string_equal(of(r, "a.test", 80, 0), "[2001:db8::1]:80 192.0.2.1:80");
    assert_string_equal(of(r, "A.TEST", 81, 0), "[2001:db8::1]:81 192.0.2.1:81");
    assert_int_equal(asked, 1);
    assert_string_equal(of(r, "a.test", 80, AF_INET), "192.0.2.1:80");
    assert_int_equal(asked, 2);
    assert_string_equal(of(r, "a.test.", 80, AF_INET), "192.0.2.1:80");
    assert_string_equal(last_asked, "a.test.");
    assert_int_equal(asked, 3);

    fake_clock_forward(59.9);
    of(r, "a.test", 80, 0);
    assert_int_equal(asked, 3);
    fake_clock_forward(0.2);
    of(r, "a.test", 80, 0);
    assert_int_equal(asked, 4);
    gy_resolver_flush(r);
    of(r, "a.test", 80, 0);
    assert_int_equal(asked, 5);
    gy_resolver_free(r);
    return 0;
}

static void answers_are_kept_for_a_minute(void **state)
{
    (void)state;
    in_fake_time(use_cache);
}

static int use_misses(void *unused)
{
    (void)unused;
    gy_resolver *r = make(&(gy_resolver_opts){WITHOUT_FILE});
    for (int i = 0; i < 3; i++)
        assert_string_equal(of(r, "none.test", 80, 0), "GY_ENOTFOUND");
    assert_int_equal(asked, 1);
    fake_clock_forward(5.1);
    assert_string_equal(of(r, "none.test", 80, 0), "GY_ENOTFOUND");
    assert_int_equal(asked, 2);
    assert_string_equal(of(r, "four.test", 80, AF_INET6), "GY_ENOTFOUND");
    assert_string_equal(of(r, "four.test", 80, AF_INET), "192.0.2.1:80");
    assert_int_equal(asked, 4);

    /* That nobody answered says nothing about the name. */
    assert_string_equal(of(r, "down.test", 80, 0), "EAGAIN");
    assert_string_equal(of(r, "down.test", 80, 0), "EAGAIN");
    assert_int_equal(asked, 6);
    gy_resolver_free(r);

    r = make(&(gy_resolver_opts){WITHOUT_FILE, .cache_time = -1, .cache_miss_time = -1});
    for (int i = 0; i < 2; i++) {
        of(r, "a.test", 80, 0);
        of(r, "none.test", 80, 0);
    }
    assert_int_equal(asked, 10);
    gy_resolver_free(r);
    return 0;
}

static void names_that_do_not_exist_are_kept_for_a_moment(void **state)
{
    (void)state;
    in_fake_time(use_misses);
}

static int use_small_cache(void *unused)
{
    (void)unused;
    gy_resolver *r = make(&(gy_resolver_opts){WITHOUT_FILE, .cache_size = 2});
    of(r, "a", 80, 0);
    of(r, "b", 80, 0);
    of(r, "a", 80, 0);
    of(r, "c", 80, 0); /* in the place of b, which was unused the longest */
    assert_int_equal(asked, 3);
    of(r, "a", 80, 0);
    of(r, "c", 80, 0);
    assert_int_equal(asked, 3);
    of(r, "b", 80, 0);
    assert_int_equal(asked, 4);
    for (int i = 0; i < 500; i++) {
        char name[16];
        snprintf(name, sizeof name, "n%dx", i);
        of(r, name, 80, 0);
    }
    assert_string_equal(of(r, "n499x", 80, AF_INET), "192.0.2.1:80");
    gy_resolver_free(r);
    return 0;
}

static void the_cache_has_its_limit(void **state)
{
    (void)state;
    in_fake_time(use_small_cache);
}

/* -- One question at a time ---------------------------------------------------------------------- */

struct asker {
    gy_resolver *r;
    const char *name;
    int result;
};

static int ask(void *arg)
{
    struct asker *a = arg;
    gy_address found[4];
    a->result = gy_resolve(a->r, a->name, 80, 0, found, 4);
    return 0;
}

static int ask_together(void *unused)
{
    (void)unused;
    gy_resolver *r = make(&(gy_resolver_opts){WITHOUT_FILE});
    struct asker all[6];
    gy_task *tasks[6];
    look_up_takes = 1;
    for (int i = 0; i < 6; i++) {
        all[i] = (struct asker){.r = r, .name = i == 5 ? "other.test" : "a.test"};
        tasks[i] = gy_task_new(gy_loop_current(), ask, &all[i], NULL);
        assert_non_null(tasks[i]);
    }
    gy_sleep(0.5);
    assert_int_equal(asked, 2);
    gy_task_cancel(tasks[0]); /* which had begun it */
    gy_task_cancel(tasks[3]);
    for (int i = 0; i < 6; i++) {
        gy_task_join(tasks[i]);
        assert_int_equal(all[i].result, i == 0 || i == 3 ? GY_ECANCELED : 2);
    }
    assert_int_equal(asked, 2);
    gy_resolver_free(r);
    return 0;
}

static void those_who_ask_the_same_share_a_look_up(void **state)
{
    (void)state;
    in_fake_time(ask_together);
}

static int leave_early(void *unused)
{
    (void)unused;
    gy_resolver *r = make(&(gy_resolver_opts){WITHOUT_FILE});
    gy_address found[4];
    gy_deadline d;
    look_up_takes = 1;
    gy_deadline_begin(&d, 0.5);
    assert_int_equal(gy_resolve(r, "a.test", 80, 0, found, 4), GY_ETIMEDOUT);
    assert_true(gy_deadline_end(&d));
    gy_sleep(1);
    double before = gy_loop_now(gy_loop_current());
    assert_int_equal(gy_resolve(r, "a.test", 80, 0, found, 4), 2);
    assert_true(gy_loop_now(gy_loop_current()) == before);
    assert_int_equal(asked, 1);
    gy_resolver_free(r);
    return 0;
}

static void a_look_up_that_nobody_waits_for_is_kept_all_the_same(void **state)
{
    (void)state;
    in_fake_time(leave_early);
}

static int take_too_long(void *unused)
{
    (void)unused;
    gy_resolver *r = make(&(gy_resolver_opts){WITHOUT_FILE});
    gy_address found[4];
    look_up_takes = 60;
    double before = gy_loop_now(gy_loop_current());
    assert_int_equal(gy_resolve(r, "a.test", 80, 0, found, 4), GY_ETIMEDOUT);
    double took = gy_loop_now(gy_loop_current()) - before;
    assert_true(took > 19.9 && took < 20.1);
    look_up_takes = 0;
    assert_int_equal(gy_resolve(r, "a.test", 80, 0, found, 4), 2);
    gy_resolver_free(r);
    return 0;
}

static void a_look_up_has_its_time(void **state)
{
    (void)state;
    in_fake_time(take_too_long);
}

static int come_too_late(void *unused)
{
    (void)unused;
    gy_resolver *r = make(&(gy_resolver_opts){WITHOUT_FILE});
    gy_address found[4];
    gy_deadline d;
    look_up_takes = 60;
    gy_deadline_begin(&d, 0.5);
    assert_int_equal(gy_resolve(r, "a.test", 80, 0, found, 4), GY_ETIMEDOUT);
    assert_true(gy_deadline_end(&d));
    gy_sleep(19);
    gy_deadline_begin(&d, 0.1); /* it is joined as long as it may still find something out */
    assert_int_equal(gy_resolve(r, "a.test", 80, 0, found, 4), GY_ETIMEDOUT);
    assert_true(gy_deadline_end(&d));
    assert_int_equal(asked, 1);
    gy_sleep(1);
    look_up_takes = 0;
    assert_int_equal(gy_resolve(r, "a.test", 80, 0, found, 4), 2);
    assert_int_equal(asked, 2);
    gy_resolver_free(r);
    return 0;
}

static void nobody_joins_a_look_up_whose_time_is_up(void **state)
{
    (void)state;
    in_fake_time(come_too_late);
}

static int free_while_asked(void *unused)
{
    (void)unused;
    for (int begun = 0; begun < 2; begun++) {
        struct asker a = {.r = make(&(gy_resolver_opts){WITHOUT_FILE}), .name = "a.test"};
        look_up_takes = 1;
        gy_task *t = gy_task_new(gy_loop_current(), ask, &a, NULL);
        assert_non_null(t);
        gy_yield();
        if (begun)
            gy_sleep(0.5);
        gy_resolver_free(a.r);
        gy_task_join(t);
        assert_int_equal(a.result, GY_ESHUTDOWN);
    }
    gy_resolver_free(NULL);
    return 0;
}

static void who_waits_for_one_that_is_freed_is_told(void **state)
{
    (void)state;
    in_fake_time(free_while_asked);
}

static int abandon(void *unused)
{
    (void)unused;
    struct asker *a = malloc(sizeof *a);
    assert_non_null(a);
    *a = (struct asker){.name = "a.test"};
    look_up_takes = 5;
    gy_deadline d;
    gy_deadline_begin(&d, 1);
    ask(a);
    gy_deadline_end(&d);
    assert_int_equal(a->result, GY_ETIMEDOUT);
    free(a);
    return 0;
}

/* The look-up is in the background when the loop ends. */
static void a_loop_does_not_turn_for_a_look_up(void **state)
{
    (void)state;
    in_fake_time(abandon);
}

/* -- The one that is always there, outside of tasks, and the system ------------------------------- */

static int use_always(void *unused)
{
    (void)unused;
    gy_resolver_flush(NULL);
    assert_string_equal(of(NULL, "a.test", 80, AF_INET), "192.0.2.1:80");
    assert_string_equal(of(NULL, "a.test", 80, AF_INET), "192.0.2.1:80");
    assert_int_equal(asked, 1);
    gy_resolver_flush(NULL);
    assert_string_equal(of(NULL, "a.test", 80, AF_INET), "192.0.2.1:80");
    assert_int_equal(asked, 2);
    return 0;
}

static void one_is_always_there(void **state)
{
    (void)state;
    in_fake_time(use_always);
}

static void outside_a_task_it_blocks(void **state)
{
    (void)state;
    assert_null(gy_loop_current());
    assert_string_equal(of(NULL, "a.test", 80, AF_INET), "192.0.2.1:80");
    gy_resolver *r = make(&(gy_resolver_opts){WITHOUT_FILE});
    of(r, "a.test", 80, 0);
    assert_string_equal(of(r, "a.test", 80, 0), "[2001:db8::1]:80 192.0.2.1:80");
    assert_int_equal(asked, 2);
    gy_resolver_free(r);
    gy_resolver_flush(NULL);
}

static int ask_in_a_thread(void *unused)
{
    (void)unused;
    gy__lookup_source.in_task = false;
    gy_resolver *r = make(&(gy_resolver_opts){WITHOUT_FILE});
    struct asker all[8];
    gy_group g = {0};
    for (int i = 0; i < 8; i++) {
        all[i] = (struct asker){.r = r, .name = i % 2 ? "a.test" : "b.test"};
        gy_group_spawn(&g, ask, &all[i]);
    }
    assert_int_equal(gy_group_wait(&g), 0);
    for (int i = 0; i < 8; i++)
        assert_int_equal(all[i].result, 2);
    assert_int_equal(atomic_load(&asked), 2);
    gy_resolver_free(r);
    return 0;
}

static void the_system_is_asked_on_a_thread(void **state)
{
    (void)state;
    assert_int_equal(gy_run(ask_in_a_thread, NULL), 0);
}

static sem_t may_answer;
static atomic_bool begun, answered;

static int answer_late(void *query)
{
    atomic_store(&begun, true);
    while (sem_wait(&may_answer))
        ;
    int e = known_names(query);
    atomic_store(&answered, true);
    return e;
}

static int ask_a_thread_that_hangs(void *unused)
{
    (void)unused;
    struct asker a = {.r = make(&(gy_resolver_opts){WITHOUT_FILE}), .name = "a.test"};
    gy_task *t = gy_task_new(gy_loop_current(), ask, &a, NULL);
    assert_non_null(t);
    while (!atomic_load(&begun))
        gy_yield();
    fake_clock_forward(20.1);
    while (!gy_task_future(t)->done) /* the loop looks at the clock when it turns */
        gy_yield();
    gy_task_join(t);
    assert_int_equal(a.result, GY_ETIMEDOUT);
    assert_false(atomic_load(&answered));
    gy_resolver_free(a.r);
    return 0;
}

static void a_thread_that_hangs_is_left_behind(void **state)
{
    (void)state;
    assert_int_equal(sem_init(&may_answer, 0, 0), 0);
    gy__lookup_source = (struct gy__lookup_source){.fn = answer_late};
    fake_clock_start();
    assert_int_equal(gy_run(ask_a_thread_that_hangs, NULL), 0);
    fake_clock_stop();
    sem_post(&may_answer);
    while (!atomic_load(&answered))
        sched_yield();
}

static int ask_on_pool(void *pool)
{
    gy_address found[4];
    gy_resolver *r = make(&(gy_resolver_opts){WITHOUT_FILE, .pool = pool});
    int n = gy_resolve(r, "a.test", 80, 0, found, 4);
    gy_resolver_free(r);
    return n;
}

static void the_pool_may_be_chosen(void **state)
{
    (void)state;
    gy__lookup_source.in_task = false;
    static const enum gy_pool_kind kinds[] = {GY_POOL_THREADS, GY_POOL_PROCESSES, GY_POOL_INLINE};
    static const int asked_here[] = {1, 0, 1}; /* a process has its own memory */
    for (size_t i = 0; i < 3; i++) {
        gy_pool *pool = gy_pool_new(&(gy_pool_opts){.kind = kinds[i], .size = 1});
        assert_non_null(pool);
        atomic_store(&asked, 0);
        assert_int_equal(gy_run(ask_on_pool, pool), 2);
        assert_int_equal(atomic_load(&asked), asked_here[i]);
        gy_pool_free(pool);
    }
}

static void has_loopback(const struct gy__query *q)
{
    assert_true(q->count > 0);
    for (int i = 0; i < q->count; i++) {
        struct gy__addr a;
        char text[GY_ADDRESS_MAX];
        gy__addr_of_inet(&q->ips[i], 80, &a);
        gy__addr_print(&a, text);
        if (strcmp(text, "[::1]:80") && strcmp(text, "127.0.0.1:80"))
            fail_msg("localhost is %s", text);
    }
}

static int ask_system(void *arg)
{
    return gy_offload(gy__lookup, arg, &(gy_offload_opts){.size = sizeof(struct gy__query)});
}

static void the_real_system_knows_localhost(void **state)
{
    (void)state;
    struct gy__query q = {.name = "localhost", .family = AF_INET};
    assert_int_equal(gy__lookup(&q), 0);
    has_loopback(&q);
    q = (struct gy__query){.name = "localhost", .family = AF_INET};
    assert_int_equal(gy_run(ask_system, &q), 0);
    has_loopback(&q);
}

/* -- Sweeps -------------------------------------------------------------------------------------- */

static int everything(void *unused)
{
    (void)unused;
    static const gy_resolver_entry rows[] = {{"there:80", "four.test:81"}, {NULL, NULL}};
    gy_resolver *r = gy_resolver_new(&(gy_resolver_opts){.table = rows, .hosts_file = path});
    if (!r)
        return GY_ENOMEM;
    struct asker all[] = {{.r = r, .name = "there"},
                          {.r = r, .name = "a.test"},
                          {.r = r, .name = "a.test"},
                          {.r = r, .name = "filed"},
                          {.name = "b.test"}};
    gy_group g = {0};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        gy_group_spawn(&g, ask, &all[i]);
    int e = gy_group_wait(&g);
    for (size_t i = 0; i < sizeof all / sizeof *all && !e; i++)
        e = all[i].result < 0 ? all[i].result : 0;
    gy_resolver_free(r);
    return e;
}

static void every_wait_may_be_cancelled(void **state)
{
    (void)state;
    write_hosts("10.0.0.1 filed filed.example\n");
    look_up_takes = 1;
    assert_true(sweep_waits(everything, NULL) >= 7);
    unlink(path);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    write_hosts("10.0.0.1 filed filed.example\n");
    look_up_takes = 1;
    sweep_task_allocations(everything, NULL);
    unlink(path);
}

static int ask_outside(void *arg)
{
    (void)arg;
    const gy_resolver_entry rows[] = {{"there:80", "four.test:81"}, {NULL, NULL}};
    gy_resolver *r = gy_resolver_new(&(gy_resolver_opts){.table = rows, .hosts_file = path});
    gy_address found[4];
    int n = r ? gy_resolve(r, "filed", 80, 0, found, 4) : GY_ENOMEM;
    gy_resolver_free(r);
    return n < 0 ? n : 0;
}

static void a_table_and_a_file_without_memory(void **state)
{
    (void)state;
    write_hosts("10.0.0.1 filed filed.example\n::1 filed other\n");
    sweep_allocations(ask_outside, NULL);
    unlink(path);
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(numbers_ask_nobody),
        TEST(what_cannot_be_a_name_is_refused),
        TEST(localhost_is_this_machine),
        TEST(what_is_an_ip_address),
        TEST(a_table_goes_first),
        TEST(malformed_rows_make_no_resolver),
        TEST(the_hosts_file_is_read_again_when_it_changed),
        TEST(a_hosts_file_that_cannot_be_read_has_no_names),
        TEST(answers_are_kept_for_a_minute),
        TEST(names_that_do_not_exist_are_kept_for_a_moment),
        TEST(the_cache_has_its_limit),
        TEST(those_who_ask_the_same_share_a_look_up),
        TEST(a_look_up_that_nobody_waits_for_is_kept_all_the_same),
        TEST(a_look_up_has_its_time),
        TEST(nobody_joins_a_look_up_whose_time_is_up),
        TEST(who_waits_for_one_that_is_freed_is_told),
        TEST(a_loop_does_not_turn_for_a_look_up),
        TEST(one_is_always_there),
        TEST(outside_a_task_it_blocks),
        TEST(the_system_is_asked_on_a_thread),
        TEST(a_thread_that_hangs_is_left_behind),
        TEST(the_pool_may_be_chosen),
        TEST(the_real_system_knows_localhost),
        TEST(every_wait_may_be_cancelled),
        TEST(every_allocation_may_fail),
        TEST(a_table_and_a_file_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
