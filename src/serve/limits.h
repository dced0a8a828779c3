/* SPDX-License-Identifier: MIT */
/* limits.h - what the system lets this process have. */
#ifndef GYRE_SERVE_LIMITS_H
#define GYRE_SERVE_LIMITS_H

/* As many open files as the hard limit allows. */
void gy__limits_raise_files(void);

#endif
