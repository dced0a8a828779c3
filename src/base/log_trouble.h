/* SPDX-License-Identifier: MIT */
/* log_trouble.h - lines that were lost are told of once, and once more when it is over. */
#ifndef GYRE_BASE_LOG_TROUBLE_H
#define GYRE_BASE_LOG_TROUBLE_H

#include <stdbool.h>
#include <stdint.h>

struct gy__log_trouble {
    bool told;
    uint64_t lost;
};

/* A line for [where] was lost ([code] says why): the first of a row is told of on standard error. */
void gy__log_lost(struct gy__log_trouble *t, const char *where, int code);

/* A line came through. */
void gy__log_well(struct gy__log_trouble *t, const char *where);

/* One line on standard error about the log itself. */
void gy__log_remark(const char *where, const char *what);

#endif
