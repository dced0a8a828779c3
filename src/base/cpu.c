/* SPDX-License-Identifier: MIT */
/* cpu.c - how many processors there are for us. */

#include "base/cpu.h"

#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"

enum { NAME_MOST = 4096, LINE_MOST = 3 * NAME_MOST };

/* More than the stack of a small task could hold. */
struct search {
    const char *root;
    /* A hierarchy of control groups: where it is mounted, and which of its groups that shows. */
    char at[NAME_MOST], shown[NAME_MOST];
    char line[LINE_MOST];      /* of mountinfo */
    char own[NAME_MOST];       /* a line about the groups that we are in */
    char group[2 * NAME_MOST]; /* one of these, then those above it */
    char file[3 * NAME_MOST];
};

/* -- What a group may have ----------------------------------------------------------------------- */

static bool read_text(struct search *s, const char *name, char *out, size_t size)
{
    snprintf(s->file, sizeof s->file, "%s%s/%s", s->root, s->group, name);
    FILE *f = fopen(s->file, "re");
    bool read = f && fgets(out, (int)size, f);
    if (f)
        fclose(f);
    return read;
}

/* 0 for no quota. */
static double quota_here(struct search *s)
{
    char text[64], period[64];
    double quota = -1, of = 0;
    if (read_text(s, "cpu.max", text, sizeof text)) {
        if (sscanf(text, "%lf %lf", &quota, &of) != 2)
            return 0; /* "max 100000" */
    } else if (read_text(s, "cpu.cfs_quota_us", text, sizeof text) &&
               read_text(s, "cpu.cfs_period_us", period, sizeof period)) {
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
static double quota_up(struct search *s, const char *group)
{
    size_t shown = strcmp(s->shown, "/") == 0 ? 0 : strlen(s->shown);
    const char *below = strncmp(group, s->shown, shown) == 0 ? group + shown : "";
    snprintf(s->group, sizeof s->group, "%s%s", s->at, strcmp(below, "/") == 0 ? "" : below);
    double quota = 0;
    for (;;) {
        quota = smaller(quota, quota_here(s));
        char *last = strrchr(s->group, '/');
        if (strlen(s->group) <= strlen(s->at) || !last)
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
static bool understand_mount(struct search *s, bool version2)
{
    char type[32], options[512];
    const char *rest = strstr(s->line, " - ");
    if (!rest || sscanf(s->line, "%*s %*s %*s %4095s %4095s", s->shown, s->at) != 2 ||
        sscanf(rest, " - %31s %*s %511s", type, options) != 2)
        return false;
    return version2 ? strcmp(type, "cgroup2") == 0
                    : strcmp(type, "cgroup") == 0 && has_word(options, "cpu");
}

static bool find_mount(struct search *s, bool version2)
{
    bool found = false;
    snprintf(s->file, sizeof s->file, "%s/proc/self/mountinfo", s->root);
    FILE *f = fopen(s->file, "re");
    while (f && !found && fgets(s->line, sizeof s->line, f))
        found = understand_mount(s, version2);
    if (f)
        fclose(f);
    return found;
}

/* A line of /proc/self/cgroup: "0::/group" of version 2, "4:cpu,cpuacct:/group" of version 1. */
static double quota_of_line(struct search *s, char *line)
{
    char *controllers = strchr(line, ':');
    char *group = controllers ? strchr(controllers + 1, ':') : NULL;
    if (!group)
        return 0;
    *group++ = '\0';
    group[strcspn(group, "\n")] = '\0';
    bool version2 = *++controllers == '\0';
    if ((!version2 && !has_word(controllers, "cpu")) || !find_mount(s, version2))
        return 0;
    return quota_up(s, group);
}

static double quota_of_lines(struct search *s)
{
    double quota = 0;
    snprintf(s->file, sizeof s->file, "%s/proc/self/cgroup", s->root);
    FILE *f = fopen(s->file, "re");
    while (f && fgets(s->own, sizeof s->own, f))
        quota = smaller(quota, quota_of_line(s, s->own));
    if (f)
        fclose(f);
    return quota;
}

double gy__cpu_quota(const char *root)
{
    struct search *s = gy__alloc(sizeof *s);
    if (!s)
        return 0;
    s->root = root;
    double quota = quota_of_lines(s);
    gy__free(s);
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
