/* SPDX-License-Identifier: MIT */
/* left_behind.c - tasks, descriptors and memory that a test did not give back. */

#include <dirent.h>

#include "base/alloc.h"
#include "loop/state.h"
#include "loop/task.h"
#include "testing/test.h"

int gy__open_descriptors(void)
{
    DIR *all = opendir("/proc/self/fd");
    int n = -3; /* ".", ".." and the directory's own */
    if (!all)
        return 0;
    while (readdir(all))
        n++;
    closedir(all);
    return n;
}

void gy__test_inventory(gy_test *t)
{
    t->live = gy__alloc_live();
    t->descriptors = gy__open_descriptors();
}

void gy__test_compare_tasks(gy_test *t)
{
    gy_list_each (it, &t->loop->tasks) {
        const gy_task *task = gy_of(it, gy_task, all);
        gy_test_fail(t, "left behind: task \"%s\", which waits for %s", gy_task_name(task),
                     task->waits_for ? task->waits_for : "its turn");
    }
}

void gy__test_compare(gy_test *t)
{
    long live = gy__alloc_live() - t->live;
    int descriptors = gy__open_descriptors() - t->descriptors;
    if (live)
        gy_test_fail(t, "left behind: %ld allocations", live);
    if (descriptors)
        gy_test_fail(t, "left behind: %d file descriptors", descriptors);
}
