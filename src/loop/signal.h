/* SPDX-License-Identifier: MIT */
/* signal.h - signals as callbacks on a loop. */
#ifndef GYRE_LOOP_SIGNAL_H
#define GYRE_LOOP_SIGNAL_H

#include <gyre/loop.h>
#include <stdbool.h>

/* Run the callbacks of the signals that came for [loop]. */
void gy__signals_deliver(gy_loop *loop);

/* Whether some loop of this process has it. */
bool gy__signal_is_taken(int signo);

/* Give back every signal that [loop] holds. */
void gy__signals_forget(gy_loop *loop);

/* The same for all loops, in a child that has only this thread. */
void gy__signals_forget_all(void);

#endif
