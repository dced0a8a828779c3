/* SPDX-License-Identifier: MIT */
/* test_inspect.c - the tree of a loop's tasks, what they wait for and where. */
#include "loop/inspect.h"

#include <gyre/error.h>
#include <gyre/future.h>
#include <gyre/loop.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "loop/state.h"
#include "loop/task.h"
#include "support/fake_clock.h"
#include "support/sweep.h"

/* -- A family ------------------------------------------------------------------------------------ */

static gy_future letter;

__attribute__((noinline)) static int wait_for_the_letter(void)
{
    int e = gy_future_wait(&letter, GY_FOREVER);
    return e ? e : letter.result;
}

__attribute__((noinline)) static int walk_to_the_gate(void)
{
    int e = wait_for_the_letter();
    __asm__ volatile("" : : "r"(e) : "memory");
    return e;
}

static int postman(void *arg)
{
    (void)arg;
    int e = walk_to_the_gate();
    __asm__ volatile("" : : "r"(e) : "memory");
    return e;
}

static int sleeper(void *arg)
{
    int e = gy_sleep(*(double *)arg);
    __asm__ volatile("" : : "r"(e) : "memory");
    return e;
}

static int parent(void *arg)
{
    static double hour = 3600;
    gy_group g = {.name = "postman"};
    gy_group_spawn(&g, postman, arg);
    g.name = "sleeper";
    gy_group_spawn(&g, sleeper, &hour);
    return gy_group_wait(&g);
}

/* -- What was seen ------------------------------------------------------------------------------- */

enum { SEEN = 16 };

struct seen {
    int count;
    struct one {
        uint64_t id, parent;
        char name[32], state[16], waits_for[32], where[2048];
        double age;
        size_t depth;
        int frames;
    } tasks[SEEN];
};

static void see(void *arg, const gy_task_info *info)
{
    struct seen *s = arg;
    struct one *o = &s->tasks[s->count++];
    size_t n = 0;
    assert_true(s->count <= SEEN);
    *o = (struct one){.id = info->id,
                      .parent = info->parent,
                      .age = info->age,
                      .depth = info->depth,
                      .frames = info->frame_count};
    snprintf(o->name, sizeof o->name, "%s", info->name);
    snprintf(o->state, sizeof o->state, "%s", info->state);
    snprintf(o->waits_for, sizeof o->waits_for, "%s", info->waits_for ? info->waits_for : "");
    for (int i = 0; i < info->frame_count && n < sizeof o->where; i++) {
        char name[200];
        gy_symbol(info->frames[i], name, sizeof name);
        n += (size_t)snprintf(o->where + n, sizeof o->where - n, "%s\n", name);
    }
}

static const struct one *find(const struct seen *s, const char *name)
{
    for (int i = 0; i < s->count; i++)
        if (strcmp(s->tasks[i].name, name) == 0)
            return &s->tasks[i];
    fail_msg("no task \"%s\"", name);
    return NULL;
}

/* Whether static functions of this program have names. */
static bool have_names(void)
{
    char name[200];
    gy_symbol((const void *)(uintptr_t)wait_for_the_letter, name, sizeof name);
    return strstr(name, "wait_for_the_letter") != NULL;
}

static void expect_where(const struct one *o, const char *function)
{
    if (have_names() && o->frames && !strstr(o->where, function))
        fail_msg("%s is not in the backtrace of \"%s\":\n%s", function, o->name, o->where);
}

static void expect_waiting(const struct one *o, const char *what)
{
    assert_string_equal(o->state, "waiting");
    assert_string_equal(o->waits_for, what);
}

static void turn(gy_loop *loop)
{
    assert_int_equal(gy_loop_turn(loop, 0), 0);
}

/* -- Tests --------------------------------------------------------------------------------------- */

/* A loop with a family that waits, in fake time. */
static gy_task *family(gy_loop *loop, const char *name)
{
    letter = (gy_future){0};
    gy_task *t = gy_task_new(loop, parent, NULL, &(gy_task_opts){.name = name});
    assert_non_null(t);
    for (int i = 0; i < 4; i++)
        turn(loop);
    return t;
}

static void disperse(gy_task *t)
{
    gy_future_set(&letter, GY_ECLOSED, NULL);
    assert_int_equal(gy_task_join(t), GY_ECLOSED);
}

static void a_tree_is_told_from_its_root(void **state)
{
    (void)state;
    fake_clock_start();
    gy_loop *loop = gy_loop_new();
    gy_task *one = family(loop, "one");
    fake_clock_forward(2.5);
    struct seen s = {0};
    gy_tasks_each(loop, see, &s);
    assert_int_equal(s.count, 3);
    assert_string_equal(s.tasks[0].name, "one");
    assert_string_equal(s.tasks[1].name, "postman");
    assert_string_equal(s.tasks[2].name, "sleeper");
    assert_int_equal(s.tasks[0].depth, 0);
    assert_int_equal(s.tasks[0].parent, 0);
    for (int i = 1; i < 3; i++) {
        assert_int_equal(s.tasks[i].depth, 1);
        assert_int_equal(s.tasks[i].parent, s.tasks[0].id);
        assert_true(s.tasks[i].age >= 2.5 && s.tasks[i].age < 2.6);
    }
    expect_waiting(&s.tasks[0], "group");
    expect_waiting(&s.tasks[2], "sleep");
    expect_where(&s.tasks[0], "gy_group_wait+");
    expect_where(&s.tasks[0], "parent+");
    expect_where(&s.tasks[1], "wait_for_the_letter+");
    expect_where(&s.tasks[1], "walk_to_the_gate+");
    expect_where(&s.tasks[1], "postman+");
    expect_where(&s.tasks[2], "gy_sleep+");
    disperse(one);
    gy_loop_free(loop);
    fake_clock_stop();
}

static void children_follow_their_parent(void **state)
{
    (void)state;
    fake_clock_start();
    gy_loop *loop = gy_loop_new();
    gy_task *one = family(loop, "one");
    letter = (gy_future){0};
    gy_task *tasks[] = {one, gy_task_new(loop, parent, NULL, &(gy_task_opts){.name = "two"})};
    struct seen s = {0};
    gy_tasks_each(loop, see, &s); /* the second has not begun */
    assert_string_equal(find(&s, "two")->state, "new");
    assert_int_equal(find(&s, "two")->frames, 0);
    turn(loop);
    turn(loop);
    s.count = 0;
    gy_tasks_each(loop, see, &s);
    const char *order[] = {"one", "postman", "sleeper", "two", "postman", "sleeper"};
    assert_int_equal(s.count, 6);
    for (int i = 0; i < 6; i++) {
        assert_string_equal(s.tasks[i].name, order[i]);
        assert_int_equal(s.tasks[i].depth, i % 3 ? 1 : 0);
    }
    for (int i = 0; i < 2; i++) {
        gy_task_cancel(tasks[i]);
        assert_int_equal(gy_task_join(tasks[i]), GY_ECANCELED);
    }
    gy_loop_free(loop);
    fake_clock_stop();
}

static int look_around(void *arg)
{
    gy_tasks_each(gy_loop_current(), see, arg);
    return 0;
}

static int start_an_orphan(void *arg)
{
    static double hour = 3600;
    *(gy_task **)arg =
        gy_task_new(gy_loop_current(), sleeper, &hour, &(gy_task_opts){.name = "orphan"});
    return 0;
}

static void who_has_lost_its_parent_stands_at_the_top(void **state)
{
    (void)state;
    fake_clock_start();
    gy_loop *loop = gy_loop_new();
    gy_task *orphan = NULL;
    gy_task *t = gy_task_new(loop, start_an_orphan, &orphan, NULL);
    uint64_t id = gy_task_id(t);
    assert_int_equal(gy_task_join(t), 0);
    struct seen s = {0};
    gy_task *looker = gy_task_new(loop, look_around, &s, &(gy_task_opts){.name = "looker"});
    assert_int_equal(gy_task_join(looker), 0);
    assert_int_equal(s.count, 2);
    assert_int_equal(find(&s, "orphan")->depth, 0);
    assert_int_equal(find(&s, "orphan")->parent, id);
    assert_string_equal(find(&s, "looker")->state, "running");
    assert_true(find(&s, "looker")->frames > 0);
    expect_where(find(&s, "looker"), "look_around+");
    gy_task_cancel(orphan);
    assert_int_equal(gy_task_join(orphan), GY_ECANCELED);
    gy_loop_free(loop);
    fake_clock_stop();
}

/* The smallest stack, used to its end: looking at the task must not need any of it. */
static int use_all_of_the_stack(void *arg)
{
    const gy_task *self = gy_task_self();
    const struct gy__fiber *f = self->fiber;
    volatile char *low = f->stack.low;
    size_t left = (size_t)((char *)__builtin_frame_address(0) - f->stack.low);
    for (size_t i = 0; i < left - 2048 * GY__STACK_SCALE; i++)
        low[i] = 0x55;
    int e = sleeper(arg);
    for (size_t i = 0; i < left - 2048 * GY__STACK_SCALE; i++)
        if (low[i] != 0x55)
            return GY_EBROKEN;
    return e;
}

static void the_stack_of_a_task_is_not_touched(void **state)
{
    (void)state;
    fake_clock_start();
    double second = 1;
    gy_loop *loop = gy_loop_new();
    fake_clock_drive(loop);
    gy_task *t = gy_task_new(loop, use_all_of_the_stack, &second,
                             &(gy_task_opts){.name = "small", .stack_size = 1});
    turn(loop);
    struct seen s = {0};
    gy_tasks_each(loop, see, &s);
    expect_where(find(&s, "small"), "use_all_of_the_stack+");
    assert_int_equal(gy_task_join(t), 0);
    gy_loop_free(loop);
    fake_clock_stop();
}

static char *printed(gy_loop *loop)
{
    static char text[32 * 1024];
    FILE *out = fmemopen(text, sizeof text, "w");
    assert_non_null(out);
    gy_tasks_print(loop, out);
    fclose(out);
    return text;
}

static void a_tree_is_printed(void **state)
{
    (void)state;
    fake_clock_start();
    gy_loop *loop = gy_loop_new();
    gy_task *one = family(loop, "one");
    fake_clock_forward(0.25);
    const char *text = printed(loop);
    char line[100];
    snprintf(line, sizeof line,
             "process %d: 3 tasks\n%llu \"one\" waiting for group, 0.250 s old\n", (int)getpid(),
             (unsigned long long)gy_task_id(one));
    assert_memory_equal(text, line, strlen(line));
    assert_non_null(strstr(text, "\"sleeper\" waiting for sleep, 0.250 s old\n"));
    struct seen s = {0};
    gy_tasks_each(loop, see, &s);
    if (have_names() && find(&s, "one")->frames)
        assert_non_null(strstr(text, "gy_group_wait+"));
    disperse(one);
    assert_string_equal(strchr(printed(loop), ':'), ": 0 tasks\n");
    gy_loop_free(loop);
    fake_clock_stop();
}

static int see_all(void *arg)
{
    struct seen s = {0};
    gy_tasks_each(arg, see, &s);
    assert_int_equal(s.count, 3);
    assert_string_equal(s.tasks[0].name, "one");
    assert_non_null(strstr(printed(arg), "\"sleeper\" waiting"));
    return s.tasks[1].depth == 1 ? 0 : GY_ENOMEM;
}

static int may_allocate_after(void *arg)
{
    return (*(int *)arg)-- != 0;
}

static void short_memory_is_survived(void **state)
{
    (void)state;
    fake_clock_start();
    gy_loop *loop = gy_loop_new();
    gy_task *one = family(loop, "one");
    for (int n = 0; n < 8; n++) {
        int before = n;
        gy__alloc_set_hook(may_allocate_after, &before);
        int e = see_all(loop);
        gy__alloc_set_hook(NULL, NULL);
        assert_int_equal(e, n < 2 ? GY_ENOMEM : 0);
    }
    disperse(one);
    gy_loop_free(loop);
    fake_clock_stop();
}

static void nothing(void *arg)
{
    (void)arg;
}

/* Standard error is a file meanwhile. */
static const char *printed_for_a_signal(gy_loop *loop, int signo)
{
    static char text[32 * 1024];
    FILE *file = tmpfile();
    int before = dup(STDERR_FILENO);
    dup2(fileno(file), STDERR_FILENO);
    raise(signo);
    turn(loop);
    dup2(before, STDERR_FILENO);
    close(before);
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

static void a_signal_prints_them(void **state)
{
    (void)state;
    fake_clock_start();
    gy_loop *loop = gy_loop_new();
    gy_task *one = family(loop, "one");
    assert_int_equal(gy_loop_on_signal(loop, SIGUSR1, nothing, NULL), 0);
    assert_int_equal(gy_tasks_on_signal(loop, SIGUSR1), GY_EBUSY);
    assert_int_equal(gy_tasks_on_signal(loop, -4), GY_EINVAL);
    assert_int_equal(gy_tasks_on_signal(loop, SIGQUIT), 0);
    assert_int_equal(gy_tasks_on_signal(loop, SIGQUIT), 0);
    assert_non_null(strstr(printed_for_a_signal(loop, SIGQUIT), "\"postman\" waiting for "));
    assert_non_null(strstr(printed_for_a_signal(loop, SIGQUIT), "\"one\" waiting for group"));

    gy_loop *other = gy_loop_new();
    assert_int_equal(gy_tasks_on_signal(other, SIGQUIT), GY_EBUSY);
    gy_loop_free(other);

    assert_int_equal(gy_tasks_on_signal(loop, SIGUSR2), 0);
    assert_non_null(strstr(printed_for_a_signal(loop, SIGUSR2), "\"postman\""));
    assert_int_equal(gy_tasks_on_signal(loop, 0), 0);
    struct sigaction now;
    sigaction(SIGQUIT, NULL, &now);
    assert_true(now.sa_handler == SIG_DFL);
    sigaction(SIGUSR2, NULL, &now);
    assert_true(now.sa_handler == SIG_DFL);
    disperse(one);
    gy_loop_free(loop);
    fake_clock_stop();
}

/* -- Symbols ------------------------------------------------------------------------------------- */

static void symbols_name_what_is_exported(void **state)
{
    (void)state;
    char text[200];
    gy_symbol((const void *)((uintptr_t)qsort + 1), text, sizeof text);
    assert_non_null(strstr(text, "qsort"));
    assert_non_null(strstr(text, "+1"));
}

static void symbols_of_nothing_are_addresses(void **state)
{
    (void)state;
    char text[200];
    gy_symbol((const void *)16, text, sizeof text);
    assert_string_equal(text, "0x10");
    gy_symbol(NULL, text, sizeof text);
    assert_string_equal(text, "(nil)");
}

static void symbols_are_cut(void **state)
{
    (void)state;
    char text[8] = "1234567";
    gy_symbol((const void *)(uintptr_t)a_signal_prints_them, text, 0);
    assert_string_equal(text, "1234567");
    gy_symbol((const void *)(uintptr_t)a_signal_prints_them, text, 1);
    assert_string_equal(text, "");
    gy_symbol((const void *)(uintptr_t)a_signal_prints_them, text, sizeof text);
    assert_true(strlen(text) == 7);
}

static void lines_are_known_where_functions_are(void **state)
{
    (void)state;
    char text[200];
    if (!have_names())
        skip();
    gy_symbol((const void *)(uintptr_t)wait_for_the_letter, text, sizeof text);
    assert_non_null(strstr(text, "wait_for_the_letter+0"));
    if (strchr(text, '('))
        assert_non_null(strstr(text, "(test_inspect.c:"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tree_is_told_from_its_root),
        cmocka_unit_test(children_follow_their_parent),
        cmocka_unit_test(who_has_lost_its_parent_stands_at_the_top),
        cmocka_unit_test(the_stack_of_a_task_is_not_touched),
        cmocka_unit_test(a_tree_is_printed),
        cmocka_unit_test(short_memory_is_survived),
        cmocka_unit_test(a_signal_prints_them),
        cmocka_unit_test(symbols_name_what_is_exported),
        cmocka_unit_test(symbols_of_nothing_are_addresses),
        cmocka_unit_test(symbols_are_cut),
        cmocka_unit_test(lines_are_known_where_functions_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
