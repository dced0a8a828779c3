/* SPDX-License-Identifier: MIT */
/* cpu.c - how many processors there are for us. */
#include "base/cpu.h"

#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NAME_MOST = 4096, LINE_MOST = 3 * NAME_MOST };

/* A hierarchy of control groups: where it is mounted, and which of its groups that shows. */
struct mount {
    char at[NAME_MOST], group[NAME_MOST];
};

/* -- What a group may have ----------------------------------------------------------------------- */

static bool read_text(const char *root, const char *directory, const char *name, char *out,
                      size_t size)
{
    char path[2 * NAME_MOST];
    if (snprintf(path, sizeof path, "%s%s/%s", root, directory, name) >= (int)sizeof path)
        return false;
    FILE *f = fopen(path, "re");
    bool read = f && fgets(out, (int)size, f);
    if (f)
        fclose(f);
    return read;
}

/* 0 for no quota. */
static double quota_here(const char *root, const char *directory)
{
    char text[64], period[64];
    double quota = -1, of = 0;
    if (read_text(root, directory, "cpu.max", text, sizeof text)) {
        if (sscanf(text, "%lf %lf", &quota, &of) != 2)
            return 0; /* "max 100000" */
    } else if (read_text(root, directory, "cpu.cfs_quota_us", text, sizeof text) &&
               read_text(root, directory, "cpu.cfs_period_us", period, sizeof period)) {
        quota = strtod(text, NULL);
        of = strtod(period, NULL);
    }
    return quota > 0 && of > 0 ? quota / of : 0;
}

static double smaller(double a, double b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

/* The group's and those above it, up to where the hierarchy is mounted. */
static double quota_up(const char *root, const struct mount *m, const char *group)
{
    char path[2 * NAME_MOST];
    size_t shown = strcmp(m->group, "/") == 0 ? 0 : strlen(m->group);
    const char *below = strncmp(group, m->group, shown) == 0 ? group + shown : "";
    snprintf(path, sizeof path, "%s%s", m->at, strcmp(below, "/") == 0 ? "" : below);
    double quota = 0;
    for (;;) {
        quota = smaller(quota, quota_here(root, path));
        char *last = strrchr(path, '/');
        if (strlen(path) <= strlen(m->at) || !last)
            return quota;
        *last = '\0';
    }
}

/* -- Which groups we are in ---------------------------------------------------------------------- */

static bool has_word(const char *list, const char *word)
{
    size_t len = strlen(word);
    for (const char *at = list; (at = strstr(at, word)); at += len)
        if ((at == list || at[-1] == ',') && (at[len] == '\0' || at[len] == ','))
            return true;
    return false;
}

/* A line of mountinfo: "ID PARENT DEV GROUP AT OPTIONS ... - TYPE SOURCE OPTIONS". */
static bool understand_mount(const char *line, bool version2, struct mount *m)
{
    char type[32], options[512];
    const char *rest = strstr(line, " - ");
    if (!rest || sscanf(line, "%*s %*s %*s %4095s %4095s", m->group, m->at) != 2 ||
        sscanf(rest, " - %31s %*s %511s", type, options) != 2)
        return false;
    return version2 ? strcmp(type, "cgroup2") == 0
                    : strcmp(type, "cgroup") == 0 && has_word(options, "cpu");
}

static bool find_mount(const char *root, bool version2, struct mount *m)
{
    char path[NAME_MOST], line[LINE_MOST];
    bool found = false;
    snprintf(path, sizeof path, "%s/proc/self/mountinfo", root);
    FILE *f = fopen(path, "re");
    while (f && !found && fgets(line, sizeof line, f))
        found = understand_mount(line, version2, m);
    if (f)
        fclose(f);
    return found;
}

/* A line of /proc/self/cgroup: "0::/group" of version 2, "4:cpu,cpuacct:/group" of version 1. */
static double quota_of_line(const char *root, char *line)
{
    struct mount m;
    char *controllers = strchr(line, ':');
    char *group = controllers ? strchr(controllers + 1, ':') : NULL;
    if (!group)
        return 0;
    *group++ = '\0';
    group[strcspn(group, "\n")] = '\0';
    bool version2 = *++controllers == '\0';
    if ((!version2 && !has_word(controllers, "cpu")) || !find_mount(root, version2, &m))
        return 0;
    return quota_up(root, &m, group);
}

double gy__cpu_quota(const char *root)
{
    char path[NAME_MOST], line[NAME_MOST];
    double quota = 0;
    snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof line, f))
        quota = smaller(quota, quota_of_line(root, line));
    if (f)
        fclose(f);
    return quota;
}

int gy__cpu_count(void)
{
    cpu_set_t set;
    long count;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        count = CPU_COUNT(&set);
    else /* more of them than the set has room for */
        count = sysconf(_SC_NPROCESSORS_ONLN);
    if (count < 1)
        count = 1;
    double quota = gy__cpu_quota("");
    if (quota > 0 && quota < (double)count)
        count = (long)quota + ((double)(long)quota < quota);
    return (int)count;
}
