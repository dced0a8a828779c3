/* SPDX-License-Identifier: MIT */
/* spawn.h - starting another program, from a process with threads and much memory too. */
#ifndef GYRE_LOOP_SPAWN_H
#define GYRE_LOOP_SPAWN_H

#include <gyre/export.h>
#include <stdbool.h>
#include <sys/types.h>

/* All of it is borrowed until gy__spawn returns. */
struct gy__spawn {
    const char *const *argv; /* at least one */
    const char *const *env;  /* NULL is this program's own */
    const char *cwd;         /* NULL is this program's own */
    int fds[3];              /* what become its descriptors 0, 1 and 2, the only ones it has */
    bool own_group, outlive;
};

/* What a start failed at. */
enum gy__spawn_step { GY__SPAWN_PREPARE, GY__SPAWN_FDS, GY__SPAWN_CWD, GY__SPAWN_EXEC };

/* 0 once it runs that program, whose process is *pid then; or a negative code, with *step, and there is no
 * child. */
GY_CHECKED int gy__spawn(const struct gy__spawn *s, pid_t *pid, enum gy__spawn_step *step);

#endif
