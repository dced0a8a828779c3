/* SPDX-License-Identifier: MIT */
/* test_log_file.c - a log file: appended to, rotated by size and by time, shared, moved, full. */
#include "base/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <gyre/error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "support/sweep.h"

#define NOON (INT64_C(1795348800) * GY__NS_PER_S) /* 2026-11-22 12:00:00 UTC, a Sunday */

static const int64_t hour = 3600 * INT64_C(1000000000);

static char folder[64], path[96];

/* The time of every test is what it says. */
static int64_t now_ns;

static int64_t tell(void *arg)
{
    (void)arg;
    return now_ns;
}

static const struct gy__clock_source source = {.now_ns = tell, .wall_ns = tell};

static int begin(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/gyre-log-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/log", folder);
    now_ns = NOON;
    gy__clock_set(&source);
    return 0;
}

static int end(void **state)
{
    (void)state;
    char command[96];
    gy__clock_set(NULL);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static struct gy__log_file opened(gy_log_opts opts)
{
    struct gy__log_file f;
    opts.file = path;
    assert_int_equal(gy__log_file_open(&f, &opts), 0);
    f.min_age = 0;
    return f;
}

static void put(struct gy__log_file *f, const char *line)
{
    gy__log_file_write(f, line, strlen(line), now_ns, 0);
}

/* The content of path and [suffix] must be [text]; NULL: there is no such file. */
static void holds(const char *suffix, const char *text)
{
    char name[128], found[4096];
    snprintf(name, sizeof name, "%s%s", path, suffix);
    FILE *file = fopen(name, "r");
    if (!text) {
        assert_null(file);
        return;
    }
    assert_non_null(file);
    found[fread(found, 1, sizeof found - 1, file)] = 0;
    fclose(file);
    assert_string_equal(found, text);
}

/* What is written to standard error until said() is called. */
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
    static char text[4096];
    dup2(before_hearing, STDERR_FILENO);
    close(before_hearing);
    rewind(heard);
    text[fread(text, 1, sizeof text - 1, heard)] = 0;
    fclose(heard);
    return text;
}

static void test_appends(void **state)
{
    (void)state;
    struct stat st;
    struct gy__log_file f = opened((gy_log_opts){0});
    put(&f, "one\n");
    gy__log_file_close(&f);
    f = opened((gy_log_opts){0});
    put(&f, "two\n");
    gy__log_file_close(&f);
    holds("", "one\ntwo\n");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0137, 0);
}

static void test_size(void **state)
{
    (void)state;
    struct gy__log_file f = opened((gy_log_opts){.file_size = 8, .backups = 2});
    static const char *const lines[] = {"1\n", "22\n", "333\n", "4444\n", "55555555555\n", "6\n"};
    for (size_t i = 0; i < 4; i++)
        put(&f, lines[i]);
    holds("", "4444\n");
    holds(".1", "333\n");
    holds(".2", "1\n22\n");
    put(&f, lines[4]);
    put(&f, lines[5]);
    holds("", "6\n");
    holds(".1", "55555555555\n");
    holds(".2", "4444\n");
    holds(".3", NULL);
    gy__log_file_close(&f);
}

/* Who may read the one before may read the next one: neither more nor fewer. */
static void test_mode_is_kept(void **state)
{
    (void)state;
    static const mode_t modes[] = {0600, 0664};
    mode_t mask = umask(077);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        struct gy__log_file f = opened((gy_log_opts){.file_size = 10});
        struct stat st;
        assert_int_equal(chmod(path, modes[i]), 0);
        put(&f, "eleven ...\n");
        put(&f, "eleven ...\n");
        now_ns += GY__NS_PER_S;
        holds(".1", "eleven ...\n");
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, modes[i]);

        /* When somebody else has moved it away the umask counts, too. */
        char away[128];
        snprintf(away, sizeof away, "%s.away", path);
        assert_int_equal(rename(path, away), 0);
        now_ns += GY__NS_PER_S;
        put(&f, "one\n");
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        gy__log_file_close(&f);
        assert_int_equal(unlink(path), 0);
    }
    umask(mask);
}

static void test_not_twice_a_second(void **state)
{
    (void)state;
    gy__clock_set(NULL);
    struct gy__log_file f = opened((gy_log_opts){.file_size = 4});
    f.min_age = INT64_MAX;
    put(&f, "111\n");
    put(&f, "222\n");
    put(&f, "333\n");
    holds("", "222\n333\n");
    holds(".1", "111\n");
    f.min_age = 0;
    f.not_before = 0;
    put(&f, "444\n");
    holds("", "444\n");
    holds(".1", "222\n333\n");
    gy__log_file_close(&f);
}

static void test_interval(void **state)
{
    (void)state;
    struct gy__log_file f =
        opened((gy_log_opts){.rotate = GY_LOG_ROTATE_INTERVAL, .rotate_every = 3600});
    put(&f, "noon\n");
    now_ns = NOON + hour - 1;
    put(&f, "before one\n");
    now_ns = NOON + hour;
    put(&f, "one\n");
    holds("", "one\n");
    holds(".1", "noon\nbefore one\n");
    /* Without lines no files. */
    now_ns = NOON + 5 * hour + 1;
    put(&f, "five\n");
    holds("", "five\n");
    holds(".1", "one\n");
    holds(".3", NULL);
    gy__log_file_close(&f);
}

static void test_when_it_is_due(void **state)
{
    (void)state;
    static const struct {
        enum gy_log_rotate rotate;
        int hours;
    } cases[] = {
        {GY_LOG_ROTATE_MIDNIGHT, 12},        {GY_LOG_ROTATE_MONDAY, 12},
        {GY_LOG_ROTATE_TUESDAY, 36},         {GY_LOG_ROTATE_SATURDAY, 12 + 5 * 24},
        {GY_LOG_ROTATE_SUNDAY, 12 + 6 * 24},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct gy__log_file f = {.regular = true, .rotate = cases[i].rotate};
        assert_int_equal(gy__log_rotate_next(&f, NOON), NOON + cases[i].hours * hour);
        assert_int_equal(gy__log_rotate_next(&f, NOON + 11 * hour), NOON + cases[i].hours * hour);
        f.regular = false;
        assert_int_equal(gy__log_rotate_next(&f, NOON), INT64_MAX);
    }
    struct gy__log_file never = {.regular = true, .rotate = GY_LOG_ROTATE_NEVER};
    assert_int_equal(gy__log_rotate_next(&never, NOON), INT64_MAX);
}

/* A program that did not run at midnight finds a file of the day before. */
static void test_an_old_file(void **state)
{
    (void)state;
    struct gy__log_file f = opened((gy_log_opts){.rotate = GY_LOG_ROTATE_MIDNIGHT});
    put(&f, "yesterday\n");
    gy__log_file_close(&f);
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT},
                                {.tv_sec = (time_t)((NOON - 13 * hour) / GY__NS_PER_S)}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    f = opened((gy_log_opts){.rotate = GY_LOG_ROTATE_MIDNIGHT});
    put(&f, "today\n");
    holds("", "today\n");
    holds(".1", "yesterday\n");
    gy__log_file_close(&f);
}

static void test_moved_away(void **state)
{
    (void)state;
    char moved[128];
    snprintf(moved, sizeof moved, "%s.moved", path);
    struct gy__log_file f = opened((gy_log_opts){.rotate = GY_LOG_ROTATE_NEVER});
    put(&f, "1\n");
    assert_int_equal(rename(path, moved), 0);
    put(&f, "2\n");
    now_ns += GY__NS_PER_S;
    put(&f, "3\n");
    holds(".moved", "1\n2\n");
    holds("", "3\n");

    assert_int_equal(rename(path, moved), 0);
    gy__log_file_write(&f, "4\n", 2, now_ns, 1);
    holds(".moved", "3\n");
    holds("", "4\n");
    gy__log_file_close(&f);
}

static int point_to(const char *target)
{
    unlink(path);
    return symlink(target, path);
}

static void test_full_disk(void **state)
{
    (void)state;
    char other[128];
    snprintf(other, sizeof other, "%s.other", path);
    assert_int_equal(point_to("/dev/full"), 0);
    struct gy__log_file f = opened((gy_log_opts){0});
    hear();
    put(&f, "1\n");
    put(&f, "2\n");
    const char *text = said();
    assert_non_null(strstr(text, "/log: No space left on device; lines are lost"));
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);

    hear();
    assert_int_equal(point_to(other), 0);
    gy__log_file_write(&f, "3\n", 2, now_ns, 1);
    gy__log_file_write(&f, "4\n", 2, now_ns, 1);
    text = said();
    assert_non_null(strstr(text, "/log: works again; lines lost: 2\n"));
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
    holds(".other", "3\n4\n");
    gy__log_file_close(&f);
}

static void test_cannot_be_rotated(void **state)
{
    (void)state;
    char backup[128];
    snprintf(backup, sizeof backup, "%s.1", path);
    assert_int_equal(mkdir(backup, 0700), 0);
    struct gy__log_file f = opened((gy_log_opts){.file_size = 4, .backups = 1});
    hear();
    for (int i = 0; i < 3; i++)
        put(&f, "111\n");
    now_ns += 61 * INT64_C(1000000000);
    put(&f, "222\n");
    const char *text = said();
    assert_non_null(strstr(text, "/log: cannot be rotated: "));
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
    holds("", "111\n111\n111\n222\n");
    gy__log_file_close(&f);
}

/* A name without a folder leaves what is open in use. */
static void test_folder_is_gone(void **state)
{
    (void)state;
    struct gy__log_file f = opened((gy_log_opts){0});
    put(&f, "1\n");
    unlink(path);
    rmdir(folder);
    hear();
    now_ns += GY__NS_PER_S;
    put(&f, "2\n");
    assert_non_null(strstr(said(), "No such file or directory"));
    assert_int_equal(f.size, 4);
    mkdir(folder, 0700);
    hear();
    now_ns += GY__NS_PER_S;
    put(&f, "3\n");
    said();
    holds("", "3\n");
    gy__log_file_close(&f);
}

static void test_cannot_be_opened(void **state)
{
    (void)state;
    struct gy__log_file f;
    assert_int_equal(gy__log_file_open(&f, &(gy_log_opts){.file = folder}), -EISDIR);
    char fifo[128];
    snprintf(fifo, sizeof fifo, "%s.fifo", path);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(gy__log_file_open(&f, &(gy_log_opts){.file = fifo}), -ENXIO);
}

/* -- Several processes --------------------------------------------------------------------------- */

enum { WRITERS = 3, LINES = 1500, SIZE = 4000, BACKUPS = 200 };

static _Noreturn void write_many(struct gy__log_file *shared, int writer)
{
    struct gy__log_file own = opened((gy_log_opts){.file_size = SIZE, .backups = BACKUPS});
    struct gy__log_file *f = writer == 0 ? &own : shared;
    for (int i = 0; i < LINES; i++) {
        char line[80];
        snprintf(line, sizeof line, "%d %04d %.*s\n", writer, i, i % 40,
                 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
        now_ns += GY__NS_PER_S / 4; /* it looks after every fourth line */
        put(f, line);
    }
    _exit(0);
}

static void count_lines(const char *name, int seen[WRITERS][LINES], int *files)
{
    FILE *file = fopen(name, "r");
    char line[128];
    if (!file)
        return;
    (*files)++;
    while (fgets(line, sizeof line, file)) {
        int writer, i, filler = 0;
        assert_int_equal(sscanf(line, "%d %d %n", &writer, &i, &filler), 2);
        assert_true(writer >= 0 && writer < WRITERS && i >= 0 && i < LINES);
        assert_int_equal(strspn(line + filler, "x"), i % 40);
        seen[writer][i]++;
    }
    fclose(file);
}

static void test_no_line_is_lost_between_processes(void **state)
{
    (void)state;
    static int seen[WRITERS][LINES];
    struct gy__log_file shared = opened((gy_log_opts){.file_size = SIZE, .backups = BACKUPS});
    pid_t pids[WRITERS];
    for (int i = 0; i < WRITERS; i++) {
        pids[i] = fork();
        if (pids[i] == 0)
            write_many(&shared, i);
        assert_true(pids[i] > 0);
    }
    for (int i = 0; i < WRITERS; i++) {
        int how;
        assert_int_equal(waitpid(pids[i], &how, 0), pids[i]);
        assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
    }
    gy__log_file_close(&shared);
    int files = 0;
    count_lines(path, seen, &files);
    for (int i = 1; i <= BACKUPS; i++) {
        char name[128];
        snprintf(name, sizeof name, "%s.%d", path, i);
        count_lines(name, seen, &files);
    }
    assert_true(files > 3 && files < BACKUPS);
    for (int w = 0; w < WRITERS; w++)
        for (int i = 0; i < LINES; i++)
            if (seen[w][i] != 1)
                fail_msg("line %d of writer %d is there %d times", i, w, seen[w][i]);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_appends, begin, end),
        cmocka_unit_test_setup_teardown(test_size, begin, end),
        cmocka_unit_test_setup_teardown(test_mode_is_kept, begin, end),
        cmocka_unit_test_setup_teardown(test_not_twice_a_second, begin, end),
        cmocka_unit_test_setup_teardown(test_interval, begin, end),
        cmocka_unit_test_setup_teardown(test_when_it_is_due, begin, end),
        cmocka_unit_test_setup_teardown(test_an_old_file, begin, end),
        cmocka_unit_test_setup_teardown(test_moved_away, begin, end),
        cmocka_unit_test_setup_teardown(test_full_disk, begin, end),
        cmocka_unit_test_setup_teardown(test_cannot_be_rotated, begin, end),
        cmocka_unit_test_setup_teardown(test_folder_is_gone, begin, end),
        cmocka_unit_test_setup_teardown(test_cannot_be_opened, begin, end),
        cmocka_unit_test_setup_teardown(test_no_line_is_lost_between_processes, begin, end),
    };
    setenv("TZ", "UTC0", 1);
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
