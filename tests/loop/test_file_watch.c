/* SPDX-License-Identifier: MIT */
/* Watches of files. */
#include "loop/state.h"
#include "support/sweep.h"

#include <errno.h>
#include <fcntl.h>
#include <gyre/error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static gy_loop *loop;
static char directory[64];

static int set_up(void **state)
{
    (void)state;
    snprintf(directory, sizeof directory, "%s/gyre-XXXXXX",
             getenv("TMPDIR") && strlen(getenv("TMPDIR")) < 40 ? getenv("TMPDIR") : "/tmp");
    loop = gy_loop_new();
    return loop && mkdtemp(directory) ? 0 : -1;
}

static const char *in_directory(const char *name)
{
    static char paths[4][100];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", directory, name);
    return path;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(in_directory("a"));
    unlink(in_directory("b"));
    unlink(in_directory("c"));
    rmdir(directory);
    gy_loop_free(loop);
    return 0;
}

static void put(const char *name, const char *text)
{
    int fd = open(in_directory(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

struct seen {
    gy_file_watch *watch;
    char path[120];
    int calls;
    struct seen *frees;
};

static void on_change(void *arg, const char *path)
{
    struct seen *s = arg;
    assert_string_equal(path, s->path);
    s->calls++;
    if (s->frees) {
        gy_file_watch_free(s->frees->watch);
        s->frees->watch = NULL;
    }
}

static void watch(struct seen *s, const char *path)
{
    *s = (struct seen){.calls = 0};
    snprintf(s->path, sizeof s->path, "%s", path);
    s->watch = gy_file_watch_new(loop, path, on_change, s);
    assert_non_null(s->watch);
}

/* How often it was told in the next turns. */
static int told(struct seen *s)
{
    s->calls = 0;
    for (int i = 0; i < 2; i++)
        assert_int_equal(gy_loop_turn(loop, 0), 0);
    return s->calls;
}

static void a_file_is_written(void **state)
{
    (void)state;
    struct seen a;
    put("a", "one");
    watch(&a, in_directory("a"));
    assert_int_equal(told(&a), 0);
    int fd = open(in_directory("a"), O_RDWR | O_CLOEXEC);
    assert_int_equal(told(&a), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(write(fd, "x", 1), 1);
        assert_int_equal(told(&a), 1);
        assert_int_equal(told(&a), 0);
    }
    assert_int_equal(ftruncate(fd, 0), 0);
    assert_int_equal(told(&a), 1);
    close(fd);
    assert_int_equal(told(&a), 1);
    /* Who only reads changes nothing. */
    fd = open(in_directory("a"), O_RDONLY | O_CLOEXEC);
    close(fd);
    assert_int_equal(told(&a), 0);
    gy_file_watch_free(a.watch);
}

static void a_file_is_replaced(void **state)
{
    (void)state;
    struct seen a;
    put("a", "one");
    watch(&a, in_directory("a"));
    for (int i = 0; i < 3; i++) {
        put("b", "two");
        assert_int_equal(told(&a), 0);
        assert_int_equal(rename(in_directory("b"), in_directory("a")), 0);
        assert_int_equal(told(&a), 1);
    }
    /* The new one too is watched. */
    put("a", "three");
    assert_int_equal(told(&a), 1);
    gy_file_watch_free(a.watch);
}

static void a_file_comes_and_goes(void **state)
{
    (void)state;
    struct seen a;
    watch(&a, in_directory("a"));
    for (int i = 0; i < 2; i++) {
        put("a", "");
        assert_int_equal(told(&a), 1);
        assert_int_equal(unlink(in_directory("a")), 0);
        assert_int_equal(told(&a), 1);
        assert_int_equal(told(&a), 0);
    }
    put("a", "");
    assert_int_equal(told(&a), 1);
    assert_int_equal(rename(in_directory("a"), in_directory("c")), 0);
    assert_int_equal(told(&a), 1);
    gy_file_watch_free(a.watch);
}

static void many_changes_are_one_call(void **state)
{
    (void)state;
    struct seen a;
    watch(&a, in_directory("a"));
    for (int i = 0; i < 500; i++) {
        put("a", "text");
        assert_int_equal(unlink(in_directory("a")), 0);
    }
    assert_int_equal(told(&a), 1);
    gy_file_watch_free(a.watch);
}

static void two_in_one_directory(void **state)
{
    (void)state;
    char twisted[120];
    struct seen a, b, again;
    snprintf(twisted, sizeof twisted, "%s/./a", directory);
    watch(&a, in_directory("a"));
    watch(&b, in_directory("b"));
    watch(&again, twisted);
    put("c", "x");
    put("a", "x");
    b.calls = again.calls = 0;
    assert_int_equal(told(&a), 1);
    assert_int_equal(b.calls, 0);
    assert_int_equal(again.calls, 1);
    gy_file_watch_free(a.watch);
    put("a", "y");
    put("b", "y");
    again.calls = 0;
    assert_int_equal(told(&b), 1);
    assert_int_equal(again.calls, 1);
    gy_file_watch_free(again.watch);
    put("b", "z");
    assert_int_equal(told(&b), 1);
    gy_file_watch_free(b.watch);
    gy_file_watch_free(NULL);
}

static void freed_inside_of_its_function(void **state)
{
    (void)state;
    struct seen a, b;
    watch(&a, in_directory("a"));
    watch(&b, in_directory("b"));
    a.frees = &b;
    b.frees = &a;
    put("a", "x");
    put("b", "x");
    b.calls = 0;
    assert_int_equal(told(&a) + b.calls, 1);
    assert_int_equal(!a.watch + !b.watch, 1);
    struct seen *last = a.watch ? &a : &b;
    last->frees = last;
    put("a", "x");
    put("b", "x");
    assert_int_equal(told(last), 1);
    assert_null(last->watch);
    put("a", "x");
    assert_int_equal(told(last), 0);
}

static void its_directory_may_go(void **state)
{
    (void)state;
    char moved[100];
    struct seen a;
    put("a", "x");
    watch(&a, in_directory("a"));
    snprintf(moved, sizeof moved, "%s.moved", directory);
    assert_int_equal(rename(directory, moved), 0);
    assert_int_equal(told(&a), 1);
    assert_int_equal(rename(moved, directory), 0);
    assert_int_equal(told(&a), 1);
    assert_int_equal(unlink(in_directory("a")), 0);
    assert_int_equal(rmdir(directory), 0);
    assert_true(told(&a) >= 1);
    assert_int_equal(told(&a), 0);
    gy_file_watch_free(a.watch);
}

static void what_cannot_be_watched(void **state)
{
    (void)state;
    struct seen s = {.calls = 0};
    int before = count_descriptors();
    long live = gy__alloc_live();
    assert_null(gy_file_watch_new(loop, in_directory("nowhere/a"), on_change, &s));
    assert_int_equal(errno, ENOENT);
    put("a", "x");
    assert_null(gy_file_watch_new(loop, in_directory("a/b"), on_change, &s));
    assert_int_equal(errno, ENOTDIR);
    assert_null(gy_file_watch_new(loop, in_directory(""), on_change, &s));
    assert_int_equal(errno, EINVAL);
    assert_null(gy_file_watch_new(loop, "", on_change, &s));
    assert_int_equal(errno, EINVAL);
    assert_int_equal(count_descriptors(), before);
    assert_int_equal(gy__alloc_live(), live);
}

static void where_the_process_is_and_at_the_root(void **state)
{
    (void)state;
    struct seen a, root;
    int before = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(chdir(directory), 0);
    watch(&a, "a");
    watch(&root, "/gyre-is-not-here");
    put("a", "x");
    root.calls = 0;
    assert_int_equal(told(&a), 1);
    assert_int_equal(root.calls, 0);
    assert_int_equal(fchdir(before), 0);
    close(before);
    gy_file_watch_free(a.watch);
    gy_file_watch_free(root.watch);
}

static void count_change(void *arg, const char *path)
{
    (void)path;
    ++*(int *)arg;
}

static int touch_and_see(void *arg)
{
    int n = 0, e = 0;
    (void)arg;
    unlink(in_directory("a"));
    gy_file_watch *a = gy_file_watch_new(gy_loop_current(), in_directory("a"), count_change, &n);
    if (!a)
        return -errno;
    gy_file_watch *b = gy_file_watch_new(gy_loop_current(), in_directory("b"), count_change, &n);
    if (!b)
        e = -errno;
    put("a", "x");
    for (int i = 0; !e && !n && i < 100; i++)
        e = gy_sleep(1);
    gy_file_watch_free(b);
    gy_file_watch_free(a);
    return e ? e : n == 1 ? 0 : GY_ENOTFOUND;
}

static void swept(void **state)
{
    (void)state;
    assert_true(sweep_waits(touch_and_see, NULL) >= 1);
    sweep_task_allocations(touch_and_see, NULL);
}

#define TEST(test_) cmocka_unit_test_setup_teardown(test_, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_is_written),
        TEST(a_file_is_replaced),
        TEST(a_file_comes_and_goes),
        TEST(many_changes_are_one_call),
        TEST(two_in_one_directory),
        TEST(freed_inside_of_its_function),
        TEST(its_directory_may_go),
        TEST(what_cannot_be_watched),
        TEST(where_the_process_is_and_at_the_root),
        TEST(swept),
    };
    atomic_store(&gy__alloc_counting, true);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
