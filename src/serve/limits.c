/* SPDX-License-Identifier: MIT */
/* limits.c - what the system lets this process have. */
#include "serve/limits.h"

#include <errno.h>
#include <gyre/log.h>
#include <string.h>
#include <sys/resource.h>

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
