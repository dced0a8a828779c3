/* SPDX-License-Identifier: MIT */
/* How many processors: the affinity, and quotas of control groups as they are mounted here and there. */
#include "base/cpu.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* A root of files, and what is in it. */
static char root[64];
static char made[64][128];
static int made_count;

static int set_up(void **state)
{
    (void)state;
    strcpy(root, "/tmp/gyre-cpu-XXXXXX");
    made_count = 0;
    return mkdtemp(root) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    while (made_count > 0)
        remove(made[--made_count]);
    return rmdir(root);
}

static void note_made(const char *path)
{
    assert_true(made_count < 64);
    snprintf(made[made_count++], sizeof made[0], "%s", path);
}

static void put(const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", root, name);
    for (char *at = path + strlen(root) + 1; (at = strchr(at, '/')); *at++ = '/') {
        *at = '\0';
        if (mkdir(path, 0700) == 0)
            note_made(path);
    }
    if (access(path, F_OK) != 0)
        note_made(path);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static int percent(void)
{
    return (int)(100 * gy__cpu_quota(root) + 0.5);
}

#define MOUNTS2                                                                                    \
    "21 1 0:19 / /proc rw - proc proc rw\n"                                                        \
    "29 22 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"

static void without_groups_there_is_no_quota(void **state)
{
    (void)state;
    assert_int_equal(percent(), 0);
    put("proc/self/cgroup", "0::/a\n");
    assert_int_equal(percent(), 0);
    put("proc/self/mountinfo", "21 1 0:19 / /proc rw - proc proc rw\n");
    assert_int_equal(percent(), 0);
    put("proc/self/mountinfo", MOUNTS2);
    assert_int_equal(percent(), 0);
    put("sys/fs/cgroup/a/cpu.max", "max 100000\n");
    assert_int_equal(percent(), 0);
}

static void the_least_of_the_groups_above_counts(void **state)
{
    (void)state;
    put("proc/self/cgroup", "0::/a/b/c\n");
    put("proc/self/mountinfo", MOUNTS2);
    put("sys/fs/cgroup/a/b/c/cpu.max", "max 100000\n");
    put("sys/fs/cgroup/a/b/cpu.max", "250000 100000\n");
    assert_int_equal(percent(), 250);
    put("sys/fs/cgroup/a/cpu.max", "50000 100000\n");
    assert_int_equal(percent(), 50);
    put("sys/fs/cgroup/a/cpu.max", "400000 100000\n");
    assert_int_equal(percent(), 250);
}

static void inside_of_a_container_it_is_the_root(void **state)
{
    (void)state;
    put("proc/self/cgroup", "0::/\n");
    put("proc/self/mountinfo", MOUNTS2);
    put("sys/fs/cgroup/cpu.max", "150000 100000\n");
    assert_int_equal(percent(), 150);
}

static void version_1_has_files_of_its_own(void **state)
{
    (void)state;
    put("proc/self/cgroup", "12:cpuset:/x\n4:cpu,cpuacct:/docker/abc\n1:name=systemd:/y\n");
    put("proc/self/mountinfo",
        "30 22 0:27 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
        "31 22 0:28 /docker/abc /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n");
    put("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
    put("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
    assert_int_equal(percent(), 0);
    put("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "300000\n");
    assert_int_equal(percent(), 300);
    put("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "0\n");
    assert_int_equal(percent(), 0);
}

static void of_both_versions_the_lesser_counts(void **state)
{
    (void)state;
    put("proc/self/cgroup", "4:cpuacct,cpu:/g\n0::/g\n");
    put("proc/self/mountinfo", "31 22 0:28 / /cg1 rw - cgroup cgroup rw,cpuacct,cpu\n32 22 0:29 / "
                               "/cg2 rw - cgroup2 none rw\n");
    put("cg1/g/cpu.cfs_quota_us", "300000\n");
    put("cg1/g/cpu.cfs_period_us", "100000\n");
    assert_int_equal(percent(), 300);
    put("cg2/g/cpu.max", "100000 100000\n");
    assert_int_equal(percent(), 100);
}

static void nonsense_is_no_quota(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "\n", "100000", "-5 100000\n", "x y\n", "0 100000\n"};
    put("proc/self/cgroup", "no colons\n0:\n::\n0::/a\n");
    put("proc/self/mountinfo", "short\n - cgroup2\n" MOUNTS2);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        put("sys/fs/cgroup/a/cpu.max", texts[i]);
        assert_int_equal(percent(), 0);
    }
}

static void the_affinity_counts(void **state)
{
    cpu_set_t all, one;
    (void)state;
    assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
    int count = gy__cpu_count();
    assert_in_range(count, 1, CPU_COUNT(&all));
    size_t first = 0;
    while (!CPU_ISSET(first, &all))
        first++;
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    assert_int_equal(gy__cpu_count(), 1);
    assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
    assert_int_equal(gy__cpu_count(), count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(without_groups_there_is_no_quota, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_least_of_the_groups_above_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(inside_of_a_container_it_is_the_root, set_up, tear_down),
        cmocka_unit_test_setup_teardown(version_1_has_files_of_its_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(of_both_versions_the_lesser_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nonsense_is_no_quota, set_up, tear_down),
        cmocka_unit_test(the_affinity_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
