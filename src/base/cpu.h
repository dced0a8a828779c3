/* SPDX-License-Identifier: MIT */
/* cpu.h - how many processors there are for us. */
#ifndef GYRE_BASE_CPU_H
#define GYRE_BASE_CPU_H

/* CPUs that this process may use, at least 1: those of its affinity, but no more than its control group's
 * quota pays for, rounded up. */
int gy__cpu_count(void);

/* What that quota pays for, or 0 when there is none: the least of the group's and those above it, of
 * version 1 and 2. [root] comes before the names of all files that are read: "" but in tests. */
double gy__cpu_quota(const char *root);

#endif
