/* SPDX-License-Identifier: MIT */
/* test_log_setup.c - where lines go, as text and as JSON; syslog and journald; levels of channels. */
#include <errno.h>
#include <gyre/error.h>
#include <gyre/log.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log_output.h"
#include "support/sweep.h"

static char folder[64], file_path[96], syslog_path[96], journal_path[96];
static char why[300];
static const char *current_id;

static int64_t fixed(void *arg)
{
    (void)arg;
    return INT64_C(1795348800) * GY__NS_PER_S + 123 * GY__NS_PER_MS;
}

static const struct gy__clock_source source = {.now_ns = fixed, .wall_ns = fixed};

static const char *id(void)
{
    return current_id;
}

static int begin(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/gyre-log-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(file_path, sizeof file_path, "%s/log", folder);
    snprintf(syslog_path, sizeof syslog_path, "%s/syslog", folder);
    snprintf(journal_path, sizeof journal_path, "%s/journal", folder);
    gy__clock_set(&source);
    gy__log_id = id;
    current_id = NULL;
    return 0;
}

static int end(void **state)
{
    (void)state;
    char command[96];
    gy__log_id = NULL;
    gy__clock_set(NULL);
    gy_log_set_level(GY_LOG_INFO);
    assert_int_equal(gy_log_setup(&(gy_log_opts){0}, why, sizeof why), 0);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static void set_up(const gy_log_opts *opts)
{
    if (gy_log_setup(opts, why, sizeof why))
        fail_msg("%s", why);
}

static FILE *heard;
static int before_hearing;

static void hear(void)
{
    heard = tmpfile();
    assert_non_null(heard);
    before_hearing = dup(STDERR_FILENO);
    dup2(fileno(heard), STDERR_FILENO);
}

static const char *said(void)
{
    static char text[1 << 16];
    dup2(before_hearing, STDERR_FILENO);
    close(before_hearing);
    rewind(heard);
    text[fread(text, 1, sizeof text - 1, heard)] = 0;
    fclose(heard);
    return text;
}

static const char *content(const char *path)
{
    static char text[1 << 16];
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    return text;
}

static void test_levels_of_channels(void **state)
{
    (void)state;
    assert_int_equal(gy_log_set_levels("warning,access=off, APP = debug"), 0);
    assert_false(gy_log_enabled(GY_LOG_ACCESS, GY_LOG_ERROR));
    assert_true(gy_log_enabled(GY_LOG_APP, GY_LOG_DEBUG));
    assert_true(gy_log_enabled(GY_LOG_GENERAL, GY_LOG_WARNING));
    assert_false(gy_log_enabled(GY_LOG_GENERAL, GY_LOG_INFO));
    assert_int_equal(gy_log_set_levels("access=info"), 0);
    assert_true(gy_log_enabled(GY_LOG_ACCESS, GY_LOG_INFO));
    assert_false(gy_log_enabled(GY_LOG_GENERAL, GY_LOG_INFO));
    static const char *const bad[] = {"",        "loud",  "info,",          "info,web=off",
                                      "access=", "=info", "access=info=off"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(gy_log_set_levels(bad[i]), GY_EINVAL);
    assert_true(gy_log_enabled(GY_LOG_APP, GY_LOG_DEBUG));
}

static void test_file_instead_of_stderr(void **state)
{
    (void)state;
    set_up(&(gy_log_opts){.file = file_path, .color = GY_LOG_COLOR_ALWAYS});
    hear();
    gy_info("one");
    assert_false(gy__log_is_seen(GY_LOG_APP, GY_LOG_INFO));
    assert_string_equal(said(), "");
    assert_string_equal(content(file_path), "[I 261122 12:00:00.123 app] one\n");
    set_up(&(gy_log_opts){.file = file_path, .to = GY_LOG_TO_STDERR, .color = GY_LOG_COLOR_ALWAYS});
    hear();
    current_id = "5f0c";
    gy_error("two");
    assert_true(gy__log_is_seen(GY_LOG_APP, GY_LOG_INFO));
    assert_string_equal(said(), "\033[31m[E 261122 12:00:00.123 app 5f0c]\033[0m two\n");
    assert_string_equal(content(file_path), "[I 261122 12:00:00.123 app] one\n"
                                            "[E 261122 12:00:00.123 app 5f0c] two\n");
}

static void test_none(void **state)
{
    (void)state;
    set_up(&(gy_log_opts){.to = GY_LOG_TO_NONE});
    hear();
    gy_error("lost");
    assert_string_equal(said(), "");
}

static void test_always_but_off(void **state)
{
    (void)state;
    set_up(&(gy_log_opts){.levels = "error"});
    hear();
    gy__log_always(GY_LOG_GENERAL, GY_LOG_INFO, "here");
    assert_string_equal(said(), "[I 261122 12:00:00.123 general] here\n");
    gy_log_set_level(GY_LOG_OFF);
    hear();
    gy__log_always(GY_LOG_GENERAL, GY_LOG_INFO, "not here");
    assert_string_equal(said(), "");
}

static void test_json(void **state)
{
    (void)state;
    char expected[300];
    set_up(&(gy_log_opts){.format = GY_LOG_AS_JSON, .color = GY_LOG_COLOR_ALWAYS});
    hear();
    gy_log(GY_LOG_ACCESS, GY_LOG_WARNING, "a\"\\\n\t\x01\x7f \xff\xc2\x9b \xc3\xa4");
    snprintf(expected, sizeof expected,
             "{\"time\":\"2026-11-22T12:00:00.123Z\",\"level\":\"warning\",\"channel\":\"access\","
             "\"pid\":%d,\"message\":\"a\\\"\\\\\\n\\t\\u0001\\u007f \\ufffd\\u009b \xc3\xa4\"}\n",
             (int)getpid());
    assert_string_equal(said(), expected);
    hear();
    current_id = "x\"y";
    gy_info("%s", "");
    snprintf(expected, sizeof expected,
             "{\"time\":\"2026-11-22T12:00:00.123Z\",\"level\":\"info\",\"channel\":\"app\","
             "\"pid\":%d,\"request_id\":\"x\\\"y\",\"message\":\"\"}\n",
             (int)getpid());
    assert_string_equal(said(), expected);
}

/* The worst of all fits. */
static void test_long_json(void **state)
{
    (void)state;
    static char text[2 * GY__LOG_TEXT], long_id[2 * GY__LOG_ID];
    memset(text, 1, sizeof text - 1);
    memset(long_id, '"', sizeof long_id - 1);
    current_id = long_id;
    set_up(&(gy_log_opts){.format = GY_LOG_AS_JSON});
    hear();
    gy_info("%s", text);
    const char *line = said();
    size_t len = strlen(line);
    assert_true(len > 6 * GY__LOG_TEXT + 2 * GY__LOG_ID && len < GY__LOG_JSON);
    assert_string_equal(line + len - 15, "\\u0001 [cut]\"}\n");
}

static void test_refusals(void **state)
{
    (void)state;
    set_up(&(gy_log_opts){.file = file_path});
    assert_int_equal(gy_log_setup(&(gy_log_opts){.file = folder}, why, sizeof why), -EISDIR);
    assert_non_null(strstr(why, "cannot be opened: Is a directory"));
    gy_log_opts opts = {.to = GY_LOG_TO_SYSLOG, .syslog_socket = syslog_path};
    assert_int_equal(gy_log_setup(&opts, why, sizeof why), -ENOENT);
    assert_non_null(strstr(why, "syslog does not answer at "));
    opts = (gy_log_opts){.to = GY_LOG_TO_JOURNALD, .journald_socket = journal_path};
    assert_int_equal(gy_log_setup(&opts, why, sizeof why), -ENOENT);
    assert_int_equal(gy_log_setup(&(gy_log_opts){.levels = "loud"}, why, sizeof why), GY_EINVAL);
    assert_string_equal(why, "'loud' is no list of log levels such as info,access=off");
    assert_int_equal(gy_log_setup(&(gy_log_opts){.levels = "loud"}, NULL, 0), GY_EINVAL);
    gy_info("still there");
    assert_string_equal(content(file_path), "[I 261122 12:00:00.123 app] still there\n");
}

/* -- Daemons ------------------------------------------------------------------------------------- */

static int listen_at(const char *path)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    memcpy(addr.sun_path, path, strlen(path) + 1);
    unlink(path);
    assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof addr), 0);
    return fd;
}

/* The next datagram, or "" for none. */
static const char *next(int fd, size_t *len)
{
    static char text[1 << 14];
    ssize_t n = recv(fd, text, sizeof text - 1, 0);
    n = n < 0 ? 0 : n;
    text[n] = 0;
    if (len)
        *len = (size_t)n;
    return text;
}

static void test_syslog(void **state)
{
    (void)state;
    char expected[200];
    int fd = listen_at(syslog_path);
    set_up(&(gy_log_opts){.to = GY_LOG_TO_SYSLOG, .syslog_socket = syslog_path, .name = "site"});
    hear();
    gy_warning("a\nb");
    snprintf(expected, sizeof expected, "<28>Nov 22 12:00:00 site[%d]: [app] a\\x0Ab",
             (int)getpid());
    assert_string_equal(next(fd, NULL), expected);
    current_id = "5f0c";
    gy_log(GY_LOG_ACCESS, GY_LOG_INFO, "200");
    snprintf(expected, sizeof expected, "<30>Nov 22 12:00:00 site[%d]: [access 5f0c] 200",
             (int)getpid());
    assert_string_equal(next(fd, NULL), expected);
    assert_string_equal(said(), "");
    close(fd);
}

/* Gone for two lines, then back under the old name. */
static void test_a_daemon_comes_and_goes(void **state)
{
    (void)state;
    int fd = listen_at(syslog_path);
    set_up(&(gy_log_opts){.to = GY_LOG_TO_SYSLOG, .syslog_socket = syslog_path});
    close(fd);
    hear();
    gy_info("1");
    gy_info("2");
    const char *text = said();
    assert_non_null(strstr(text, "/syslog: Connection refused; lines are lost"));
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
    fd = listen_at(syslog_path);
    hear();
    gy_info("3");
    assert_non_null(strstr(said(), "/syslog: works again; lines lost: 2\n"));
    assert_non_null(strstr(next(fd, NULL), "[app] 3"));
    close(fd);
}

/* One that does not read costs lines, not time. */
static void test_a_daemon_that_sleeps(void **state)
{
    (void)state;
    int fd = listen_at(syslog_path);
    set_up(&(gy_log_opts){.to = GY_LOG_TO_SYSLOG, .syslog_socket = syslog_path});
    hear();
    for (int i = 0; i < 2000; i++)
        gy_info("%04000d", i);
    const char *text = said();
    assert_non_null(strstr(text, "Resource temporarily unavailable"));
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
    close(fd);
}

static void test_journald(void **state)
{
    (void)state;
    size_t len;
    int fd = listen_at(journal_path);
    set_up(
        &(gy_log_opts){.to = GY_LOG_TO_JOURNALD, .journald_socket = journal_path, .name = "site"});
    gy_error("plain \x01");
    assert_string_equal(next(fd, NULL), "PRIORITY=3\nSYSLOG_IDENTIFIER=site\nGYRE_CHANNEL=app\n"
                                        "MESSAGE=plain \x01\n");
    current_id = "5f0c";
    gy_log(GY_LOG_GENERAL, GY_LOG_INFO, "two\nlines");
    const char expected[] = "PRIORITY=6\nSYSLOG_IDENTIFIER=site\nGYRE_CHANNEL=general\n"
                            "REQUEST_ID=5f0c\nMESSAGE\n\x09\0\0\0\0\0\0\0two\nlines\n";
    const char *got = next(fd, &len);
    assert_int_equal(len, sizeof expected - 1);
    assert_memory_equal(got, expected, len);
    close(fd);
}

/* -- Threads, forks, memory ---------------------------------------------------------------------- */

static void test_a_child_logs_on(void **state)
{
    (void)state;
    int how;
    set_up(&(gy_log_opts){.file = file_path});
    gy_info("parent");
    pid_t pid = fork();
    if (pid == 0) {
        gy_info("child");
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &how, 0), pid);
    gy_info("parent");
    assert_string_equal(content(file_path), "[I 261122 12:00:00.123 app] parent\n"
                                            "[I 261122 12:00:00.123 app] child\n"
                                            "[I 261122 12:00:00.123 app] parent\n");
}

static atomic_bool enough;

static void swallow(void *arg, enum gy_log_channel channel, enum gy_log_level level,
                    const char *text, size_t len)
{
    (void)arg, (void)channel, (void)level, (void)text, (void)len;
}

static void *change_the_sink(void *arg)
{
    (void)arg;
    while (!atomic_load(&enough))
        gy_log_set_sink(swallow, NULL);
    return NULL;
}

/* Whatever another thread was at when it was forked. */
static void test_a_child_of_a_program_with_threads_logs_on(void **state)
{
    (void)state;
    enum { CHILDREN = 100, PATIENCE = 60 };
    pthread_t thread;
    int how;
    atomic_store(&enough, false);
    assert_int_equal(pthread_create(&thread, NULL, change_the_sink, NULL), 0);
    for (int i = 0; i < CHILDREN; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            alarm(PATIENCE);
            gy_info("child");
            _exit(7);
        }
        assert_int_equal(waitpid(pid, &how, 0), pid);
        assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 7);
    }
    atomic_store(&enough, true);
    pthread_join(thread, NULL);
    gy_log_set_sink(NULL, NULL);
}

static int set_up_and_back(void *arg)
{
    (void)arg;
    int e = gy_log_setup(&(gy_log_opts){.file = file_path}, why, sizeof why);
    if (e)
        return e;
    gy_info("one");
    return gy_log_setup(&(gy_log_opts){0}, why, sizeof why);
}

static void test_each_allocation_fails(void **state)
{
    (void)state;
    sweep_allocations(set_up_and_back, NULL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_levels_of_channels, begin, end),
        cmocka_unit_test_setup_teardown(test_file_instead_of_stderr, begin, end),
        cmocka_unit_test_setup_teardown(test_none, begin, end),
        cmocka_unit_test_setup_teardown(test_always_but_off, begin, end),
        cmocka_unit_test_setup_teardown(test_json, begin, end),
        cmocka_unit_test_setup_teardown(test_long_json, begin, end),
        cmocka_unit_test_setup_teardown(test_refusals, begin, end),
        cmocka_unit_test_setup_teardown(test_syslog, begin, end),
        cmocka_unit_test_setup_teardown(test_a_daemon_comes_and_goes, begin, end),
        cmocka_unit_test_setup_teardown(test_a_daemon_that_sleeps, begin, end),
        cmocka_unit_test_setup_teardown(test_journald, begin, end),
        cmocka_unit_test_setup_teardown(test_a_child_logs_on, begin, end),
        cmocka_unit_test_setup_teardown(test_a_child_of_a_program_with_threads_logs_on, begin, end),
        cmocka_unit_test_setup_teardown(test_each_allocation_fails, begin, end),
    };
    setenv("TZ", "UTC0", 1);
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
