/* SPDX-License-Identifier: MIT */
/* fork.h - a loop stays with the process that made it. */
#ifndef GYRE_LOOP_FORK_H
#define GYRE_LOOP_FORK_H

/* How many forks lie between the first process that made a loop and this one. A child shares its
 * parent's epoll and eventfd: it must neither wait on them nor change what they watch. What belongs
 * to a loop notes this number and compares. */
extern unsigned gy__forks;

/* From now on a child counts itself, has no current loop, and its signals do what they did before
 * the parent's loops took them. Once for the process. */
void gy__forks_watch(void);

#endif
