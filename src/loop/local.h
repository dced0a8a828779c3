/* SPDX-License-Identifier: MIT */
/* local.h - values that belong to tasks: a chain that children share with their parents. */
#ifndef GYRE_LOOP_LOCAL_H
#define GYRE_LOOP_LOCAL_H

struct gy__local;

/* One more user of a chain, NULL too; and one less. */
struct gy__local *gy__locals_share(struct gy__local *chain);
void gy__locals_drop(struct gy__local *chain);

#endif
