/* SPDX-License-Identifier: MIT */
/* local.h - values that belong to tasks: a table that children share with their parents. */
#ifndef GYRE_LOOP_LOCAL_H
#define GYRE_LOOP_LOCAL_H

struct gy__locals;

/* One more user of a table, NULL too; and one less. */
struct gy__locals *gy__locals_share(struct gy__locals *l);
void gy__locals_drop(struct gy__locals *l);

#endif
