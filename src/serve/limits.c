/* SPDX-License-Identifier: MIT */
/* limits.c - what the system lets this process have. */
#include "serve/limits.h"

#include <errno.h>
#include <gyre/log.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

void gy__limits_raise_files(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) || files.rlim_cur >= files.rlim_max)
        return;
    rlim_t before = files.rlim_cur;
    files.rlim_cur = files.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &files))
        gy_log(GY_LOG_GENERAL, GY_LOG_DEBUG, "the limit of open files stays %llu: %s",
               (unsigned long long)before, strerror(errno));
    else
        gy_log(GY_LOG_GENERAL, GY_LOG_DEBUG, "the limit of open files is %llu, was %llu",
               (unsigned long long)files.rlim_cur, (unsigned long long)before);
}

int gy__limits_cpus(void)
{
    cpu_set_t set;
    long count;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        count = CPU_COUNT(&set);
    else /* more of them than the set has room for */
        count = sysconf(_SC_NPROCESSORS_ONLN);
    return count > 0 ? (int)count : 1;
}
