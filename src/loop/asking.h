/* SPDX-License-Identifier: MIT */
/* asking.h - a thread that holds its loop is asked by a signal what it does. */
#ifndef GYRE_LOOP_ASKING_H
#define GYRE_LOOP_ASKING_H

#include <gyre/loop.h>
#include <stdint.h>
#include <sys/types.h>

#include "loop/backtrace.h"

enum { GY__ASKED_NAME = 96 };

struct gy__answer {
    char name[GY__ASKED_NAME];  /* of the task; "" for a callback */
    uint64_t id, beats;         /* the loop's count */
    int64_t task_age, turn_age; /* ns since the task, or its request, and the loop's turn began */
    struct gy__backtrace at;
};

/* Take the signal SIGRTMAX - 1 for this, for good. 0, or GY_EBUSY when somebody else has it. */
int gy__asking_prepare(void);

/* In the child of a fork: nobody is being asked. */
void gy__asking_forget(void);

/* Ask the thread [tid], on which [loop] turns and stays meanwhile. One asker at a time. 0;
 * GY_ETIMEDOUT when it does not take the signal, because it blocks it or sits in the kernel;
 * GY_ENOTFOUND when there is no such thread. */
int gy__ask(gy_loop *loop, pid_t tid, struct gy__answer *out);

#endif
